"""Whether another call is welcome: it is refused before those in progress would suffer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Closed = Literal["full", "slow", ""]

SLOW = (
    0.04  # seconds that the event loop is late: two frames. Callers notice 50 ms; at a hundred calls a core it is 0.01
)
CALM = (
    0.015  # seconds; below this a call is welcome again. Between the two nothing changes, so that it does not flutter
)


class Admission:
    """Closed while there are `max_calls`, and while the event loop is late (`lag`: seconds, a smoothed measurement)."""

    def __init__(self, max_calls: int, lag: Callable[[], float] | None = None) -> None:
        self.max_calls = max_calls
        self._lag = lag
        self._slow = False

    def closed(self, calls: int) -> Closed:
        """Why a call more than these is not welcome; empty if it is."""
        if calls >= self.max_calls:
            return "full"
        if (
            self._lag is not None and calls
        ):  # without calls it is not they who make it late, and it must not stay closed
            lag = self._lag()
            self._slow = lag >= SLOW or (self._slow and lag > CALM)
            return "slow" if self._slow else ""
        return ""
