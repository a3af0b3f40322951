"""Words in time."""

from __future__ import annotations

from typing import NamedTuple

SAMPLE_RATE = 8000
"""Samples a second. One sample is one byte of G.711 μ-law, the telephone network's own format."""


class Word(NamedTuple):
    """A word as it is spoken. `start` and `end` are samples at 8 kHz from where its audio begins."""

    text: str
    start: int
    end: int
