"""Ears that are replaced when they fail: whoever listens hears from the next ones what these have not understood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from phoneagent.conversation.events import EndOfTurn, PartialTranscript, ProviderFailed
from phoneagent.errors import ProviderError
from phoneagent.ports import Heard, SpeechToText, Transcription
from phoneagent.providers.circuit import Circuit
from phoneagent.records import Expectation

CONNECT_WITHIN = 1.0  # seconds, while there are others
REST = 10.0  # seconds in which ears that failed in a call are not its first choice

log = structlog.stdlib.get_logger(__name__)


class Suspicion(NamedTuple):
    """Ears that have told nothing of a sound, which may have been a noise."""

    candidate: Candidate
    problem: ProviderError
    at: float


@dataclass(slots=True)
class Candidate:
    """One of several ears."""

    ears: SpeechToText
    circuit: Circuit

    @property
    def name(self) -> str:
        return self.circuit.provider


class FallbackEars:
    """Implements `ports.SpeechToText`. It has turn events only if all have: otherwise silence ends turns too.

    `fell_back` is told of each connection to others than the first ears.
    """

    def __init__(self, ears: Sequence[Candidate], *, fell_back: Callable[[Circuit], None] = lambda _: None) -> None:
        self._ears = ears
        self._fell_back = fell_back
        self._failed_at: dict[tuple[str, str], float] = {}  # by call and provider
        self._suspicions: dict[str, Suspicion] = {}  # by call
        self.turn_events = all(each.ears.turn_events for each in ears)

    async def connect(self, *, call: str, language: str = "en") -> FallbackTranscription:
        """Open the first ears that can be had. Raises the last one's `ProviderError`."""
        order = self._order(call)
        failures: list[ProviderFailed] = []
        for number, candidate in enumerate(order, start=1):
            last = number == len(order)
            try:
                transcription = await _connected(candidate, call, language, within=None if last else CONNECT_WITHIN)
            except ProviderError as problem:
                self._blame(candidate, call, problem)
                if last:
                    raise
                following = order[number].name
                log.warning("fallback", part="stt", problem=str(problem), then=following)
                failures.append(ProviderFailed("stt", candidate.name, problem.problem, following))
                continue
            if candidate is not self._ears[0]:
                self._fell_back(candidate.circuit)
            return FallbackTranscription(
                transcription,
                candidate,
                failures,
                suspicion=self._suspicions.pop(call, None),
                blame=lambda problem: self._blame(candidate, call, problem),  # noqa: B023 - it is returned at once
                suspect=lambda problem: self._suspect(candidate, call, problem),  # noqa: B023 - the same
            )
        raise AssertionError("the last ears are connected or raise")

    async def aclose(self) -> None:
        for each in self._ears:
            await each.ears.aclose()

    def _order(self, call: str) -> list[Candidate]:
        now = asyncio.get_running_loop().time()
        self._failed_at = {who: at for who, at in self._failed_at.items() if now - at < REST}
        self._suspicions = {whose: each for whose, each in self._suspicions.items() if now - each.at < REST}
        rested = [each for each in self._ears if (call, each.name) not in self._failed_at and each.circuit.admits()]
        return rested + [each for each in self._ears if each not in rested]

    def _blame(self, candidate: Candidate, call: str, problem: ProviderError) -> str:
        """Note a failure; returns who is asked next, empty if nobody but the same."""
        candidate.circuit.failed(problem)
        if len(self._ears) == 1:
            return ""
        self._failed_at[call, candidate.name] = asyncio.get_running_loop().time()
        return self._order(call)[0].name

    def _suspect(self, candidate: Candidate, call: str, problem: ProviderError) -> None:
        """Have others hear the same. If they understand nothing either, it was a noise, and no failure."""
        now = asyncio.get_running_loop().time()
        self._suspicions[call] = Suspicion(candidate, problem, now)
        self._failed_at[call, candidate.name] = now


async def _connected(candidate: Candidate, call: str, language: str, *, within: float | None) -> Transcription:
    try:
        async with asyncio.timeout(within):
            return await candidate.ears.connect(call=call, language=language)
    except TimeoutError as late:
        raise ProviderError(candidate.name, f"not connected within {within:g} s") from late


class FallbackTranscription:
    """Implements `ports.Replaceable`."""

    def __init__(
        self,
        ears: Transcription,
        candidate: Candidate,
        failures: list[ProviderFailed],
        *,
        blame: Callable[[ProviderError], str],
        suspect: Callable[[ProviderError], None],
        suspicion: Suspicion | None = None,
    ) -> None:
        """`suspicion`: of the ears before these, which are given the same audio again."""
        self._ears = ears
        self._candidate = candidate
        self._failures = failures
        self._blame = blame
        self._suspect = suspect
        self._suspicion = suspicion
        self._doubt: ProviderError | None = None
        self._closing: asyncio.Task[None] | None = None

    def send(self, audio: bytes) -> None:
        self._ears.send(audio)

    def expect(self, expectation: Expectation) -> None:
        self._ears.expect(expectation)

    def doubt(self, problem: str) -> None:
        if self._closing is None:
            self._doubt = ProviderError(self._candidate.name, problem)
            self._closing = asyncio.create_task(self._ears.aclose(), name="ears that hear nothing")

    def confirm(self) -> ProviderFailed | None:
        suspicion, self._suspicion = self._suspicion, None
        if suspicion is None:
            return None
        candidate, problem, _ = suspicion
        candidate.circuit.failed(problem)
        return ProviderFailed("stt", candidate.name, problem.problem, self._candidate.name)

    async def __aiter__(self) -> AsyncGenerator[Heard, None]:
        for failed in self._failures:
            yield failed
        try:
            over = False
            async for heard in self._ears:
                over = over or (isinstance(heard, ProviderFailed) and not heard.then)
                if over:
                    continue  # what it makes of an open turn; others hear the rest
                if isinstance(heard, EndOfTurn) or (isinstance(heard, PartialTranscript) and heard.final):
                    self._candidate.circuit.worked()
                yield heard
            if self._doubt is None:
                return
            self._suspect(self._doubt)
            raise self._doubt
        except ProviderError as lost:
            if lost is self._doubt:
                raise
            problem = lost
        following = self._blame(problem)
        yield ProviderFailed("stt", self._candidate.name, problem.problem, following or self._candidate.name)
        # What ended a connection that was open need not meet the next one, but for the account.
        again = problem.kind != "account" or following not in ("", self._candidate.name)
        raise ProviderError(self._candidate.name, problem.problem, retryable=again, kind=problem.kind) from problem

    async def finish(self) -> None:
        await self._ears.finish()

    async def aclose(self) -> None:
        await self._ears.aclose()
        if self._closing is not None:
            await asyncio.wait([self._closing])
