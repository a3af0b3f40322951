"""The short way for frames of audio gives the application what the library's way gives it."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from phoneagent.simulator.local_server import LocalServer
from phoneagent.web.frames import DIRECT, MOST_WAITING, QuickFrames

UPGRADE = (
    b"GET /twilio/media HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
LIMIT = 2000


class Wire(asyncio.Transport):
    """The network's side."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.reading, self.closed, self.pauses = True, False, 0

    def write(self, data: Any) -> None:
        self.written += data

    def pause_reading(self) -> None:
        self.reading, self.pauses = False, self.pauses + 1

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def frame(payload: bytes, *, first: int = 0x81, mask: bytes | None = b"\x01\x02\x03\x04", length: int = -1) -> bytes:
    size = len(payload) if length < 0 else length
    flag = 0x80 if mask is not None else 0
    head = bytes([first])
    if size < 126:
        head += bytes([flag | size])
    elif size < 65536:
        head += bytes([flag | 126]) + struct.pack("!H", size)
    else:
        head += bytes([flag | 127]) + struct.pack("!Q", size)
    if mask is None:
        return head + payload
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


async def told(kind: type[WebSocketsSansIOProtocol], pieces: list[bytes], *, directly: bool = False) -> tuple[Any, ...]:
    """What the application is told, what goes back over the wire, and whether it is closed."""
    received: list[Any] = []

    def take(text: str) -> None:
        received.append({"type": "websocket.receive", "text": text})

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        if directly:
            scope["extensions"][DIRECT]["socket"].deliver_to(take)
        while (message := await receive())["type"] != "websocket.disconnect":
            received.append(message)
        received.append(message)

    config = uvicorn.Config(
        app, ws_max_size=LIMIT, ws_per_message_deflate=False, log_config=None, ws_ping_interval=None
    )
    config.load()
    protocol, wire = kind(config, ServerState(), {}, asyncio.get_running_loop()), Wire()
    protocol.connection_made(wire)
    protocol.data_received(UPGRADE)
    await asyncio.sleep(0.01)
    _, _, wire.written = wire.written.partition(b"\r\n\r\n")
    for piece in pieces:
        if not wire.closed:
            protocol.data_received(piece)
            await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    result = list(received), wire.written, wire.closed
    protocol.connection_lost(None)
    await asyncio.gather(*protocol.tasks)
    return result


FRAMES = st.sampled_from(
    [
        frame(b'{"event": "media"}'),
        frame("grüße".encode()),
        frame(b"x" * 300),
        frame(b""),
        frame(b"bytes", first=0x82),
        frame(b"first ", first=0x01),
        frame(b"last", first=0x80),
        frame(b"ping", first=0x89),
        frame(b"pong", first=0x8A),
        frame(struct.pack("!H", 1000) + b"over", first=0x88),
        frame(b"\xff\xfe"),
        frame(b"reserved", first=0xC1),
        frame(b"unmasked", mask=None),
        frame(b"y" * (LIMIT + 1)),
        frame(b"", length=1 << 20),
        frame(b"opcode", first=0x83),
    ]
)


@given(st.lists(FRAMES, max_size=8), st.lists(st.integers(1, 400), max_size=12))
async def test_however_bytes_come_the_application_is_told_the_same(frames, cuts):
    stream, pieces = b"".join(frames), []
    for cut in cuts:
        pieces.append(stream[:cut])
        stream = stream[cut:]
    pieces = [piece for piece in [*pieces, stream] if piece]
    # Frame by frame: of what comes in one read, uvicorn forgets the messages before a broken frame.
    expected = await told(WebSocketsSansIOProtocol, frames)
    assert await told(QuickFrames, pieces) == expected
    messages, *rest = await told(QuickFrames, pieces, directly=True)
    assert (in_kinds(messages), *rest) == (in_kinds(expected[0]), *expected[1:])


