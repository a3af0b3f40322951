"""What was said and what was played in a media stream, on one clock: the carrier's.

A carrier plays what it is sent in order, and sends a frame for every frame that it plays: each frame heard moves its
queue on by one. What is sent gets there one way later, and the frame in which it is played comes back another: a mark
that returns later than it should tells the round trip, by which the agent's track is put back.
"""

from __future__ import annotations

from collections import deque

from .g711 import FRAME, SILENCE
from .stereo_wav import interleaved

HELD = 50  # frames: 1 s that can still be put right; the first mark of a reply comes after 160 ms and the round trip
LONGEST_GAP = 1500  # frames: 30 s; a carrier that says it sent nothing for longer has restarted its clock
LONGEST_LAG = 50  # frames: a mark later than 1 s says something about the carrier, and nothing about the line
TO_ITS_END = 1  # frame: a mark is reached when what precedes it was played to its end
NOTICED = 2  # frames: carriers do not send quite evenly
SILENT = SILENCE * FRAME


class TwoTracks:
    """Give it everything that passes, and take from time to time what can be written down. Times are in frames."""

    def __init__(self) -> None:
        self.hidden = False  # what passes is replaced by silence
        self._caller = bytearray()
        self._agent = bytearray()  # as long as the caller's
        self._queue: deque[bytes | str] = deque()  # audio and marks, as they are at the carrier
        self._coming: deque[tuple[int, bytes | str | None]] = deque()  # on their way there; None: a clear
        self._lag = 0
        self._heard = 0
        self._dropped = 0  # frames at the beginning that were taken or forgotten
        self._burst = 0  # when what is played now began
        self._burst_lag = 0  # with which it was reckoned then
        self._playing = False
        self._reached: dict[str, int] = {}  # marks that should have returned by now
        self._first: int | None = None  # milliseconds: the first timestamp

    def plays(self, audio: bytes) -> None:
        """μ-law, as it is sent to the carrier."""
        self._coming.append((self._heard + self._lag, audio))

    def marks(self, name: str) -> None:
        """A mark was sent after it."""
        self._coming.append((self._heard + self._lag, name))

    def silenced(self) -> None:
        """The carrier was told to play no more. The marks that it flushes back tell nothing."""
        self._queue = deque(item for item in self._queue if not isinstance(item, str))
        self._coming = deque((due, item) for due, item in self._coming if not isinstance(item, str))
        self._reached.clear()
        self._coming.append((self._heard + self._lag, None))

    def mark_returned(self, name: str) -> None:
        """A mark came back."""
        reached = self._reached.pop(name, None)
        if reached is None:
            if self._is_queued(name):
                self._lag = max(0, self._burst_lag - 1)
            return
        late = min(self._heard - reached - TO_ITS_END, LONGEST_LAG - self._burst_lag)
        if late < NOTICED:
            return
        self._lag = self._burst_lag + late
        began = (self._burst - self._dropped) * FRAME
        if began >= 0 and not self.hidden:
            self._put_back(began, late)

    def _is_queued(self, name: str) -> bool:
        return name in self._queue or any(item == name for _, item in self._coming)

    def _put_back(self, began: int, frames: int) -> None:
        """What is being played was begun later than it seemed."""
        self._agent[began:began] = SILENT * frames
        rest = bytes(self._agent[len(self._caller) :])
        del self._agent[len(self._caller) :]
        self._queue.appendleft(rest)
        self._playing = True
        self._burst += frames
        self._burst_lag += frames
        self._reached = {name: frame + frames for name, frame in self._reached.items()}
        self._coming = deque((due + frames, item) for due, item in self._coming)

    def hear(self, frame: bytes, timestamp: int) -> None:
        """A frame of the caller's voice; `timestamp`: milliseconds, as the carrier counts them."""
        if self._first is None:
            self._first = timestamp - self._heard * 20
        lost = (timestamp - self._first) // 20 - self._heard
        if 1 < lost <= LONGEST_GAP:  # one more or less is how clocks are rounded
            for _ in range(lost):
                self._move_on(SILENT)
        elif abs(lost) > LONGEST_GAP:
            self._first = timestamp - self._heard * 20
        self._move_on(frame if len(frame) == FRAME else frame[:FRAME].ljust(FRAME, SILENCE))

    def _move_on(self, frame: bytes) -> None:
        while self._coming and self._coming[0][0] <= self._heard:
            item = self._coming.popleft()[1]
            if item is None:
                self._queue.clear()
            else:
                self._queue.append(item)
        played = self._play() if self._queue else b""
        if played and not self._playing:
            self._burst, self._burst_lag = self._heard, self._lag
        self._playing = bool(played)
        self._heard += 1
        if self.hidden:
            self._caller += SILENT
            self._agent += SILENT
        else:
            self._caller += frame
            self._agent += played.ljust(FRAME, SILENCE)

    def _play(self) -> bytes:
        played = bytearray()
        while self._queue:
            item = self._queue[0]
            if isinstance(item, str):
                self._reached[item] = self._heard
                self._queue.popleft()
                continue
            room = FRAME - len(played)
            if not room:
                break
            self._queue.popleft()
            played += item[:room]
            if len(item) > room:
                self._queue.appendleft(item[room:])
        return bytes(played)

    def hide(self, last: int) -> None:
        """So many frames that have just passed turn out to be nobody's business."""
        for track in (self._caller, self._agent):
            size = min(last * FRAME, len(track))
            track[len(track) - size :] = SILENCE * size

    @property
    def waiting(self) -> int:
        """Frames that have not been taken."""
        return self._heard - self._dropped

    def take(self, held: int = HELD) -> bytes:
        """What can be written down, interleaved: all but the last frames, which may have to be put right."""
        size = max(0, self.waiting - held) * FRAME
        left, right = bytes(self._caller[:size]), bytes(self._agent[:size])
        self._forget(size)
        return interleaved(left, right)

    def forget(self) -> None:
        """Nothing of what passed so far is to be written down."""
        self._forget(len(self._caller))

    def _forget(self, size: int) -> None:
        del self._caller[:size]
        del self._agent[:size]
        self._dropped += size // FRAME
