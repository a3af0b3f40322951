"""How loud a line is when nobody speaks, and how much that varies: in decibels, 10 ms at a time."""

from __future__ import annotations

QUIETEST = 24.0  # dB above one step of 16 bits (-66 dBFS): noise below it makes no difference
SHARE = 0.3  # of what is heard is quieter than the level; pauses are more than that even in hasty speech
STEP = 0.5  # dB: in silence the level rises by 15 dB a second, and falls by 35
VOICED_SHARE = 0.1  # of what is heard while somebody speaks: the gaps between hasty words
VOICED_STEP = 0.3  # dB: up by 3 dB a second, so that a sentence without a gap is not taken for noise; down by 27
SPREAD = 0.01  # of the way to each new deviation: about a second
AT_FIRST = 54.0  # dB (-36 dBFS): a street; what is louder when a call begins is taken for a voice
FIRST = 20  # pieces: 200 ms, whose quietest is the level; people who call wait for an answer before they speak
VARIES_LEAST = 0.5  # dB: white noise, the steadiest there is
VARIES_AT_FIRST = 2.0  # dB: most noises
FARTHEST = 12.0  # dB: what is farther from the level is a click or a word, and no variation of the noise

STEADY = 3.0  # dB: white noise deviates by 0.4 from its mean, pink noise and a crowd by 2.5, a voice by 6 and more
STEADY_FOR = 150  # pieces: 1.5 s. An "um" can be as steady, but is shorter
STEADY_MEMORY = 0.0125  # of the way to each new piece: 0.8 s


class LineNoise:
    """Follows a low quantile of what is heard: quickly in silence, slowly in speech.

    A sound that stays equally loud for 1.5 s is noise, however suddenly it began.
    """

    def __init__(self) -> None:
        self.level = AT_FIRST
        self.varies = VARIES_AT_FIRST  # mean deviation from the level: what many voices, or music, have more of
        self._first = FIRST
        self._pieces = 0  # of the present sound
        self._mean = 0.0  # of its latest pieces
        self._deviation = 0.0

    def hear(self, loudness: float) -> None:
        """Enter 10 ms in which nobody spoke."""
        self._pieces = 0
        if self._first:
            self._first -= 1
            self.level = max(QUIETEST, min(self.level, loudness))
            return
        deviation = loudness - self.level
        if deviation > 0.0:
            self.level += STEP * SHARE
        elif self.level > QUIETEST:
            self.level -= STEP * (1 - SHARE)
            deviation = -deviation
        else:
            deviation = 0.0
        self.varies = max(VARIES_LEAST, self.varies + (min(deviation, FARTHEST) - self.varies) * SPREAD)

    def hear_voice(self, loudness: float) -> None:
        """Enter 10 ms of what was taken for a voice."""
        if loudness > self.level:
            self.level += VOICED_STEP * VOICED_SHARE
        elif self.level > QUIETEST:
            self.level -= VOICED_STEP * (1 - VOICED_SHARE)
        if not self._pieces:
            self._mean, self._deviation = loudness, 2 * STEADY
        self._pieces += 1
        apart = loudness - self._mean
        self._mean += apart * STEADY_MEMORY
        self._deviation += (abs(apart) - self._deviation) * STEADY_MEMORY
        if self._pieces >= STEADY_FOR and self._deviation < STEADY:
            self.level, self.varies = self._mean, self._deviation
