"""Tells voice from silence, 20 ms at a time, for 3 to 9 µs: the loudness of each 10 ms against the noise of the line
and the echo of what the agent says.

It is there to notice that a caller starts and stops making sound, quickly and on every line; what a sound means, the
ears say. Models that are better at it (WebRTC's, Silero) cost up to 200 times as much, still fire on coughs, and know
nothing of what the agent plays.
"""

from __future__ import annotations

import audioop
from enum import Enum
from math import log10

from .dtmf import is_key
from .echo import LineEcho
from .g711 import AUDIBLE, FRAME_SECONDS
from .line_noise import LineNoise


class Transition(Enum):
    """What changed with a frame."""

    STARTED = "started"
    STOPPED = "stopped"


PIECES = 2  # a frame: clicks are told from words by how long they last, and 20 ms is too coarse for that
ONSET = 7  # pieces: 70 ms. A click or a pop is shorter, the shortest word ("no", 200 ms) longer
SETBACK = 2  # pieces of the onset that a quiet one takes back: a word may begin unevenly, and two clicks are no word
HANGOVER = 20  # pieces: 200 ms of quiet; the stops inside a word ("ticket") are shorter

ABOVE_NOISE = 5.0  # dB: voice on a telephone is 15 to 40 dB above its line's noise, and steady noise within one of it
ABOVE_VARIATION = 2.5  # times the noise's mean deviation: rumble and babble pass for a voice once a minute at the most
STILL_ABOVE_NOISE = 3.5  # dB: words end more softly than they begin
STILL = 0.6  # of what is audible, or of the echo: -4.4 dB


class VoiceActivity:
    """Feed it every frame in order. `quiet_for` is how long ago, in seconds of audio, the last voiced piece ended.

    Tell its `echo` what the agent plays, so that the agent's voice that comes back is not taken for a caller's.
    """

    def __init__(self) -> None:
        self.voiced = False
        self.echo = LineEcho()
        self.in_echo = False
        """What can be heard now may be the agent's echo, and is no more than that."""
        self._noise = LineNoise()
        self._loud = 0  # pieces of a sound that may become a voice
        self._quiet = 0  # unvoiced pieces in a row, while voiced

    def hear(self, frame: bytes) -> Transition | None:
        """Enter a frame of μ-law; a transition if there was one."""
        samples = audioop.ulaw2lin(frame, 2)
        half = len(samples) // 4 * 2
        pieces = audioop.rms(samples[:half], 2), audioop.rms(samples[half:], 2)
        noise, echo = self._noise, self.echo.bound()
        self.in_echo = echo >= AUDIBLE and not self.voiced
        if self.voiced:
            above = max(STILL_ABOVE_NOISE, ABOVE_VARIATION * noise.varies)
            change = self._go_on(pieces, max(AUDIBLE * STILL, amplitude(noise.level + above), echo * STILL))
            if not self._quiet:
                self.echo.hear_voice(max(pieces))
        else:
            above = max(ABOVE_NOISE, ABOVE_VARIATION * noise.varies)
            threshold = max(AUDIBLE, amplitude(noise.level + above))
            change = self._wait(pieces, max(threshold, echo), samples)
            if echo < threshold:  # louder, it would be learned as the line's noise
                for level in pieces:
                    noise.hear(decibels(level))
            if echo:
                self.echo.hear(max(pieces))
        return change

    def _wait(self, pieces: tuple[int, int], threshold: float, samples: bytes) -> Transition | None:
        for level in pieces:
            if level >= threshold:
                self._loud += 1
            elif self._loud:
                self._loud = max(0, self._loud - SETBACK)
        if self._loud < ONSET:
            return None
        self._loud = 0
        if is_key(samples):
            return None
        self.voiced, self._quiet = True, 0
        return Transition.STARTED

    def _go_on(self, pieces: tuple[int, int], threshold: float) -> Transition | None:
        for level in pieces:
            self._noise.hear_voice(decibels(level))
            self._quiet = 0 if level >= threshold else self._quiet + 1
        if self._quiet < HANGOVER:
            return None
        self.voiced = False
        self.echo.sound_ended()
        return Transition.STOPPED

    @property
    def quiet_for(self) -> float:
        """Seconds of audio since the last voiced piece."""
        return self._quiet * FRAME_SECONDS / PIECES


def decibels(level: int) -> float:
    """Of a root mean square, above one step of 16 bits."""
    return 20 * log10(level) if level else 0.0


def amplitude(loudness: float) -> float:
    """The root mean square of so many decibels."""
    return float(10 ** (loudness / 20))
