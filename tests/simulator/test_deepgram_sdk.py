"""The official SDK accepts the simulated Deepgram."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from deepgram import AsyncDeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.environment import DeepgramClientEnvironment
from deepgram.listen.v2.types import ListenV2Configure

from phoneagent.simulator.faults import Fault, Faults

from .deepgram_client import Studio

pytestmark = pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")  # of the legacy client in the SDK


def client_of(server, **options):
    http = server.url.replace("ws", "http", 1)
    environment = DeepgramClientEnvironment(base=http, production=server.url, agent=server.url, agent_rest=http)
    return AsyncDeepgramClient(api_key="secret", environment=environment, **options)


async def feed(socket, *pieces):
    loop = asyncio.get_running_loop()
    audio = b"".join(pieces)
    begin = loop.time()
    for start in range(0, len(audio), 640):
        await asyncio.sleep(max(0.0, begin + start / 8000 - loop.time()))
        await socket.send_media(audio[start : start + 640])


async def test_flux():
    studio = Studio()
    async with studio.server:
        client = client_of(studio.server)
        async with client.listen.v2.connect(
            model="flux-general-en",
            encoding="mulaw",
            sample_rate=8000,
            eot_threshold=0.7,
            eager_eot_threshold=0.5,
            keyterm=["Aurelia", "front desk"],
            mip_opt_out=True,
        ) as socket:
            await feed(socket, studio.say("A table for two, please.").audio, b"\xff" * 8000)
            await socket.send_configure(ListenV2Configure(keyterms=["Kaufmann"]))
            await socket.send_close_stream()
            messages = [message async for message in socket]
    turns = [message for message in messages if message.type == "TurnInfo"]
    assert [turn.event for turn in turns if turn.event != "Update"] == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"]
    assert turns[-1].transcript == "A table for two, please."
    assert turns[-1].words[0].start is not None
    assert None not in messages  # what the SDK makes of a type that it does not know
    for message in messages:  # validated, which the SDK does not do by itself
        type(message).model_validate_json(message.model_dump_json())


async def test_nova():
    studio = Studio()
    async with studio.server:
        client = client_of(studio.server)
        async with client.listen.v1.connect(
            model="nova-3",
            encoding="mulaw",
            sample_rate=8000,
            interim_results=True,
            endpointing=300,
            utterance_end_ms=1000,
            vad_events=True,
            smart_format=True,
        ) as socket:
            await feed(socket, studio.say("A table for two, please.").audio, b"\xff" * 16000)
            await socket.send_keep_alive()
            await socket.send_finalize()
            await socket.send_close_stream()
            messages = [message async for message in socket]
    assert {message.type for message in messages} == {"SpeechStarted", "Results", "UtteranceEnd", "Metadata"}
    [final] = [message for message in messages if message.type == "Results" and message.speech_final]
    assert final.channel.alternatives[0].transcript == "A table for two, please."
    for message in messages:
        type(message).model_validate_json(message.model_dump_json())


async def test_a_refusal_is_an_api_error():
    studio = Studio(faults=Faults(Fault("refuse", status=429, retry_after=2, reason="too many streams")))
    async with studio.server:
        with pytest.raises(ApiError) as refused:
            async with client_of(studio.server).listen.v2.connect(
                model="flux-general-en", encoding="mulaw", sample_rate=8000
            ):
                pass
    assert refused.value.status_code == 429
    headers = vars(refused.value.__context__)["headers"]  # of websockets' own error; the SDK's has the request's
    assert headers["dg-error"] == "too many streams"
    assert headers["retry-after"] == "2"


async def test_the_list_of_projects_shows_whether_a_key_is_good():
    studio = Studio()
    async with studio.server, httpx.AsyncClient() as http:
        projects = await client_of(studio.server, httpx_client=http).manage.v1.projects.list()
        assert projects.projects[0].name == "simulator"
