"""Tells voice from silence, 20 ms at a time, for a microsecond: the loudness of a frame against the noise of the line.

It is there to notice that a caller starts and stops making sound, quickly and on every line; what a sound means, the
ears say. Models that are better at it (WebRTC's, Silero) cost 2 to 2,000 times as much and still fire on coughs.
"""

from __future__ import annotations

from enum import Enum

from .g711 import AUDIBLE, FRAME_SECONDS, loudness


class Transition(Enum):
    """What changed with a frame."""

    STARTED = "started"
    STOPPED = "stopped"


ONSET = 3  # frames: 60 ms of sound; a click is shorter, the shortest word ("no", 200 ms) longer
HANGOVER = 10  # frames: 200 ms of quiet; the stops inside a word ("ticket") are shorter
ABOVE_NOISE = 3.0  # 10 dB: voice on a telephone is 15 to 40 dB above its line's noise
FALL, RISE = 0.2, 0.005  # how fast the noise estimate follows a quieter and a louder frame: a second to learn a car


class VoiceActivity:
    """Feed it every frame in order. `quiet_for` is how long ago, in seconds of audio, the last voiced frame ended."""

    def __init__(self) -> None:
        self.voiced = False
        self._noise = AUDIBLE / ABOVE_NOISE
        self._loud = 0  # voiced frames in a row, while quiet
        self._quiet = 0  # unvoiced frames in a row, while voiced

    def hear(self, frame: bytes) -> Transition | None:
        """Enter a frame of μ-law; a transition if there was one."""
        level = loudness(frame)
        loud = level >= max(AUDIBLE, self._noise * ABOVE_NOISE)
        self._noise += (level - self._noise) * (FALL if level < self._noise else RISE)
        if self.voiced:
            self._quiet = 0 if loud else self._quiet + 1
            if self._quiet < HANGOVER:
                return None
            self.voiced, self._loud = False, 0
            return Transition.STOPPED
        self._loud = self._loud + 1 if loud else 0
        if self._loud < ONSET:
            return None
        self.voiced, self._quiet = True, 0
        return Transition.STARTED

    @property
    def quiet_for(self) -> float:
        """Seconds of audio since the last voiced frame."""
        return self._quiet * FRAME_SECONDS
