"""The carrier on a table top: Twilio's queue, with a note of which words are in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from phoneagent.conversation.words import SAMPLE_RATE
from phoneagent.simulator.ear import Ear
from phoneagent.simulator.playout import Playout

from .heard import Played


class TableCarrier:
    """`pieces` are what was played of each reply, frame by frame: the truth."""

    def __init__(self, ear: Ear, returned: Callable[[str], None]) -> None:
        """`returned` is told of each mark that comes back."""
        self.pieces: list[Played] = []
        self._ear = ear
        self._returned = returned
        self._playout = Playout()
        self._queued: deque[tuple[int, int, int]] = deque()  # reply, start, end

    def audio(self, reply: int, start: int, audio: bytes) -> None:
        """Audio arrives: that of a reply from sample `start` on."""
        if audio:
            self._playout.add(audio)
            self._queued.append((reply, start, start + len(audio)))

    def mark(self, name: str) -> None:
        if self._playout.mark(name):
            self._ear.mark_returned(name)
            self._returned(name)

    def clear(self) -> None:
        self._ear.cleared(self._playout.queued)
        self._queued.clear()
        for name in self._playout.clear():
            self._ear.mark_returned(name, flushed=True)
            self._returned(name)

    def next_frame(self, at: float) -> bytes:
        """The next 20 ms for the caller, heard from `at` on; marks that were reached come back."""
        played = self._playout.step()
        self._note(len(played.audio), at)
        for name in played.marks:
            self._ear.mark_returned(name)
            self._returned(name)
        return played.audio

    def _note(self, samples: int, at: float) -> None:
        while samples:
            reply, start, end = self._queued.popleft()
            taken = min(samples, end - start)
            self.pieces.append(Played(at, reply, start, start + taken))
            if start + taken < end:
                self._queued.appendleft((reply, start + taken, end))
            samples -= taken
            at += taken / SAMPLE_RATE
