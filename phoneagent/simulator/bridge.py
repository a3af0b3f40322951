"""Two lines connected to each other: what `<Dial>` does once somebody has answered."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .phone_line import DEAD_END, DeadEnd, PhoneLine

if TYPE_CHECKING:
    from .placed_call import PlacedCall

FRAMES_BETWEEN = 2  # the lines beat in phases of their own: at most so many frames wait


class _End(DeadEnd):
    """What one line is connected to: the other's voice."""

    def __init__(self) -> None:
        self.frames: deque[bytes] = deque(maxlen=FRAMES_BETWEEN)
        self.other = self

    def send_frame(self, frame: bytes) -> None:
        self.other.frames.append(frame)

    def next_frame(self) -> bytes:
        return self.frames.popleft() if self.frames else b""


@contextmanager
def connected(one: PhoneLine, other: PhoneLine) -> Iterator[None]:
    """While the block is open both hear each other."""
    near, far = _End(), _End()
    near.other, far.other = far, near
    one.connect(near)
    other.connect(far)
    try:
        yield
    finally:
        for line, end in ((one, near), (other, far)):
            if line.far is end:
                line.connect(DEAD_END)


async def first_to_answer(legs: Iterable[PlacedCall]) -> PlacedCall | None:
    """The leg that is answered first; None when all are over without."""
    ringing = {leg.picked_up: leg for leg in legs}
    while ringing:
        done, _ = await asyncio.wait(ringing, return_when=asyncio.FIRST_COMPLETED)
        for future in done:
            leg = ringing.pop(future)
            if future.result():
                return leg
    return None
