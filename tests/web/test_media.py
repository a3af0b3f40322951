"""The sending side of a media socket."""

from __future__ import annotations

import asyncio
import json

import pytest
from starlette.types import Message
from starlette.websockets import WebSocket

from phoneagent.errors import CarrierError
from phoneagent.telephony.twilio.codec import TwilioCodec
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


async def read(stream: SocketStream) -> None:
    async for _ in stream:
        pass


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
        await asyncio.wait_for(read(stream), 60.0)
    assert loop.time() - began < SEND_WITHIN + 0.1
    await stream.aclose()
