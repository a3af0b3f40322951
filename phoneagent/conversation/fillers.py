"""What the agent says while the caller waits for the answer."""

from __future__ import annotations

from .policy import Phrasing


class Fillers:
    """Takes turns, so that none is heard twice in a row. Empty if the agent has none."""

    def __init__(self, phrasing: Phrasing) -> None:
        self._first = phrasing.fillers
        self._later = phrasing.later_fillers or phrasing.fillers
        self._said = 0

    def __bool__(self) -> bool:
        return bool(self._first)

    def next(self, *, later: bool) -> str:
        """The next one; `later`: the caller has heard that it takes a moment."""
        phrases = self._later if later else self._first
        self._said += 1
        return phrases[(self._said - 1) % len(phrases)]
