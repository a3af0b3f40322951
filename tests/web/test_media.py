"""A media socket: what comes is given to the call at once and in order; what is sent must be taken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import structlog
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from phoneagent.errors import CarrierError
from phoneagent.records import MarkReturned, MediaReceived, StreamMessage, StreamStopped
from phoneagent.simulator.local_server import LocalServer
from phoneagent.telephony.twilio.codec import TwilioCodec
from phoneagent.web.frames import QuickFrames
from phoneagent.web.media import SEND_WITHIN, SocketStream

CONNECTED = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
START = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ1",
    "start": {
        "streamSid": "MZ1",
        "accountSid": "AC1",
        "callSid": "CA1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {},
    },
}
MEDIA = {
    "event": "media",
    "sequenceNumber": "2",
    "streamSid": "MZ1",
    "media": {"track": "inbound", "chunk": "1", "timestamp": "0", "payload": ""},
}
MARK = {"event": "mark", "sequenceNumber": "3", "streamSid": "MZ1", "mark": {"name": "m1"}}
STOP = {
    "event": "stop",
    "sequenceNumber": "4",
    "streamSid": "MZ1",
    "stop": {"accountSid": "AC1", "callSid": "CA1"},
}


class Deaf:
    """A carrier that sends a frame every 20 ms, and reads nothing."""

    def __init__(self) -> None:
        self._first = [{"type": "websocket.connect"}, *map(self._text, (CONNECTED, START))]

    @staticmethod
    def _text(message: object) -> dict[str, str]:
        return {"type": "websocket.receive", "text": json.dumps(message)}

    async def receive(self) -> dict[str, str]:
        if self._first:
            return self._first.pop(0)
        await asyncio.sleep(0.02)
        return self._text(MEDIA)

    async def send(self, message: Message) -> None:
        if message["type"] != "websocket.accept":
            await asyncio.Event().wait()


async def served(handle: Callable[[SocketStream], Awaitable[None]], messages: list[Any]) -> None:
    """A stream on the server's own WebSocket, with a carrier that sends these messages and leaves."""
    over = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        await websocket.accept()
        stream = SocketStream(websocket, TwilioCodec())
        await stream.start()
        try:
            await handle(stream)
        finally:
            over.set()
            await stream.aclose()

    async with LocalServer(app, ws=QuickFrames) as server, connect(server.url.replace("http", "ws")) as carrier:
        for message in [CONNECTED, START, *messages]:
            await carrier.send(message if isinstance(message, list | bytes) else json.dumps(message))
        await over.wait()


async def test_messages_come_in_order_up_to_the_end_of_the_stream():
    fragments = [json.dumps(MARK)[:10], json.dumps(MARK)[10:]]
    taken: list[StreamMessage] = []

    async def handle(stream: SocketStream) -> None:
        await stream.listen(taken.append)

    await served(handle, [MEDIA, fragments, MEDIA, STOP, MEDIA])
    assert [type(message) for message in taken] == [MediaReceived, MarkReturned, MediaReceived, StreamStopped]


@pytest.mark.parametrize(
    ("message", "problem"), [({"event": "media", "media": "loud"}, "media"), (b"audio", "text messages")]
)
async def test_who_breaks_the_protocol_is_told_by_listening(message: Any, problem: str):
    async def handle(stream: SocketStream) -> None:
        with pytest.raises(CarrierError, match=problem):
            await stream.listen(lambda taken: None)

    await served(handle, [MEDIA, message, MEDIA])


async def test_a_defect_of_who_takes_the_messages_ends_the_listening():
    taken = []

    def take(message: StreamMessage) -> None:
        taken.append(message)
        raise ZeroDivisionError

    async def handle(stream: SocketStream) -> None:
        with pytest.raises(ZeroDivisionError):
            await stream.listen(take)

    await served(handle, [MEDIA, MEDIA, MEDIA])
    assert len(taken) == 1


async def test_what_is_taken_belongs_to_the_call_that_listens():
    """The server's own context knows no call: log lines would not say whose they are."""
    names = []

    async def handle(stream: SocketStream) -> None:
        structlog.contextvars.bind_contextvars(call="CA1")
        await stream.listen(lambda message: names.append(structlog.contextvars.get_contextvars().get("call")))

    await served(handle, [MEDIA, STOP])
    assert names == ["CA1", "CA1"]


async def test_a_carrier_that_does_not_read_is_given_up():
    """The call would go on in silence: what is said never arrives."""
    loop, carrier = asyncio.get_running_loop(), Deaf()
    websocket = WebSocket({"type": "websocket"}, carrier.receive, carrier.send)
    await websocket.accept()
    stream = SocketStream(websocket, TwilioCodec())
    await stream.start()
    stream.send_audio(b"\xff" * 160)
    began = loop.time()
    with pytest.raises(CarrierError, match="take what it is sent"):
        await asyncio.wait_for(stream.listen(lambda message: None), 60.0)
    assert loop.time() - began < SEND_WITHIN + 0.1
    await stream.aclose()
