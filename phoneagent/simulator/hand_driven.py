"""A media stream that a test drives by hand: right, wrong, or not at all."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from .ear import SILENT_FRAME
from .network import Network
from .websocket import Closure, WebSocket


class HandDrivenStream:
    """`connected`, `start`, `media` and `stop` send what Twilio would; `send` sends anything.

    Nothing is checked. Sending on a closed connection does nothing.
    """

    def __init__(self, *, account: str) -> None:
        self.account = account
        self.stream = f"MZ{uuid4().hex}"
        self.sequence = 0
        self.chunk = 0
        self._messages: asyncio.Queue[str | bytes | Closure] = asyncio.Queue()
        self._closure: asyncio.Future[Closure] = asyncio.get_running_loop().create_future()

    async def open(self, url: str, network: Network, *, signed: Mapping[str, str]) -> None:
        self._socket = await WebSocket.open(
            network.locate(url), dict(signed), receive=self._received, closed=self._closed
        )

    def send(self, message: str | bytes) -> None:
        """Send a text message as it is, or bytes as a binary message."""
        self._socket.send(message)

    def connected(self) -> None:
        self.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))

    def start(self, *, call: str, parameters: Mapping[str, str] | None = None) -> None:
        self._say(
            "start",
            {
                "streamSid": self.stream,
                "accountSid": self.account,
                "callSid": call,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": dict(parameters or {}),
            },
        )

    def media(self, audio: bytes = SILENT_FRAME) -> None:
        self.chunk += 1
        self._say(
            "media",
            {
                "track": "inbound",
                "chunk": str(self.chunk),
                "timestamp": str((self.chunk - 1) * 20),
                "payload": base64.b64encode(audio).decode(),
            },
        )

    def stop(self, *, call: str) -> None:
        self._say("stop", {"accountSid": self.account, "callSid": call})

    async def receive(self) -> str | bytes | Closure:
        """The product's next message, or how it closed the connection."""
        return await self._messages.get()

    async def closed(self) -> Closure:
        """Wait until the connection is over."""
        return await asyncio.shield(self._closure)

    async def close(self, code: int = 1000) -> None:
        self._socket.close(code)
        await self._socket.wait_closed()

    def abort(self) -> None:
        """Cut the connection, as when a cable is pulled."""
        self._socket.abort()

    def _say(self, event: str, body: Mapping[str, Any]) -> None:
        self.sequence += 1
        self.send(
            json.dumps({"event": event, "sequenceNumber": str(self.sequence), "streamSid": self.stream, event: body})
        )

    def _received(self, data: bytes, text: bool) -> None:
        self._messages.put_nowait(data.decode() if text else data)

    def _closed(self, closure: Closure) -> None:
        self._messages.put_nowait(closure)
        self._closure.set_result(closure)
