"""Keys as they sound."""

from __future__ import annotations

import audioop
import math

import pytest

from phoneagent.audio.dtmf import HIGH, KEYS, LOW, is_digits, is_key, tones
from phoneagent.audio.g711 import FRAME, SILENCE

TONE = 800  # samples: 100 ms
MAX_SINE = 32124  # amplitude of the loudest sine in G.711: +3.17 dBm0


def level(samples: bytes, frequency: int) -> float:
    """Of a tone in 16-bit audio, in dBm0, by Goertzel's method."""
    coefficient = 2 * math.cos(2 * math.pi * frequency / 8000)
    before, last = 0.0, 0.0
    values = memoryview(samples).cast("h")
    for value in values:
        before, last = last, value + coefficient * last - before
    amplitude = 2 / len(values) * math.sqrt(before**2 + last**2 - coefficient * before * last)
    return 20 * math.log10(max(amplitude, 1e-9) / MAX_SINE) + 3.17


@pytest.mark.parametrize("key", "".join(KEYS))
def test_a_key_is_its_two_tones_and_no_other(key):
    audio = tones(key)
    assert len(audio) == 2 * TONE
    assert audio[TONE:] == SILENCE * TONE
    samples = audioop.ulaw2lin(audio[:TONE], 2)
    levels = {frequency: level(samples, frequency) for frequency in (*LOW, *HIGH)}
    low, high = sorted(sorted(levels, key=lambda frequency: levels[frequency])[-2:])
    assert (LOW.index(low), HIGH.index(high)) == next((i, row.index(key)) for i, row in enumerate(KEYS) if key in row)
    assert levels[low] == pytest.approx(-9, abs=0.3)
    assert levels[high] == pytest.approx(-7, abs=0.3)
    others = [value for frequency, value in levels.items() if frequency not in (low, high)]
    assert max(others) < -30


def test_our_own_keys_are_known_as_keys():
    for key in "".join(KEYS):
        frames = audioop.ulaw2lin(tones(key)[:TONE], 2)
        assert all(is_key(frames[start : start + 2 * FRAME]) for start in range(0, 2 * TONE, 2 * FRAME))


def test_a_pause_is_half_a_second():
    assert tones("w1") == SILENCE * 4000 + tones("1")


@pytest.mark.parametrize(
    ("text", "expected"), [("12#", True), ("*0wA", True), ("", False), ("1 2", False), ("E", False)]
)
def test_what_can_be_sent(text, expected):
    assert is_digits(text) is expected
