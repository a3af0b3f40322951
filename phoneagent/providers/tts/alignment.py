"""From characters in time, as ElevenLabs tells them, to words in samples. Pure."""

from __future__ import annotations

import msgspec

from phoneagent.conversation.words import SAMPLE_RATE, Word

SAMPLES_A_MS = SAMPLE_RATE // 1000


class Alignment(msgspec.Struct):
    """Characters of a piece of speech; times in milliseconds from the beginning of that piece.

    Three spellings are in use for the durations, two for the starts.
    """

    chars: tuple[str, ...] = ()
    starts: tuple[float, ...] = msgspec.field(default=(), name="charStartTimesMs")
    starts_snake: tuple[float, ...] = msgspec.field(default=(), name="char_start_times_ms")
    durations: tuple[float, ...] = msgspec.field(default=(), name="charDurationsMs")
    durations_plural: tuple[float, ...] = msgspec.field(default=(), name="charsDurationsMs")
    durations_snake: tuple[float, ...] = msgspec.field(default=(), name="char_durations_ms")


class WordAligner:
    """Collects the words of one reply; a word may be spread over pieces and is known when it has ended."""

    def __init__(self) -> None:
        self.letters = 0  # characters aligned so far, without white space
        self._text = ""
        self._start = 0
        self._end = 0

    def add(self, alignment: Alignment, base: int) -> list[Word]:
        """Words that end in this piece, whose audio begins at sample `base` of the reply."""
        words = []
        starts = alignment.starts or alignment.starts_snake
        durations = alignment.durations or alignment.durations_plural or alignment.durations_snake
        for character, start, duration in zip(alignment.chars, starts, durations, strict=False):
            if character.isspace():
                words += self.flush()
                continue
            self.letters += len(character)
            begins = max(base + round(start * SAMPLES_A_MS), self._end)
            if not self._text:
                self._start = begins
            self._text += character
            self._end = max(base + round((start + duration) * SAMPLES_A_MS), begins)
        return words

    def flush(self) -> list[Word]:
        """The word that was being collected, if there is one."""
        if not self._text:
            return []
        word = Word(self._text, self._start, self._end)
        self._text = ""
        return [word]
