"""Hears the beep after which an answering machine records: a pure tone of any usual pitch that lasts.

Of a sine all samples follow from two others: x[n+k] + x[n-k] = 2 cos(kω) x[n]. What that leaves over is small only for
a pure tone. k is 3: with neighbours (k = 1) the deep part of a voice looks pure as well.
"""

from __future__ import annotations

import audioop

from .g711 import AUDIBLE, FRAME, FRAME_SECONDS
from .voice_activity import Transition

REACH = 2 * 3  # bytes between the samples that are compared: three of 16 bits
PURE = 0.075  # of the loudness is left over: a line's noise 24 dB below the tone; a dial tone's two pitches leave 0.085
STEADY_PITCH = 0.06  # by which cos(3ω) may differ from that of the first frame: voices glide further within 0.2 s
STEADY_LEVEL = 1.5  # times louder or softer than the first frame, or within one: 3.5 dB; a ringing tone throbs
LASTS = round(0.2 / FRAME_SECONDS)  # frames; the shortest beeps are 0.25 s, a vowel is not steady for so long
OVER = 2  # frames without it; one may be a click


class BeepDetector:
    """Feed it every frame in order. Takes up to 5 µs a frame, 0.5 in silence."""

    def __init__(self) -> None:
        self._frames = 0  # of the tone, so far
        self._without = 0
        self._sounding = False
        self._pitch = 0.0
        self._level = 0.0

    def hear(self, frame: bytes) -> Transition | None:
        """Enter a frame of μ-law; `STARTED` 0.2 s after a tone began, `STOPPED` 40 ms after its end."""
        if self._goes_on(frame):
            self._without = 0
            self._frames += 1
            if self._frames == LASTS:
                self._sounding = True
                return Transition.STARTED
            return None
        self._without += 1
        if not self._sounding:
            self._frames = 0
        elif self._without == OVER:
            self._sounding, self._frames = False, 0
            return Transition.STOPPED
        return None

    def _goes_on(self, frame: bytes) -> bool:
        """Whether this is a tone, and the same as before."""
        samples = audioop.ulaw2lin(frame, 2)
        level = audioop.rms(samples, 2)
        if level < AUDIBLE or len(samples) != 2 * FRAME:
            return False
        samples = audioop.mul(samples, 2, 0.5)  # so that no sum is cut off
        middle = samples[REACH:-REACH]
        around = audioop.add(samples[2 * REACH :], samples[: -2 * REACH], 2)
        around = audioop.mul(around, 2, 0.5)
        pitch = audioop.findfactor(around, middle)
        left = audioop.rms(audioop.add(around, audioop.mul(middle, 2, -pitch), 2), 2)
        if left > PURE * audioop.rms(middle, 2):
            return False
        if not self._frames:
            self._pitch, self._level = pitch, level
        first, second = audioop.rms(samples[:FRAME], 2), audioop.rms(samples[FRAME:], 2)
        return abs(pitch - self._pitch) <= STEADY_PITCH and _alike(level, self._level) and _alike(first, second)


def _alike(level: float, other: float) -> bool:
    return other <= STEADY_LEVEL * level and level <= STEADY_LEVEL * other
