"""How late the event loop is: the one number that says whether this process has too many calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

INTERVAL: Final = 0.25  # seconds between two looks; a stall shorter than this may pass between them
WEIGHT: Final = 0.2  # of the newest look in the smoothed value: it forgets a stall within some two seconds


class LoopLag:
    """Measures by sleeping and looking how much too long the sleep was. `observe` gets each measurement, in seconds.

    On uvloop timers are whole milliseconds, so that up to 0.001 is no lag.
    """

    def __init__(self, observe: Callable[[float], None]) -> None:
        self._observe = observe
        self.smoothed = 0.0
        """Seconds; an exponential average of the recent measurements."""

    async def run(self) -> None:
        """Measure until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + INTERVAL
            await asyncio.sleep(INTERVAL)
            lag = max(0.0, clock() - due)
            self.smoothed += WEIGHT * (lag - self.smoothed)
            self._observe(lag)
