"""Twilio's queue of audio for the caller: played in arrival order, with marks, until `clear`."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from .speech import FRAME

QUEUE_LIMIT = 10 * 60 * 8000  # bytes: more than ten minutes is discarded (warning 31931)


class Played(NamedTuple):
    """20 ms at the caller's ear: at most 160 bytes of audio, and the marks that were reached before them.

    `came`: when the latest of that audio was queued; None of none.
    """

    audio: bytes
    marks: list[str]
    came: float | None = None


NOTHING = Played(b"", [])


class Playout:
    """What is queued for one media stream; no clock of its own: `step` is 20 ms.

    A mark is reached when everything queued before it has been played to its end, so a frame taken by one step is over
    at the next. Nothing queued and nothing in the air: the mark is returned at once.
    """

    def __init__(self) -> None:
        self._queue = bytearray()
        self._marks: deque[tuple[int, str]] = deque()
        self._arrivals: deque[tuple[int, float]] = deque()  # where in all that was queued a message begins, and when
        self._came: float | None = None  # when the latest audio that was taken had been queued
        self._received = 0  # bytes queued so far
        self._taken = 0  # bytes taken by steps so far
        self._played = 0  # bytes that have been played to the end

    @property
    def queued(self) -> int:
        """Bytes that wait to be played."""
        return len(self._queue)

    def add(self, audio: bytes, at: float = 0.0) -> int:
        """Queue audio that came `at`. Returns how many of its bytes were discarded because the queue is full."""
        room = QUEUE_LIMIT - len(self._queue)
        kept = audio if len(audio) <= room else audio[:room]
        self._queue += kept
        self._arrivals.append((self._received, at))
        self._received += len(kept)
        return len(audio) - len(kept)

    def mark(self, name: str) -> bool:
        """Queue a mark. True when nothing is ahead of it: it is to be returned at once."""
        if self._received == self._played:
            return True
        self._marks.append((self._received, name))
        return False

    def clear(self) -> list[str]:
        """Drop everything queued. Returns the pending marks: they are to be returned at once."""
        self._queue.clear()
        self._received = self._taken = self._played = 0
        self._arrivals.clear()
        names = [name for _, name in self._marks]
        self._marks.clear()
        return names

    def step(self) -> Played:
        """Let 20 ms pass: the frame in the air is over, the next one begins."""
        self._played = self._taken
        if not self._queue and not self._marks:
            return NOTHING
        reached: list[str] = []
        while self._marks and self._marks[0][0] <= self._played:
            reached.append(self._marks.popleft()[1])
        if not self._queue:
            return Played(b"", reached)
        audio = bytes(self._queue[:FRAME])
        del self._queue[:FRAME]  # a bytearray drops its beginning without moving the rest
        self._taken += len(audio)
        while self._arrivals and self._arrivals[0][0] < self._taken:
            self._came = self._arrivals.popleft()[1]
        return Played(audio, reached, self._came)
