"""The caller's audio on its way to the ears: what waits for the socket, and the last seconds that were sent."""

from __future__ import annotations

from phoneagent.conversation.words import SAMPLE_RATE

KEEP = 2 * SAMPLE_RATE  # bytes already sent, for the next socket; Deepgram works off a backlog at 1.25 times real time
HOLD = 5 * SAMPLE_RATE  # bytes not yet sent; older speech than that is no use to a conversation
TRIM = SAMPLE_RATE // 2  # bytes; the front is cut off in pieces of this size, not frame by frame
FRAME = 160  # bytes: what is dropped or heard again begins where a frame of the caller's began


class AudioTape:
    """Positions count the bytes given to the sockets since the call began (one byte is one sample).

    What overflowed before it was sent never had a position, so that positions map to the provider's times.
    """

    def __init__(self, *, keep: int = KEEP, hold: int = HOLD) -> None:
        self.waiting = 0  # bytes that were not taken yet
        self.dropped = 0
        self._keep = keep
        self._hold = hold
        self._audio = bytearray()
        self._start = 0  # position of the first byte of `_audio`
        self._sent = 0  # bytes of `_audio` that were taken

    @property
    def position(self) -> int:
        """Where the next byte to be taken lies."""
        return self._start + self._sent

    @property
    def oldest(self) -> int:
        """The furthest position that can be rewound to."""
        return self._start + max(0, (self._sent - self._keep) // FRAME * FRAME)

    def add(self, audio: bytes) -> None:
        """Append; beyond the limit, the oldest that waits is dropped and counted."""
        self._audio += audio
        self.waiting += len(audio)
        excess = self.waiting - self._hold
        if excess > 0:
            excess += -excess % FRAME
            del self._audio[self._sent : self._sent + excess]
            self.waiting = len(self._audio) - self._sent
            self.dropped += excess

    def take(self, size: int) -> bytes:
        """The next bytes to be sent: `size` of them, or all that there are."""
        piece = bytes(self._audio[self._sent : self._sent + size])
        self._sent += len(piece)
        self.waiting -= len(piece)
        if self._sent >= self._keep + TRIM:
            surplus = (self._sent - self._keep) // FRAME * FRAME
            del self._audio[:surplus]
            self._start += surplus
            self._sent -= surplus
        return piece

    def rewind(self, position: int) -> int:
        """Go back to the frame at a position, or as near as the tape still reaches. Returns where it now stands."""
        target = min(max(position // FRAME * FRAME, self.oldest), self.position)
        self._sent = target - self._start
        self.waiting = len(self._audio) - self._sent
        return target
