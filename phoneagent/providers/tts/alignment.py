"""From characters in time, as ElevenLabs tells them, to words in samples. Pure."""

from __future__ import annotations

import msgspec

from phoneagent.conversation.words import SAMPLE_RATE, Word

SAMPLES_A_MS = SAMPLE_RATE // 1000


class Alignment(msgspec.Struct):
    """Characters of a piece of speech; times in milliseconds from the beginning of that piece.

    Three spellings are in use for the durations, and three for the starts.
    """

    chars: tuple[str, ...] = ()
    starts: tuple[float, ...] = msgspec.field(default=(), name="charStartTimesMs")
    starts_plural: tuple[float, ...] = msgspec.field(default=(), name="charsStartTimesMs")
    starts_snake: tuple[float, ...] = msgspec.field(default=(), name="char_start_times_ms")
    durations: tuple[float, ...] = msgspec.field(default=(), name="charDurationsMs")
    durations_plural: tuple[float, ...] = msgspec.field(default=(), name="charsDurationsMs")
    durations_snake: tuple[float, ...] = msgspec.field(default=(), name="char_durations_ms")

    @property
    def times(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Starts and durations, whichever way they were spelled."""
        return (
            self.starts or self.starts_plural or self.starts_snake,
            self.durations or self.durations_plural or self.durations_snake,
        )


_decode = msgspec.json.Decoder(Alignment).decode


def read_alignment(raw: msgspec.Raw) -> Alignment | None:
    """An alignment as it came; None if there is none, or none that makes sense.

    Nulls, and lists of different lengths, are seen: the audio beside them is sound all the same.
    """
    try:
        alignment = _decode(raw) if raw else None
    except msgspec.MsgspecError:
        return None
    if alignment is None or not alignment.chars:
        return None
    return alignment if {len(times) for times in alignment.times} == {len(alignment.chars)} else None


class WordAligner:
    """Collects the words of one reply; a word may be spread over pieces and is known when it has ended."""

    def __init__(self) -> None:
        self.text = ""  # of the word that has not ended
        self.end = 0  # of the last character
        self._start = 0

    def add(self, alignment: Alignment, base: int) -> list[Word]:
        """Words that end in this piece, whose audio begins at sample `base` of the reply."""
        words = []
        for character, start, duration in zip(alignment.chars, *alignment.times, strict=True):
            if character.isspace():
                words += self.flush()
                continue
            begins = max(base + round(start * SAMPLES_A_MS), self.end)
            if not self.text:
                self._start = begins
            self.text += character
            self.end = max(base + round((start + duration) * SAMPLES_A_MS), begins)
        return words

    def flush(self) -> list[Word]:
        """The word that was being collected, if there is one."""
        if not self.text:
            return []
        word = Word(self.text, self._start, self.end)
        self.text = ""
        return [word]
