"""How much of what comes back on a line is the agent's own voice.

A telephone line returns what it plays: at its hybrids within some 30 ms, through a mobile network or a speakerphone up
to half a second later, 10 to 45 dB weaker. This is Geigel's test for double talk (Duttweiler, 1978): a sound may be
echo as long as it is weaker than the loudest of what was played in that time, times the gain of the echo path. Geigel
took 1/2 for that gain, the worst hybrid; here it is learned, so that a soft caller is heard on a line without echo.

What plays at which time needs no clock. The carrier plays what it is sent in order and sends a frame for every frame
that it plays, so each frame heard moves the queue on by one; jitter delays both alike.
"""

from __future__ import annotations

import audioop
from collections import deque
from itertools import islice

from .g711 import AUDIBLE, FRAME

DELAY = 27  # frames: 540 ms, both ways over a mobile network (G.114: 150 to 400 ms) and through our own connection
WORST = 0.5  # -6 dB: the least loss of a hybrid that G.168 asks cancellers to cope with; louder is no echo
CAUTIOUS = 0.1  # -20 dB, of a line not known yet: carriers cancel more, and a caller 6 dB below the agent is heard
FAINTEST = 0.005  # -46 dB: the echo of the loudest voice cannot be heard
MARGIN = 1.6  # 4 dB: frames are cut differently on the way back, and a room adds to what was just said
PLAIN = 800  # of 32,767 (-32 dBFS): what plays at least so loud shows by its echo what the line returns
BLOCK = 25  # frames: 0.5 s, in which a voice is loud at least once
PAUSE = 8  # frames: 160 ms of the 200 after which a sound has ended; the agent pauses so long between sentences
RISE = 1.26  # 2 dB a block at the most: clicks and murmurs below a voice are not the line's echo


class LineEcho:
    """Tells for each frame how loud the agent's echo may be in it.

    The gain falls to the most that two blocks of the agent's speech have shown: a line without echo is known after
    1.6 s of it. The gain rises by a natural experiment: a sound that ended with the agent's voice, and was never louder
    than an echo can be, was its echo; one that goes on when the agent is silent is a caller's. A caller's word that is
    taken for an echo so is forgotten after another second of the agent's speech; while a caller speaks nothing is
    learned.
    """

    def __init__(self) -> None:
        self.gain = CAUTIOUS
        self._queue = bytearray()  # sent, and not yet played
        self._played: deque[int] = deque([0] * (PAUSE + DELAY), maxlen=PAUSE + DELAY)  # loudness of each frame
        self._reference = 0  # the loudest that may come back now: of the last `DELAY`
        self._playing = 0  # frames in a row that the agent has been playing
        self._block = 0  # frames of the block so far
        self._returned = 0.0  # the most that came back in the block, of what was played
        self._returned_before = CAUTIOUS  # the same of the block before
        self._burst = 0.0  # the same of the present sound
        self._own = False  # the present sound is a caller's

    def plays(self, audio: bytes) -> None:
        """The agent's voice, μ-law, as it is sent to the carrier."""
        self._queue += audio

    def silenced(self) -> None:
        """The carrier has been told to forget what it has not played."""
        self._queue.clear()

    def bound(self) -> float:
        """How loud the echo may be in the next frame heard, root mean square of 10 ms. Call it once a frame."""
        played = self._played
        if self._queue:
            now = loudest(audioop.ulaw2lin(self._queue[:FRAME], 2))
            del self._queue[:FRAME]
            self._playing += 1
        elif self._reference:
            now = 0
            self._playing = 0
        else:
            return 0.0
        played.append(now)
        if now >= self._reference:
            self._reference = now
        elif played[PAUSE - 1] == self._reference:  # it is too long ago now
            self._reference = max(islice(played, PAUSE, None))
        return self._reference * self.gain * MARGIN

    def hear(self, level: int) -> None:
        """Learn from a frame in which nobody spoke: how loud it was."""
        reference = self._reference
        if reference < PLAIN or self._playing < DELAY:
            return
        if level > reference * self._returned:
            self._returned = level / reference
        self._block += 1
        if self._block == BLOCK:
            returned = max(FAINTEST, min(self._returned, self.gain * RISE))
            self.gain = min(WORST, max(returned, self._returned_before))
            self._returned_before, self._returned, self._block = returned, 0.0, 0

    def hear_voice(self, level: int) -> None:
        """Learn from a frame of a sound that was taken for a voice."""
        if level > self._reference * WORST:
            self._own = True
        elif level > self._reference * self._burst:
            self._burst = level / self._reference

    def sound_ended(self) -> None:
        """A sound that was taken for a voice is over."""
        if not self._own and self._paused():
            self.gain = self._returned_before = max(self.gain, self._burst)
            self._returned, self._block = 0.0, 0
        self._burst, self._own = 0.0, False

    def _paused(self) -> bool:
        """Whether a sound that has just ended may have been an echo: then the agent's voice has ended as well."""
        silent = 0
        for level in self._played:
            silent = silent + 1 if level * self._burst < AUDIBLE else 0
            if silent == PAUSE:
                return True
        return False


def loudest(samples: bytes) -> int:
    """Root mean square of the louder half of a frame, 16-bit."""
    half = len(samples) // 4 * 2
    return max(audioop.rms(samples[:half], 2), audioop.rms(samples[half:], 2))
