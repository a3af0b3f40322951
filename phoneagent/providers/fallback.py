"""Several providers as one: the next takes over where the one before it cannot.

Ears and voice change when a connection cannot be made, the mind when it has failed before its first word: a reply
that has begun is not begun again by somebody else.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import structlog

from phoneagent.conversation.events import ReplyDone
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import ProviderError
from phoneagent.ports import LanguageModel, Speech, SpeechToText, TextToSpeech, Thought, Transcription
from phoneagent.records import Expectation, ToolSpec

log = structlog.stdlib.get_logger(__name__)


class FallbackEars:
    """Implements `ports.SpeechToText`. It has turn events only if all have: otherwise silence ends turns too."""

    def __init__(self, ears: Sequence[SpeechToText]) -> None:
        self._ears = ears
        self.turn_events = all(each.turn_events for each in ears)

    async def connect(self, *, call: str, language: str = "en") -> Transcription:
        """Open the first ears that can be had. Raises the last one's `ProviderError`."""
        for each in self._ears[:-1]:
            try:
                return await each.connect(call=call, language=language)
            except ProviderError as error:
                log.warning("fallback", part="stt", problem=str(error))
        return await self._ears[-1].connect(call=call, language=language)

    async def aclose(self) -> None:
        for each in self._ears:
            await each.aclose()


class FallbackMind:
    """Implements `ports.LanguageModel`."""

    def __init__(self, minds: Sequence[LanguageModel]) -> None:
        self._minds = minds

    async def reply(
        self, reply: int, *, instructions: str, turns: tuple[Turn, ...], tools: tuple[ToolSpec, ...]
    ) -> AsyncGenerator[Thought, None]:
        """Answer with the first mind that says anything. Raises the last one's `ProviderError`."""
        for number, mind in enumerate(self._minds, start=1):
            begun = False
            try:
                async with aclosing(mind.reply(reply, instructions=instructions, turns=turns, tools=tools)) as thoughts:
                    async for thought in thoughts:
                        begun = begun or not isinstance(thought, ReplyDone)
                        yield thought
                return
            except ProviderError as error:
                if begun or number == len(self._minds):
                    raise
                log.warning("fallback", part="llm", problem=str(error))

    def expects(self, turns: tuple[Turn, ...]) -> Expectation:
        """What the first of them expects: ears are told before it is known who will answer."""
        return self._minds[0].expects(turns)

    async def warm(self) -> None:
        """Warm the first; the others are for bad days."""
        await self._minds[0].warm()

    async def aclose(self) -> None:
        for mind in self._minds:
            await mind.aclose()


class FallbackVoice:
    """Implements `ports.TextToSpeech`. Cached speech is that of the first voice."""

    def __init__(self, voices: Sequence[TextToSpeech]) -> None:
        self._voices = voices
        self.identity = voices[0].identity

    async def connect(self, *, call: str) -> Speech:
        """Open the first voice that can be had. Raises the last one's `ProviderError`."""
        for voice in self._voices[:-1]:
            try:
                return await voice.connect(call=call)
            except ProviderError as error:
                log.warning("fallback", part="tts", problem=str(error))
        return await self._voices[-1].connect(call=call)

    async def aclose(self) -> None:
        for voice in self._voices:
            await voice.aclose()
