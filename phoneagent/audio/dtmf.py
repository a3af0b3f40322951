"""The tones of a telephone's keys (ITU-T Q.23: one of four low tones together with one of four high), made and known.

The carrier reports keys by itself; the tones are recognised only so that they are not taken for a voice.
"""

from __future__ import annotations

import audioop
from array import array
from functools import cache
from math import cos, pi, sin

from .g711 import FRAME, SILENCE

LOW = (697, 770, 852, 941)  # Hz
HIGH = (1209, 1336, 1477, 1633)
KEYS = ("123A", "456B", "789C", "*0#D")  # by low and high tone
PAUSE_KEY = "w"  # half a second of silence, as Twilio and many others write it

TONE = 0.1  # seconds; Q.24: receivers must take 40 ms, and some telephone menus want 70
GAP = 0.1  # seconds; as long, so that the same key twice is two
PAUSE = 0.5  # seconds
LOW_LEVEL = -9.0  # dBm0 a tone; Q.24: receivers take 0 to -25, and networks clip what is loud
HIGH_LEVEL = -7.0  # dBm0; 2 dB more, as Q.23 has it: cables damp high tones more, and receivers take up to 4
FULL_SCALE = 32124 * 10 ** (-3.17 / 20)  # amplitude of 0 dBm0 in 16 bits: G.711 has the loudest sine at +3.17 dBm0

PURE = 0.8  # of a frame's energy is in the two tones; of vowels less than half is

_RATE = 8000
_AMPLITUDE = 16000


def _wave(shape: float, frequency: int) -> bytes:
    return array("h", (int(_AMPLITUDE * cos(2 * pi * frequency * n / _RATE - shape)) for n in range(FRAME))).tobytes()


def _waves(frequencies: tuple[int, ...]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((_wave(0.0, frequency), _wave(pi / 2, frequency)) for frequency in frequencies)


_LOW, _HIGH = _waves(LOW), _waves(HIGH)


def is_digits(text: str) -> bool:
    """Whether all of a text can be sent: `0123456789*#ABCD`, and `w` to wait for half a second. Not empty."""
    return bool(text) and set(text) <= {*"".join(KEYS), PAUSE_KEY}


def tones(digits: str) -> bytes:
    """The keys of a text for which `is_digits` holds, as μ-law at 8 kHz: 100 ms of tone, 100 ms of silence each."""
    return b"".join(SILENCE * round(PAUSE * _RATE) if digit == PAUSE_KEY else _tone(digit) for digit in digits)


@cache
def _tone(digit: str) -> bytes:
    row = next(number for number, keys in enumerate(KEYS) if digit in keys)
    low, high = LOW[row], HIGH[KEYS[row].index(digit)]
    samples = (_sine(LOW_LEVEL, low, n) + _sine(HIGH_LEVEL, high, n) for n in range(round(TONE * _RATE)))
    return audioop.lin2ulaw(array("h", map(round, samples)).tobytes(), 2) + SILENCE * round(GAP * _RATE)


def _sine(level: float, frequency: int, n: int) -> float:
    return FULL_SCALE * 10 ** (level / 20) * sin(2 * pi * frequency * n / _RATE)


def is_key(samples: bytes) -> bool:
    """Whether a frame of 16-bit audio is a key's tone. Takes 12 µs: ask only when it matters."""
    if len(samples) != 2 * FRAME:
        return False
    total = (audioop.rms(samples, 2) / _AMPLITUDE) ** 2 * 2  # as the square of a sine's amplitude
    return total > 0 and _strongest(samples, _LOW) + _strongest(samples, _HIGH) >= PURE * total


def _strongest(samples: bytes, waves: tuple[tuple[bytes, bytes], ...]) -> float:
    """Of these tones the strongest: the square of its amplitude, in units of `_AMPLITUDE`."""
    return max(audioop.findfactor(samples, even) ** 2 + audioop.findfactor(samples, odd) ** 2 for even, odd in waves)
