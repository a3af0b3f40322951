"""A caller's line for tests of ears: frames in real time, and what was understood of them."""

from __future__ import annotations

import asyncio
import string
from collections.abc import Iterable
from typing import Any

from phoneagent.conversation.events import EndOfTurn, PartialTranscript
from phoneagent.ports import Heard
from phoneagent.providers.tts.espeak import EspeakVoice
from phoneagent.simulator.caller_speech import SILENCE, CallerSpeech, in_frames
from phoneagent.simulator.speech import Phrasebook

PHRASEBOOK = Phrasebook()
CALLER = CallerSpeech(EspeakVoice(), PHRASEBOOK)
FRAME_PERIOD = 0.02


def says(text, *, ends_turn=True):
    return in_frames(CALLER.utterance(text, ends_turn=ends_turn).audio)


def silence(seconds):
    return [SILENCE] * round(seconds / FRAME_PERIOD)


def plain(text):
    return " ".join(word.strip(string.punctuation) for word in text.casefold().split())


class Listener:
    """Plays frames into ears as the carrier would, and notes what comes out, with the time."""

    def __init__(self, transcription: Any, server: Any = None) -> None:
        self.transcription = transcription  # a `ports.Transcription`; some tests look inside
        self.server = server
        self.events: list[Heard] = []
        self.times: list[float] = []
        self.error: Exception | None = None
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            async for event in self.transcription:
                self.events.append(event)
                self.times.append(asyncio.get_running_loop().time())
        except Exception as error:  # noqa: BLE001 -- what the ears raise is what a test asks for
            self.error = error

    async def play(self, *frames: Iterable[bytes]) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for each in frames:
            for frame in each:
                self.transcription.send(frame)
                due += FRAME_PERIOD
                await asyncio.sleep(due - loop.time())

    @property
    def understood(self) -> list[str]:
        """Whole turns where the ears end them, else final segments as one."""
        turns = [plain(event.text) for event in self.events if isinstance(event, EndOfTurn)]
        finals = [e.text for e in self.events if isinstance(e, PartialTranscript) and e.final]
        return turns if turns or not finals else [plain(" ".join(finals))]

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


async def settled(before: set[asyncio.Task[object]]) -> set[asyncio.Task[object]]:
    """Tasks that are there and were not before, when everything that ends by itself has ended."""
    for _ in range(10):
        await asyncio.sleep(0)
    return asyncio.all_tasks() - before
