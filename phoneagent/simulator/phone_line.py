"""The caller's telephone line: 20 ms each way, from the answer to the end of the call, whatever is at the other end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from .ear import FRAME_SECONDS, Ear
from .speech import FRAME


class FarEnd(Protocol):
    """What the line is connected to for the moment."""

    def send_frame(self, frame: bytes) -> None:
        """Take 20 ms of the caller's voice."""

    def next_frame(self) -> bytes:
        """Give the next 20 ms for the caller: at most 160 bytes."""

    def press(self, digit: str) -> None: ...


class Party(Protocol):
    """Whoever holds the receiver."""

    def next_frame(self, *, agent_audible: bool, agent: bytes = b"") -> bytes:
        """Give 20 ms of voice, while hearing `agent`, at most 160 bytes."""


class Overheard:
    """A party to whom somebody listens: `hear` gets every frame."""

    def __init__(self, party: Party, hear: Callable[[bytes], None]) -> None:
        self._party = party
        self._hear = hear

    def next_frame(self, *, agent_audible: bool, agent: bytes = b"") -> bytes:
        frame = self._party.next_frame(agent_audible=agent_audible, agent=agent)
        self._hear(frame)
        return frame


class DeadEnd:
    """Nobody is there."""

    def send_frame(self, frame: bytes) -> None:
        pass

    def next_frame(self) -> bytes:
        return b""

    def press(self, digit: str) -> None:
        pass


class Announcement(DeadEnd):
    """A finished piece of audio; then silence."""

    def __init__(self, audio: bytes) -> None:
        self._audio = audio
        self._position = 0

    @property
    def seconds(self) -> float:
        return -(-len(self._audio) // FRAME) * FRAME_SECONDS

    def next_frame(self) -> bytes:
        start = self._position
        self._position += FRAME
        return self._audio[start : self._position]


DEAD_END = DeadEnd()


class Metronome:
    """One timer for all lines: a timer each would cost more than many a frame.

    All beat every 20 ms, each in its own phase. So whoever has just beaten is the last to beat again, and so is whoever
    begins now: the lines are in order without sorting.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lines: deque[tuple[float, PhoneLine]] = deque()  # with the time of their next beat
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, line: PhoneLine) -> None:
        """Beat this line now, and every 20 ms for as long as it wants."""
        following = line.beat()
        if following is not None:
            self._lines.append((following, line))
            if self._timer is None:
                self._timer = self._loop.call_at(following, self._beat)

    def _beat(self) -> None:
        lines, now = self._lines, self._loop.time()
        while lines and lines[0][0] <= now:
            _, line = lines.popleft()
            following = line.beat()
            if following is not None:
                lines.append((following, line))
        self._timer = self._loop.call_at(lines[0][0], self._beat) if lines else None


class PhoneLine:
    """Drives one call: frame n lies at the answer + n * 20 ms on the loop's clock, without drift.

    A frame of the caller's voice is sent when it has been spoken, at the end of its 20 ms; a frame for the caller is
    heard from its beginning on. So the times in `Ear` are those of a person, framing included.
    """

    def __init__(self, ear: Ear, metronome: Metronome) -> None:
        self._ear = ear
        self._metronome = metronome
        self._loop = asyncio.get_running_loop()
        self._caller: Party | None = None
        self._began = 0.0
        self._count = 0
        self._spoken: bytes | None = None  # the caller's frame that is complete with the next tick
        self.far: FarEnd = DEAD_END
        self.listener: Callable[[bytes], None] | None = None
        """Who hears what the caller says, whatever the line is connected to."""
        self.failed: asyncio.Future[None] = self._loop.create_future()
        """Done, with an exception, when the simulator itself made a mistake."""

    @property
    def is_live(self) -> bool:
        """Whether the call is answered and not over."""
        return self._caller is not None

    def now(self) -> float:
        """Seconds since the answer."""
        return self._loop.time() - self._began

    def begin(self, caller: Party) -> None:
        """The call is answered."""
        self._caller = caller
        self._began = self._loop.time()
        self._ear.begin(self.now)
        self._metronome.begin(self)

    def connect(self, far: FarEnd) -> None:
        """Connect the line to something else; it gets the frame that the caller is speaking at that moment."""
        self.far = far

    def end(self) -> None:
        """Nothing is heard any more."""
        self.far = DEAD_END
        self._caller = None

    def beat(self) -> float | None:
        """Let 20 ms begin. Returns when the next do, on the loop's clock; None when the call is over."""
        caller = self._caller
        if caller is None:
            return None
        try:
            far = self.far
            if self._spoken is not None:
                far.send_frame(self._spoken)
            agent = far.next_frame()
            self._spoken = caller.next_frame(agent_audible=self._ear.agent_frame(agent), agent=agent)
            self._ear.caller_frame(self._spoken)
            if self.listener is not None:
                self.listener(self._spoken)
        except Exception as exc:  # noqa: BLE001 -- raised in the call's task, which waits for `failed`
            if not self.failed.done():
                self.failed.set_exception(exc)
            return None
        self._count += 1
        return self._began + self._count * FRAME_SECONDS
