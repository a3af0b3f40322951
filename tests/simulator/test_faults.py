"""What goes wrong on purpose, for whom, and that a server ends whatever its clients do."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlencode

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from phoneagent.simulator.elevenlabs import ElevenLabsServer
from phoneagent.simulator.faults import Attempt, Fault, Faults
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.mind import Answer
from phoneagent.simulator.openai import OpenAiServer

from .deepgram_client import AUTHORIZED, FLUX, SILENCE, Studio
from .elevenlabs_client import AUTO, speaking
from .tone import ToneVoice

COMPLETION = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "Hello"}]}
FLOOD = json.dumps({**COMPLETION, "stream": True})
BEARER = {"authorization": "Bearer secret"}


def choose(faults, number, path="/v2/listen"):
    return faults.choose(Attempt(number, path))


def test_nothing_goes_wrong_by_itself():
    assert choose(Faults(), 1) is None


def test_every_third_fails():
    faults, fault = Faults(), Fault("drop")
    faults.add(fault, every=3)
    assert [choose(faults, n) for n in range(1, 7)] == [None, None, fault, None, None, fault]


def test_so_many_times():
    faults, first, second = Faults(), Fault("drop"), Fault("stall")
    faults.add(first, times=2)
    faults.add(second, times=1)
    assert [choose(faults, n) for n in range(1, 5)] == [first, first, second, None]


def test_whom_it_befalls_can_be_chosen():
    faults, fault = Faults(), Fault("drop")
    faults.add(fault, whom=lambda attempt: attempt.path == "/v1/listen")
    assert choose(faults, 1, "/v2/listen") is None
    assert choose(faults, 2, "/v1/listen") is fault
    faults.clear()
    assert choose(faults, 3, "/v1/listen") is None


def ears(studio, **options):
    return studio.listening("/v2/listen", FLUX, **options)


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_a_connection_can_be_refused(status):
    studio = Studio(faults=Faults(Fault("refuse", status=status, retry_after=1.5)))
    async with studio.server:
        with pytest.raises(InvalidStatus) as refused:
            async with ears(studio):
                pass
        assert refused.value.response.status_code == status
        assert refused.value.response.headers["retry-after"] == "1.5"
        studio.server.faults.clear()
        async with ears(studio):
            pass


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("drop", after=3), None),
        (Fault("close", after=3, code=1011, reason="NET-0000"), 1011),
        (Fault("close", after=3, code=1008, reason="DATA-0000"), 1008),
        (Fault("error", after=3), 1011),
    ],
)
async def test_a_connection_can_end_after_a_while(fault, code):
    studio = Studio(faults=Faults(fault))
    async with studio.server, ears(studio) as client:
        await client.end(5)
        assert client.closed_at == pytest.approx(3, abs=1e-6)
        assert client.closed == code
        assert client.socket.close_reason == (fault.reason or "")
        assert ("Error" in client.events()) == (fault.kind == "error")


async def test_a_connection_can_be_cut_at_an_event():
    studio = Studio(faults=Faults(Fault("drop", at_event=2)))
    async with studio.server, ears(studio) as client:
        await client.socket.send(studio.say("Good morning.").audio)
        await client.end()
        assert client.events() == ["Connected"]
        assert client.closed is None  # no goodbye


async def test_a_stalled_server_hears_and_says_nothing():
    studio = Studio(faults=Faults(Fault("stall", at_event=2)))
    async with studio.server, ears(studio, ping_interval=5, ping_timeout=5) as client:
        await client.play(studio.say("Good morning."), 30.0)
        assert client.events() == ["Connected"]
        assert client.closed is None  # pings are answered


async def test_a_frozen_server_does_not_even_answer_a_close():
    studio = Studio(faults=Faults(Fault("freeze", at_event=2)))
    async with studio.server:
        async with ears(studio, ping_interval=None, close_timeout=10) as client:
            await client.play(studio.say("Good morning."), 1.0)
            assert client.events() == ["Connected"]
            left = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - left == pytest.approx(10, abs=0.1)


async def test_garbage_comes_once_in_place_of_an_event():
    studio = Studio(faults=Faults(Fault("garbage", at_event=2)))
    async with (
        studio.server,
        connect(f"{studio.server.url}/v2/listen?{urlencode(FLUX)}", additional_headers=AUTHORIZED) as socket,
    ):
        await socket.send(studio.say("Good morning.").audio + b"\xff" * 4000)
        texts = [await socket.recv() for _ in range(3)]
    assert json.loads(texts[0])["type"] == "Connected"
    with pytest.raises(json.JSONDecodeError):
        json.loads(texts[1])
    assert json.loads(texts[2])["type"] == "TurnInfo"


async def test_events_can_be_slow():
    studio = Studio(faults=Faults(Fault("slow", seconds=1.5)))
    async with studio.server, ears(studio) as client:
        await client.play(studio.say("Good morning."), 3.0)
        [end] = studio.server.timeline.find("EndOfTurn")
        assert end.at - end.data["heard"] == pytest.approx(0.260 + 1.5, abs=1e-6)


async def test_an_open_connection_can_be_struck():
    studio = Studio()
    async with studio.server, ears(studio) as client:
        await client.play(1.0)
        for connection in list(studio.server.connections):
            connection.inflict(Fault("drop"))
        await client.end(0.1)
        assert client.closed is None  # no goodbye
        assert studio.server.timeline.find("fault")[0].data == {"kind": "drop"}


# --- the end ---------------------------------------------------------------------------------------


class Deaf(asyncio.Protocol):
    """Sends what it is given and reads nothing."""

    def __init__(self, request):
        self.request = request

    def connection_made(self, transport):
        self.transport = transport
        transport.pause_reading()
        transport.write(self.request)


async def test_a_server_ends_within_a_second_whatever_its_clients_do():
    loop = asyncio.get_running_loop()
    studio = Studio(faults=Faults(Fault("freeze", at_event=1)))
    flood = OpenAiServer(lambda _: Answer("word " * 80_000), latencies=Latencies(tokens_per_second=1e7))
    mind = OpenAiServer(lambda _: Answer("word " * 400))
    voice = ElevenLabsServer(ToneVoice(), latencies=Latencies(speech_speed=1000))
    before = asyncio.all_tasks()

    async def deaf(server, request):
        port = int(server.url.rsplit(":", 1)[1])
        transport, _ = await loop.create_connection(lambda: Deaf(request), "127.0.0.1", port)
        return transport

    async with studio.server, flood, mind, voice:
        lines = (
            "POST /v1/chat/completions HTTP/1.1",
            "host: x",
            "authorization: Bearer x",
            f"content-length: {len(FLOOD)}",
        )
        transports = [
            await deaf(flood, "\r\n".join((*lines, "", FLOOD)).encode()),
            await deaf(voice, b""),
            await deaf(voice, b"GET /v1/voi"),
        ]
        clients = [ears(studio, ping_interval=None, close_timeout=0.1) for _ in range(3)]
        for client in clients:
            await (await client.__aenter__()).socket.send(SILENCE)
        unread = speaking(voice, AUTO)
        listener = await unread.__aenter__()
        listener._reader.cancel()
        listener.connection.transport.pause_reading()
        await listener.send(*({"text": "word " * 2000, "context_id": f"{n}"} for n in range(5)))
        answer = asyncio.create_task(ask(mind))
        await asyncio.sleep(2)
        assert len(flood.connections) == len(mind.connections) == 1
        began = loop.time()
    assert loop.time() - began < 1
    with pytest.raises(httpx.RemoteProtocolError):
        await answer
    for client in clients:
        await client.__aexit__(None, None, None)
    for transport in transports:
        transport.abort()
    listener.connection.transport.abort()
    await unread.__aexit__(None, None, None)
    await asyncio.sleep(0)
    assert {task for task in asyncio.all_tasks() if not task.done()} <= before
    assert not studio.server.connections | flood.connections | mind.connections | voice.connections


async def ask(server):
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        return await client.post("/v1/chat/completions", content=FLOOD, headers=BEARER)


async def test_a_server_can_be_away_for_a_while():
    server, urls = OpenAiServer(), set()
    for _ in range(2):
        async with server, httpx.AsyncClient(base_url=server.url) as client:
            assert (await client.get("/v1/models", headers=BEARER)).status_code == 200
            urls.add(server.url)
    assert len(urls) == 1
