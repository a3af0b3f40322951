"""An ear for tests of voices: what of each reply came, and when."""

from __future__ import annotations

import asyncio
from typing import Any

from phoneagent.conversation.events import ProviderFailed
from phoneagent.ports import Speech
from phoneagent.records import SpeechChunk, SpeechDone, SpeechFailed, Spoken


class Ear:
    """Listens to a voice until it ends; everything by reply."""

    def __init__(self, speech: Speech, server: Any = None) -> None:
        self.speech = speech
        self.server = server
        self.heard: list[Spoken] = []
        self.failures: list[ProviderFailed] = []
        self.times: list[float] = []
        self.error: Exception | None = None
        self._news = asyncio.Event()
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            async for spoken in self.speech:
                if isinstance(spoken, ProviderFailed):
                    self.failures.append(spoken)
                    continue
                self.heard.append(spoken)
                self.times.append(asyncio.get_running_loop().time())
                self._news.set()
        except Exception as error:  # noqa: BLE001 -- what the voice raises is what a test asks for
            self.error = error
        self._news.set()

    async def until(self, condition, within=20.0):
        async with asyncio.timeout(within):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def done(self, *replies: int) -> None:
        await self.until(lambda: all(self.outcome(reply) is not None or self.error for reply in replies))

    def chunks(self, reply: int) -> list[SpeechChunk]:
        return [each for each in self.heard if isinstance(each, SpeechChunk) and each.reply == reply]

    def audio(self, reply: int) -> bytes:
        return b"".join(chunk.audio for chunk in self.chunks(reply))

    def words(self, reply: int):
        return [word for chunk in self.chunks(reply) for word in chunk.words]

    def outcome(self, reply: int) -> SpeechDone | SpeechFailed | None:
        ends = [e for e in self.heard if isinstance(e, SpeechDone | SpeechFailed) and e.reply == reply]
        assert len(ends) <= 1, "a reply ends once"
        return ends[0] if ends else None
