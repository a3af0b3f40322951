"""Several providers as one: the next takes over when a connection cannot be made."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from phoneagent.errors import ProviderError
from phoneagent.ports import Speech, SpeechToText, TextToSpeech, Transcription

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
