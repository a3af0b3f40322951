"""Whether another call is welcome: it is refused before those in progress would suffer."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from typing import Literal

Closed = Literal["full", "slow", ""]

SLOW = (
    0.04  # seconds that the event loop is late: two frames. Callers notice 50 ms; at a hundred calls a core it is 0.01
)
CALM = (
    0.015  # seconds; below this a call is welcome again. Between the two nothing changes, so that it does not flutter
)


MOST_CALLS = 1_000
"""Of one process that nobody has limited. A core carries 100 to 250 calls (docs/performance.md), so that the lag
decides long before; what has to be bounded by a number, sockets above all, is bounded by this one.
"""

FILES_A_CALL = 8  # its media stream and webhooks, and to each provider a connection and one that takes over
SPARE_FILES = 200  # recordings, journals, Redis, an API's clients


def most_calls() -> int:
    """How many calls the open files of this process allow; as many files as it may have are asked for first."""
    wanted = SPARE_FILES + FILES_A_CALL * MOST_CALLS
    soft, hard = (_number(limit) for limit in resource.getrlimit(resource.RLIMIT_NOFILE))
    allowed = min(wanted, hard)
    if soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return max(1, (min(wanted, max(soft, allowed)) - SPARE_FILES) // FILES_A_CALL)


def _number(limit: int) -> int:
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit


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
