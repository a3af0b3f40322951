"""How long a mind takes to begin. Pure."""

from __future__ import annotations

from collections import deque

WINDOW = 100  # replies; a provider's bad hour should show within minutes
ENOUGH = 20  # of them whose time is known: fewer have no slowest tenth


class FirstWords:
    """Times from request to first thought, of the last replies.

    Of some it is only known that they took longer than so long: a caller went on speaking, or another request spoke
    first. To leave these out would make the mind look faster than it is, for it is the slow ones that are cut off; to
    count them as they are would, too. They count by the estimator of Kaplan and Meier (1958): as one that was not over
    yet, among those that took as long.
    """

    def __init__(self) -> None:
        self._seconds: deque[tuple[float, bool]] = deque(maxlen=WINDOW)

    def took(self, seconds: float) -> None:
        self._seconds.append((seconds, False))

    def took_longer_than(self, seconds: float) -> None:
        self._seconds.append((seconds, True))

    def quantile(self, share: float) -> float | None:
        """Seconds within which this share of replies begins; None while too little is known.

        If all of the slowest were cut off, it is the longest time that was seen.
        """
        if sum(not cut_off for _, cut_off in self._seconds) < ENOUGH:
            return None
        waiting, left = len(self._seconds), 1.0
        seconds = 0.0
        for seconds, cut_off in sorted(self._seconds):
            if not cut_off:
                left *= 1 - 1 / waiting
                if left <= 1 - share + 1e-9:
                    return seconds
            waiting -= 1
        return seconds
