"""A caller's audio on its way to the simulated Deepgram, over a plain WebSocket."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from urllib.parse import urlencode

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from phoneagent.simulator.caller_speech import CallerSpeech
from phoneagent.simulator.deepgram import DeepgramServer
from phoneagent.simulator.speech import FRAME, Phrasebook

from .tone import ToneVoice

FLUX = {"model": "flux-general-en", "encoding": "mulaw", "sample_rate": 8000}
NOVA = {"model": "nova-3", "encoding": "mulaw", "sample_rate": 8000}
AUTHORIZED = {"Authorization": "Token secret"}
SILENCE = b"\xff" * FRAME


def seconds_of(audio):
    return len(audio) / 8000


def first_sound(utterance):
    """Seconds from the utterance's beginning until its first voiced frame has been sent whole."""
    return (utterance.onset // FRAME + 1) * 0.020


def last_sound(utterance):
    """The same of its last voiced frame."""
    return ((utterance.end - 1) // FRAME + 1) * 0.020


class Studio:
    """A Deepgram server and somebody whom it understands."""

    def __init__(self, **options):
        self.phrasebook = Phrasebook()
        self.speech = CallerSpeech(ToneVoice(), self.phrasebook)
        self.server = DeepgramServer(self.phrasebook, **options)

    def say(self, text, **options):
        return self.speech.utterance(text, **options)

    @asynccontextmanager
    async def listening(self, path, query, **options):
        url = f"{self.server.url}{path}?{urlencode(query, doseq=True)}"
        async with connect(url, additional_headers=AUTHORIZED, compression=None, **options) as socket:
            yield Ears(socket)


class Ears:
    """`messages` are what came, each with `at`: seconds since the connection was opened."""

    def __init__(self, socket):
        self.socket = socket
        self.loop = asyncio.get_running_loop()
        self.opened = self.loop.time()
        self.messages = []
        self.closed = None
        self._reader = asyncio.create_task(self._read())

    async def _read(self):
        try:
            while True:
                message = json.loads(await self.socket.recv())
                self.messages.append({**message, "at": self.loop.time() - self.opened})
        except ConnectionClosed as exc:
            self.closed = exc.rcvd.code if exc.rcvd is not None else None
            self.closed_at = self.loop.time() - self.opened

    async def send(self, **message):
        await self.socket.send(json.dumps(message))

    async def play(self, *pieces, chunk=FRAME):
        """Send audio in real time; a number is seconds of silence. A chunk leaves when its last sample is there."""
        audio = b"".join(
            piece.audio
            if hasattr(piece, "audio")
            else piece
            if isinstance(piece, bytes)
            else b"\xff" * round(piece * 8000)
            for piece in pieces
        )
        begin = self.loop.time()
        for start in range(0, len(audio), chunk):
            end = min(start + chunk, len(audio))
            await asyncio.sleep(max(0.0, begin + end / 8000 - self.loop.time()))
            await self.socket.send(audio[start:end])
        return begin - self.opened

    async def end(self, seconds=1.0):
        """Wait until the server has closed."""
        async with asyncio.timeout(seconds):
            await self._reader

    def named(self, name):
        return [m for m in self.messages if name in (m.get("event"), m.get("type"))]

    def events(self, *but):
        """Names in order, without those given."""
        names = [m.get("event") or m["type"] for m in self.messages]
        return [name for name in names if name not in but]
