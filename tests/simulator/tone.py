"""A voice of tones: one a word, its pitch made from the word."""

from __future__ import annotations

import audioop
import math
import struct
import zlib
from functools import cache

from phoneagent.conversation.words import SAMPLE_RATE, Word
from phoneagent.records import Clip

LEAD = 400  # samples of silence before the first word (50 ms)
GAP = 320  # samples between words (40 ms)
LETTER = 480  # samples a letter (60 ms)


@cache
def tone(seconds: float, pitch: float = 440.0, level: int = 6000) -> bytes:
    """μ-law."""
    samples = (
        round(level * math.sin(2 * math.pi * pitch * number / SAMPLE_RATE))
        for number in range(round(seconds * SAMPLE_RATE))
    )
    return audioop.lin2ulaw(b"".join(struct.pack("<h", sample) for sample in samples), 2)


class ToneVoice:
    """`spoken` counts how often each text was synthesized."""

    def __init__(self) -> None:
        self.spoken: dict[str, int] = {}

    def synthesize(self, text: str, *, voice: str = "") -> Clip:
        self.spoken[text] = self.spoken.get(text, 0) + 1
        audio = bytearray(b"\xff" * LEAD)
        words: list[Word] = []
        for word in text.split():
            start = len(audio)
            audio += tone(len(word) * LETTER / SAMPLE_RATE, 300 + zlib.crc32((voice + word).encode()) % 700)
            words.append(Word(word, start, len(audio)))
            audio += b"\xff" * GAP
        return Clip(bytes(audio), tuple(words))