def in_kinds(messages: list[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """Text overtakes bytes when it is given directly; each kind stays in order."""
    texts = [message for message in messages if "text" in message]
    return texts, [message for message in messages if "text" not in message]


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
async def test_what_is_written_directly_is_what_the_library_would_write(size):
    text = "ü" + "x" * (size - 2) if size else ""
    wires = []
    for directly in (False, True):

        async def app(scope: Any, receive: Any, send: Any, directly: bool = directly) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            if directly:
                assert scope["extensions"][DIRECT]["socket"].write(text)
            else:
                await send({"type": "websocket.send", "text": text})
            await receive()

        protocol, wire = await connected(app)
        wires.append(wire.written.partition(b"\r\n\r\n")[2])
        protocol.connection_lost(None)
        await asyncio.gather(*protocol.tasks)
    assert wires[0] == wires[1]
    assert len(wires[0]) > size


async def test_a_network_that_takes_nothing_is_not_written_to():
    sockets: list[QuickFrames] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        sockets.append(scope["extensions"][DIRECT]["socket"])
        while (await receive())["type"] != "websocket.disconnect":
            pass

    protocol, wire = await connected(app)
    wire.written = b""
    protocol.pause_writing()
    assert not sockets[0].write("later")
    protocol.resume_writing()
    assert sockets[0].write("now")
    wire.close()
    assert not sockets[0].write("never")
    assert wire.written == b"\x81\x03now"
    protocol.connection_lost(None)
    await asyncio.gather(*protocol.tasks)
    assert not sockets[0].write("never")


async def test_who_asks_late_gets_what_waits_and_reading_goes_on():
    asked, texts = asyncio.Event(), list[str]()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await asked.wait()
        scope["extensions"][DIRECT]["socket"].deliver_to(texts.append)
        assert (await receive())["type"] == "websocket.disconnect"

    protocol, wire = await connected(app)
    for number in range(MOST_WAITING):
        protocol.data_received(frame(b"%d" % number))
    assert not wire.reading
    asked.set()
    await asyncio.sleep(0.01)
    protocol.data_received(frame(b"then"))
    assert texts == [*map(str, range(MOST_WAITING)), "then"]
    assert wire.reading
    protocol.connection_lost(None)
    await asyncio.gather(*protocol.tasks)


async def connected(app: Any) -> tuple[QuickFrames, Wire]:
    config = uvicorn.Config(app, log_config=None, ws_ping_interval=None)
    config.load()
    protocol, wire = QuickFrames(config, ServerState(), {}, asyncio.get_running_loop()), Wire()
    protocol.connection_made(wire)
    protocol.data_received(UPGRADE)
    await asyncio.sleep(0.01)
    return protocol, wire


async def test_who_does_not_wait_for_the_answer_to_the_upgrade_is_left():
    async def app(_: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "websocket.disconnect":
            pass
        await send({"type": "websocket.close"})

    config = uvicorn.Config(app, log_config=None)
    config.load()
    protocol, wire = QuickFrames(config, ServerState(), {}, asyncio.get_running_loop()), Wire()
    protocol.connection_made(wire)
    protocol.data_received(UPGRADE)
    protocol.data_received(b"\x00\x01")
    assert wire.closed
    protocol.connection_lost(None)
    await asyncio.gather(*protocol.tasks)


async def test_a_frame_in_two_pieces_is_one_message():
    whole = frame(b'{"event": "media"}')
    for cut in range(1, len(whole)):
        messages, _, _ = await told(QuickFrames, [whole[:cut], whole[cut:] + whole])
        assert messages == [{"type": "websocket.receive", "text": '{"event": "media"}'}] * 2


async def test_reading_goes_on_while_the_application_keeps_up_and_stops_when_it_does_not():
    release = asyncio.Event()

    async def app(_: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await release.wait()
        while (await receive())["type"] != "websocket.disconnect":
            pass

    config = uvicorn.Config(app, log_config=None, ws_ping_interval=None)
    config.load()
    protocol, wire = QuickFrames(config, ServerState(), {}, asyncio.get_running_loop()), Wire()
    protocol.connection_made(wire)
    protocol.data_received(UPGRADE)
    await asyncio.sleep(0.01)
    for _ in range(MOST_WAITING - 1):
        protocol.data_received(frame(b"audio"))
    assert wire.pauses == 0
    protocol.data_received(frame(b"audio"))
    assert not wire.reading
    release.set()
    await asyncio.sleep(0.01)
    assert wire.reading
    protocol.data_received(frame(b"z" * 5000))
    assert wire.pauses == 2
    protocol.connection_lost(None)
    await asyncio.gather(*protocol.tasks)


async def test_a_real_client_is_served():
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})

    async with LocalServer(echo, ws=QuickFrames, ws_max_size=LIMIT) as server:
        async with connect(server.url.replace("http", "ws")) as socket:
            for text in ["hello", "x" * 1500, "", "grüße"]:
                await socket.send(text)
                assert await socket.recv() == text
            await socket.send(["in ", "pieces"])
            assert await socket.recv() == "in pieces"
            await (await socket.ping())
            await socket.send("x" * (LIMIT + 1))
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
