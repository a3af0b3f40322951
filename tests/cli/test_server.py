"""The server's own part: how it ends, and what it does not put up with. On a clock that jumps, over real sockets."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import suppress
from functools import partial

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from websockets.asyncio.client import connect

from phoneagent.cli.connections import Connections
from phoneagent.cli.rest import connected
from phoneagent.cli.server import HEAD_LIMIT, REQUEST_WITHIN, BoundedRequests, Server, configuration, listen
from phoneagent.private import Private
from phoneagent.records import Order
from phoneagent.rehearsal import API_KEY
from phoneagent.simulator.caller import AgentFinished, CallerScript, HangUp, Say
from phoneagent.simulator.local_server import LocalServer
from phoneagent.store.memory import MemoryStore
from tests.calls.world import world

REQUEST = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\n"


async def _length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())} bytes")


async def _echo(websocket):
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


@pytest.fixture
async def server():
    app = Starlette(routes=[Route("/", _length, methods=["POST"]), WebSocketRoute("/", _echo)])
    async with LocalServer(app, http=partial(BoundedRequests, connections=Connections(100, 100))) as running:
        yield running


@pytest.fixture
async def client(server):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    yield reader, writer
    writer.close()
    with suppress(ConnectionError):  # the server may have cut it
        await writer.wait_closed()


async def body_of(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return await reader.readexactly(int(length.partition(b":")[2]))


async def seconds_until_cut(reader):
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await reader.read() == b""
    return loop.time() - began


async def test_requests_on_a_connection_that_is_kept(client):
    reader, writer = client
    for _ in range(3):
        writer.write(REQUEST + b"hello")
        assert await body_of(reader) == b"5 bytes"
        await asyncio.sleep(2 * REQUEST_WITHIN)


async def test_a_connection_that_sends_nothing_is_cut(client):
    assert await seconds_until_cut(client[0]) == pytest.approx(REQUEST_WITHIN, abs=0.1)


@pytest.mark.parametrize("begun", [REQUEST[:20], REQUEST + b"hell"], ids=["head", "body"])
async def test_a_request_that_does_not_come_to_its_end_is_cut(client, begun):
    reader, writer = client
    writer.write(begun)
    assert await seconds_until_cut(reader) == pytest.approx(REQUEST_WITHIN, abs=0.1)


async def test_the_second_request_of_a_connection_has_its_time_too(client):
    reader, writer = client
    writer.write(REQUEST + b"hello")
    await body_of(reader)
    await asyncio.sleep(60)
    writer.write(REQUEST[:20])
    assert await seconds_until_cut(reader) == pytest.approx(REQUEST_WITHIN, abs=0.1)


@pytest.mark.parametrize("piece", [b"X-More: more\r\n", b"x"], ids=["many headers", "one header"])
async def test_a_head_without_end_is_cut_before_memory_is_full(client, piece):
    _, writer = client
    writer.write(REQUEST[:-2])

    async def send() -> None:
        for _ in range(100 * HEAD_LIMIT // (512 * len(piece))):
            writer.write(piece * 512)
            await writer.drain()
            await asyncio.sleep(0)

    with pytest.raises(ConnectionError):
        await send()


async def test_a_large_body_in_many_pieces_is_no_large_head(client):
    reader, writer = client
    writer.write(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 262144\r\n\r\n")
    for _ in range(64):
        writer.write(bytes(4096))
        await writer.drain()
        await asyncio.sleep(0)
    assert await body_of(reader) == b"262144 bytes"


async def test_a_websocket_may_last(server):
    async with connect("ws" + server.url.removeprefix("http"), ping_interval=None) as websocket:
        await asyncio.sleep(3 * REQUEST_WITHIN)
        await websocket.send("still here")
        assert await websocket.recv() == "still here"


# -- the end ----------------------------------------------------------------------------------------


class Ending:
    """A server in front of a rehearsal's switchboard, which the test sends signals to."""

    def __init__(self, running, drain_within):
        self.board = running.app.state.switchboard
        self._listening = asyncio.Event()
        self._listener = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.server = Server(
            configuration(running.app, max_calls=10),
            self.board,
            drain_within=drain_within,
            started=self._listening.set,
        )

    async def __aenter__(self):
        self.serving = asyncio.create_task(self.server.serve(sockets=[self._listener]))
        await self._listening.wait()
        return self

    async def __aexit__(self, *_):
        self.server.should_exit = self.server.force_exit = True
        await self.serving

    def signal(self):
        self.server.handle_exit(signal.SIGTERM, None)

    async def seconds_to_end(self):
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self.serving
        return loop.time() - began


LONG = CallerScript(Say("What are your opening hours?"), HangUp(after=AgentFinished(20.0)))


async def test_without_calls_it_ends_at_once():
    async with world() as (running, _), Ending(running, 60) as ending:
        ending.signal()
        assert await ending.seconds_to_end() < 0.5


async def test_a_call_in_progress_is_held_to_its_goodbye_and_new_ones_are_refused():
    async with world() as (running, told), Ending(running, 60) as ending:
        script = CallerScript(Say("What are your opening hours?"), Say("Goodbye", after=AgentFinished(2.0)))
        calling = asyncio.create_task(running.carrier.call(running.voice_url, caller=script))
        await told.until(lambda: bool(told.of("first_frame_sent")))
        ending.signal()
        refused = await running.carrier.call(running.voice_url, caller=CallerScript())
        assert "all our lines are busy" in str(refused)
        call = await calling
        assert call.ended_by == "agent"
        assert told.dialogue[-1] == "Goodbye / Thank you for calling. Goodbye."
        assert await ending.seconds_to_end() < 0.5


async def test_a_call_that_goes_on_and_on_is_not_waited_for_longer_than_the_limit():
    async with world() as (running, told), Ending(running, 5) as ending:
        calling = asyncio.create_task(running.carrier.call(running.voice_url, caller=LONG))
        await told.until(lambda: bool(told.of("first_frame_sent")))
        ending.signal()
        assert await ending.seconds_to_end() == pytest.approx(5, abs=0.5)
        assert ending.board.calls == 1
        await calling


async def test_who_follows_a_call_does_not_hold_up_the_end(caplog):
    store = MemoryStore()
    planned = Order("PC" + "1" * 32, Private("+1"), Private("+1"), "a", created=0.0, not_before=time.time() + 3600)
    await store.orders.create(planned)
    async with (
        world(store=store) as (running, _),
        Ending(running, 60) as ending,
        connected(ending.url, API_KEY) as rest,
    ):
        following = asyncio.create_task(anext(rest.events(planned.id)))
        await asyncio.sleep(5)
        ending.signal()
        assert await ending.seconds_to_end() < 1.5
        following.cancel()
        await asyncio.wait([following])
    assert "Cancel" not in caplog.text, "nobody had to be cut off"


async def test_a_second_signal_does_not_wait():
    async with world() as (running, told), Ending(running, 60) as ending:
        calling = asyncio.create_task(running.carrier.call(running.voice_url, caller=LONG))
        await told.until(lambda: bool(told.of("first_frame_sent")))
        ending.signal()
        await asyncio.sleep(1)
        assert not ending.serving.done()
        ending.signal()
        assert await ending.seconds_to_end() < 0.5
        await calling
