"""A plain client of the simulated ElevenLabs' WebSockets."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from urllib.parse import urlencode

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from phoneagent.simulator.elevenlabs import VOICES

VOICE = next(iter(VOICES))
PHONE = {"model_id": "eleven_flash_v2_5", "output_format": "ulaw_8000"}
AUTO = {**PHONE, "auto_mode": "true", "sync_alignment": "true"}


@asynccontextmanager
async def speaking(server, query=AUTO, *, socket="multi-stream-input", voice=VOICE, **options):
    url = f"{server.url.replace('http', 'ws', 1)}/v1/text-to-speech/{voice}/{socket}?{urlencode(query)}"
    async with connect(url, additional_headers={"xi-api-key": "secret"}, compression=None, **options) as connection:
        yield Voice(connection)


class Voice:
    """`messages` are what came, each with the loop's time."""

    def __init__(self, connection):
        self.connection = connection
        self.loop = asyncio.get_running_loop()
        self.messages = []
        self.closed = None
        self._reader = asyncio.create_task(self._read())

    async def _read(self):
        try:
            while True:
                message = json.loads(await self.connection.recv())
                self.messages.append((self.loop.time(), message))
        except ConnectionClosed as exc:
            self.closed = exc.rcvd.code if exc.rcvd is not None else None

    async def send(self, *messages):
        for message in messages:
            await self.connection.send(json.dumps(message))
        return self.loop.time()

    async def end(self, seconds=30.0):
        async with asyncio.timeout(seconds):
            await self._reader

    def of(self, context):
        return [m for _, m in self.messages if context in (m.get("contextId"), m.get("context_id"))]

    def chunks(self, context=None):
        """When each piece of audio came, and the message."""
        return [
            (at, m) for at, m in self.messages if m.get("audio") and (context is None or m.get("contextId") == context)
        ]

    def audio(self, context=None):
        return b"".join(base64.b64decode(m["audio"]) for _, m in self.chunks(context))

    def errors(self):
        return [m["error"] for _, m in self.messages if "error" in m]
