"""A clock that goes from one thing to the next. No time passes but what is said here."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count


class Clock:
    """What is to happen, in order; what is due at the same moment happens in the order in which it was planned."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = count()

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do something at a moment; a moment that has passed is now."""
        heapq.heappush(self._due, (max(moment, self.now), next(self._count), action))

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        self.at(self.now + seconds, action)

    @property
    def next(self) -> float:
        """When something is to happen next."""
        return self._due[0][0] if self._due else float("inf")

    def step(self) -> None:
        """Go on to what is next, and do it."""
        self.now, _, action = heapq.heappop(self._due)
        action()
