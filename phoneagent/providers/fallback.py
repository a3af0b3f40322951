"""Several providers as one: the next takes over when a connection cannot be made."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from phoneagent.errors import ProviderError
from phoneagent.ports import SpeechToText, Transcription

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
