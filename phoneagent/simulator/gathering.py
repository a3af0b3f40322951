"""`<Gather>`: keys and words of the caller, until there are enough of them or nothing more comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .speech import Moment, Utterance
from .twiml import Gather

CONFIDENCE = "0.95"  # of all that is understood


class Gathering:
    """One `<Gather>` that runs: `press` and `hear` are what the caller does."""

    def __init__(self, verb: Gather, understand: Callable[[bytes, Moment | None], Moment | None]) -> None:
        self._verb = verb
        self._understand = understand
        self._after: Moment | None = None
        self._utterances: list[Utterance] = []
        self._digits = ""
        self._is_finished = False
        self._activity = asyncio.Event()

    def press(self, digit: str) -> None:
        if "dtmf" not in self._verb.input or self._is_finished:
            return
        if digit and digit == self._verb.finish_on_key:
            self._is_finished = True
        else:
            self._digits += digit
            self._is_finished = len(self._digits) == self._verb.num_digits
        self._activity.set()

    def hear(self, frame: bytes) -> None:
        if "speech" not in self._verb.input:
            return
        self._after = self._understand(frame, self._after)
        if self._after is None:
            return
        if not any(self._after.utterance is known for known in self._utterances):
            self._utterances.append(self._after.utterance)
        self._activity.set()

    async def began(self) -> None:
        """Wait until the caller does something: prompts end there."""
        await self._activity.wait()

    async def ended(self) -> None:
        """Wait until the caller is done, or does nothing for too long. The wait begins now."""
        while not self._is_finished:
            spoke = bool(self._utterances) and not self._digits
            try:
                async with asyncio.timeout(self._verb.speech_timeout if spoke else self._verb.timeout):
                    await self._activity.wait()
            except TimeoutError:
                return
            self._activity.clear()

    def result(self) -> dict[str, str]:
        """The parameters that tell it; none when the caller did nothing. Keys come before words."""
        if self._digits:
            return {"Digits": self._digits}
        if self._utterances:
            text = " ".join(utterance.text for utterance in self._utterances)
            return {"SpeechResult": text, "Confidence": CONFIDENCE}
        return {}
