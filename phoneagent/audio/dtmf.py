"""Tells the tones of a telephone's keys from voices (ITU-T Q.23: one of four low tones together with one of four high).

The carrier reports keys by itself; the tones are recognised only so that they are not taken for a voice.
"""

from __future__ import annotations

import audioop
from array import array
from math import cos, pi

from .g711 import FRAME

LOW = (697, 770, 852, 941)  # Hz
HIGH = (1209, 1336, 1477, 1633)
PURE = 0.8  # of a frame's energy is in the two tones; of vowels less than half is

_RATE = 8000
_AMPLITUDE = 16000


def _wave(shape: float, frequency: int) -> bytes:
    return array("h", (int(_AMPLITUDE * cos(2 * pi * frequency * n / _RATE - shape)) for n in range(FRAME))).tobytes()


def _waves(frequencies: tuple[int, ...]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((_wave(0.0, frequency), _wave(pi / 2, frequency)) for frequency in frequencies)


_LOW, _HIGH = _waves(LOW), _waves(HIGH)


def is_key(samples: bytes) -> bool:
    """Whether a frame of 16-bit audio is a key's tone. Takes 12 µs: ask only when it matters."""
    if len(samples) != 2 * FRAME:
        return False
    total = (audioop.rms(samples, 2) / _AMPLITUDE) ** 2 * 2  # as the square of a sine's amplitude
    return _strongest(samples, _LOW) + _strongest(samples, _HIGH) >= PURE * total


def _strongest(samples: bytes, waves: tuple[tuple[bytes, bytes], ...]) -> float:
    """Of these tones the strongest: the square of its amplitude, in units of `_AMPLITUDE`."""
    return max(audioop.findfactor(samples, even) ** 2 + audioop.findfactor(samples, odd) ** 2 for even, odd in waves)
