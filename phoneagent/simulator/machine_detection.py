"""Answering machine detection: a person, a machine, the end of its greeting, told by what is heard. Pure: no clock.

A person says little and then waits; a machine talks on. `MachineDetectionSpeechThreshold` draws the line. What follows
a machine's greeting, a beep or silence, ends it.
"""

from __future__ import annotations

import audioop
import math
import struct
from dataclasses import dataclass
from typing import Literal

from phoneagent.conversation.words import SAMPLE_RATE

from .ear import CLOCK_ERROR, FRAME_SECONDS, audible
from .speech import FRAME

AnsweredBy = Literal[
    "human", "machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "unknown"
]

BEEP_PITCH = 1000  # Hz
BEEP_AT_LEAST = 0.3  # seconds of a pure tone; a vowel is neither as pure nor as long
BEEP_PURITY = 0.95  # of a frame's loudness that lies in the tone
GREETING_OVER = 3.0  # seconds of silence; beeps come sooner after a greeting


@dataclass(frozen=True, slots=True)
class Detection:
    """What a call asked for: durations in seconds, with Twilio's defaults. `held`: instructions wait for the verdict.

    Without `held` (`AsyncAmd`) the call goes on, and `callback` is told.
    """

    until_message_end: bool = False
    held: bool = True
    timeout: float = 30.0
    speech_threshold: float = 2.4
    speech_end_threshold: float = 1.2
    silence_timeout: float = 5.0
    callback: str = ""
    callback_method: str = "POST"


class MachineDetection:
    """Hears one callee from the answer on: `hear` each frame, until it returns a verdict."""

    def __init__(self, detection: Detection) -> None:
        self._detection = detection
        self._frames = 0
        self._speech_began: float | None = None
        self._speech_until = 0.0
        self._tone = 0.0  # seconds that a pure tone has lasted
        self._is_machine = False

    @property
    def seconds(self) -> float:
        """How long it has been listening."""
        return self._frames * FRAME_SECONDS

    def hear(self, frame: bytes) -> AnsweredBy | None:
        began = self.seconds
        self._frames += 1
        if is_tone(frame):
            self._tone += FRAME_SECONDS
        elif self._tone >= BEEP_AT_LEAST:
            return "machine_end_beep" if self._detection.until_message_end else "machine_start"
        else:
            self._tone = 0.0
        if audible(frame):
            if self._speech_began is None:
                self._speech_began = began
            self._speech_until = self.seconds
        return self._judge()

    def _judge(self) -> AnsweredBy | None:
        detection, now = self._detection, self.seconds + CLOCK_ERROR
        silence = now - self._speech_until
        if self._speech_began is None:
            return "unknown" if silence >= detection.silence_timeout else None
        if self._speech_until - self._speech_began >= detection.speech_threshold - CLOCK_ERROR:
            self._is_machine = True
        if not self._is_machine:
            if silence >= detection.speech_end_threshold:
                return "human"
        elif not detection.until_message_end:
            return "machine_start"
        elif silence >= GREETING_OVER:
            return "machine_end_silence"
        if now >= detection.timeout:
            return "machine_end_other" if self._is_machine else "unknown"
        return None


def tone(seconds: float, pitch: float = BEEP_PITCH, level: float = 8000.0) -> bytes:
    """A beep, μ-law. `level`: its amplitude, of 32,767."""
    return audioop.lin2ulaw(_wave(round(seconds * SAMPLE_RATE), pitch, level, 0.0), 2)


def _wave(samples: int, pitch: float, level: float, phase: float) -> bytes:
    step = 2 * math.pi * pitch / SAMPLE_RATE
    return struct.pack(f"<{samples}h", *(round(level * math.sin(step * n + phase)) for n in range(samples)))


_LEVEL = 8000.0
_SINE, _COSINE = (_wave(FRAME, BEEP_PITCH, _LEVEL, phase) for phase in (0.0, math.pi / 2))


def is_tone(frame: bytes) -> bool:
    """Whether this frame is a machine's beep: nearly all of it lies at 1,000 Hz."""
    if len(frame) != FRAME or not audible(frame):
        return False
    samples = audioop.ulaw2lin(frame, 2)
    amplitude = _LEVEL * math.hypot(audioop.findfactor(samples, _SINE), audioop.findfactor(samples, _COSINE))
    return amplitude / math.sqrt(2) >= BEEP_PURITY * audioop.rms(samples, 2)
