"""Music for those who wait: four chords, plucked slowly. Ours, so that nobody's licence is needed."""

from __future__ import annotations

import io
import wave
from array import array
from functools import cache
from math import exp, pi, sin

RATE = 8000
CHORDS = (
    (261.63, 329.63, 392.00, 493.88),  # C major seventh
    (220.00, 261.63, 329.63, 392.00),  # A minor seventh
    (174.61, 261.63, 349.23, 440.00),  # F
    (196.00, 246.94, 293.66, 392.00),  # G
)
PATTERN = (0, 1, 2, 3, 2, 1)  # which string of the chord is plucked, in turns
BEAT = 0.4  # seconds from one to the next
RING = 1.2  # seconds until a string has faded to a third
LEVEL = 3200  # of 32767 a string: three sound together, well below a voice


@cache
def hold_music() -> bytes:
    """A WAV file (16 bits, 8 kHz, mono) of ten seconds that can be repeated: it ends as it begins, in silence."""
    beats = len(CHORDS) * len(PATTERN)
    samples = [0.0] * round((beats * BEAT + RING / 2) * RATE)
    for beat in range(beats):
        chord = CHORDS[beat // len(PATTERN)]
        _pluck(samples, chord[PATTERN[beat % len(PATTERN)]], round(beat * BEAT * RATE))
    fade = round(RING / 2 * RATE)
    for n in range(1, fade + 1):
        samples[-n] *= n / fade
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(array("h", map(round, samples)).tobytes())
    return file.getvalue()


def _pluck(samples: list[float], frequency: float, start: int) -> None:
    for n in range(min(round(2 * RING * RATE), len(samples) - start)):
        seconds = n / RATE
        swell = min(1.0, seconds / 0.02)  # no click
        tone = sin(2 * pi * frequency * seconds) + 0.3 * sin(4 * pi * frequency * seconds)
        samples[start + n] += LEVEL * swell * exp(-seconds / RING) * tone
