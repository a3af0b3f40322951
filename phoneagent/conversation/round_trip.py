"""How long it takes to the carrier and back, as its marks tell."""

from __future__ import annotations

LONGEST = 1.0  # seconds; a mark later than that says something about the carrier, and nothing about the line
SMOOTHING = 0.3  # of the way to a new value: one late mark does not move it far


class RoundTrip:
    """Of one call. `seconds` is 0 until the first mark has told."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._known = False
        self.holes = 0  # that the voice has left in its sentences: it may be slower than speech

    def learn(self, late: float) -> None:
        """A mark came back so many seconds after its audio was over, had it been played when it was sent."""
        late = min(max(0.0, late), LONGEST)
        self.seconds += (late - self.seconds) * (SMOOTHING if self._known else 1.0)
        self._known = True
