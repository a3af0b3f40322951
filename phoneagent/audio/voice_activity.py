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
VOICED = 200  # of 32,767: -44 dBFS; a voice begins louder than this on the quietest line
ABOVE_NOISE = 3.0  # 10 dB: voice on a telephone is 15 to 40 dB above its line's noise
STILL_ABOVE = 2.0  # 6 dB: words end more softly than they begin
FALL = 0.2  # of the way to a quieter frame, each frame: the noise is what is left between words
RISE = 1.006  # times louder each frame at the most: 10 dB in four seconds, so that speech is not taken for noise
QUIETEST = AUDIBLE / STILL_ABOVE  # noise below this makes no difference


class VoiceActivity:
    """Feed it every frame in order. `quiet_for` is how long ago, in seconds of audio, the last voiced frame ended."""

    def __init__(self) -> None:
        self.voiced = False
        self._noise = QUIETEST
        self._loud = 0  # voiced frames in a row, while quiet
        self._quiet = 0  # unvoiced frames in a row, while voiced

    def hear(self, frame: bytes) -> Transition | None:
        """Enter a frame of μ-law; a transition if there was one."""
        level = loudness(frame)
        if self.voiced:
            loud = level >= max(AUDIBLE, self._noise * STILL_ABOVE)
        else:
            loud = level >= max(VOICED, self._noise * ABOVE_NOISE)
        if level < self._noise:
            self._noise = max(QUIETEST, self._noise + (level - self._noise) * FALL)
        else:
            self._noise *= RISE
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
