"""Circuit breakers: a provider that keeps failing is left alone for a while, by all calls of a process at once.

Each call alone would find out for itself, and its caller would wait for that. (Nygard, "Release It!", 2007.)
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Literal

import structlog

from phoneagent.errors import ProviderError

Part = Literal["stt", "llm", "tts"]

WINDOW = 30.0  # seconds in which failures count together
FAILURES = 5  # in that time, and half of all attempts: fewer may be one caller's bad luck
OPEN_FOR = 15.0  # seconds until somebody tries again; a provider that restarts needs about so long
ACCOUNT_OPEN_FOR = 60.0  # seconds; a key or a bill is mended by people
OPEN_AT_MOST = 120.0  # seconds; each probe that fails doubles the time up to this
PROBE_WITHIN = 10.0  # seconds; a probe of which nothing was heard by then, for its call is over, is none

log = structlog.stdlib.get_logger(__name__)


class Circuit:
    """What a process knows of one provider. Open: it fails, and is asked only where there is nobody else.

    Half open: its time is over, and one request is let through to see. `told` is called when it opens or closes.
    """

    def __init__(self, part: Part, provider: str, *, told: Callable[[Circuit], None] = lambda _: None) -> None:
        self.part = part
        self.provider = provider
        self._told = told
        self._outcomes: deque[tuple[float, bool]] = deque()  # when, and whether it failed
        self._opened_for = 0.0  # seconds; 0 while closed
        self._open_until = 0.0
        self._probe_until = 0.0

    @property
    def open(self) -> bool:
        """Whether it is open or half open."""
        return self._opened_for > 0

    def admits(self) -> bool:
        """Whether to ask this provider before others. Of a half-open circuit one is told so, whose the probe is."""
        if not self.open:
            return True
        now = asyncio.get_running_loop().time()
        if now < self._open_until or now < self._probe_until:
            return False
        self._probe_until = now + PROBE_WITHIN
        return True

    def worked(self) -> None:
        """It has done what it was asked for."""
        self._enter(failed=False)
        if self.open:
            self._opened_for = self._probe_until = 0.0
            self._outcomes.clear()
            log.info("circuit_closed", part=self.part, provider=self.provider)
            self._told(self)

    def failed(self, problem: ProviderError) -> None:
        """It has not. What it refuses for its content says nothing about the provider."""
        if problem.kind == "content":
            return
        self._enter(failed=True)
        failures = sum(failed for _, failed in self._outcomes)
        now = asyncio.get_running_loop().time()
        if self.open:
            if now >= self._open_until:  # it was a probe, or as good as one
                self._open(min(2 * self._opened_for, OPEN_AT_MOST), problem)
        elif problem.kind == "account":
            self._open(ACCOUNT_OPEN_FOR, problem)
        elif failures >= FAILURES and 2 * failures >= len(self._outcomes):
            self._open(OPEN_FOR, problem)

    def _open(self, seconds: float, problem: ProviderError) -> None:
        news = not self.open
        self._opened_for = seconds
        self._open_until = asyncio.get_running_loop().time() + seconds
        self._probe_until = 0.0
        log.warning("circuit_open", part=self.part, provider=self.provider, seconds=seconds, problem=problem.problem)
        if news:
            self._told(self)

    def _enter(self, *, failed: bool) -> None:
        now = asyncio.get_running_loop().time()
        self._outcomes.append((now, failed))
        while self._outcomes[0][0] < now - WINDOW:
            self._outcomes.popleft()


class Circuits:
    """Those of a process, one for each part and provider: agents that use the same provider share it."""

    def __init__(self, *, told: Callable[[Circuit], None] = lambda _: None) -> None:
        self._told = told
        self._circuits: dict[tuple[Part, str], Circuit] = {}

    def of(self, part: Part, provider: str) -> Circuit:
        """`provider` is told to people: its name, and its model."""
        circuit = self._circuits.get((part, provider))
        if circuit is None:
            circuit = self._circuits[part, provider] = Circuit(part, provider, told=self._told)
        return circuit
