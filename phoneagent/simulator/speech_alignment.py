"""Which character is spoken when: what ElevenLabs sends beside the audio. Pure."""

from __future__ import annotations

from typing import NamedTuple

from phoneagent.conversation.words import SAMPLE_RATE
from phoneagent.records import Clip

FIRST_CHUNK = SAMPLE_RATE // 10  # samples: the first audio comes in a small piece, for its latency
CHUNK = SAMPLE_RATE // 5  # samples of the later pieces

MILLISECOND = SAMPLE_RATE // 1000


class Character(NamedTuple):
    """A character of the text; `start` and `end` are samples in the clip."""

    char: str
    start: int
    end: int


class Chunk(NamedTuple):
    """A piece of a clip that begins at sample `start`, and the characters that begin in it."""

    start: int
    audio: bytes
    characters: tuple[Character, ...]

    def alignment(self) -> dict[str, list[str] | list[int]] | None:
        """In milliseconds from the beginning of this chunk, as on the wire."""
        return align(self.characters, self.start)


def align(characters: tuple[Character, ...], origin: int) -> dict[str, list[str] | list[int]] | None:
    """Characters with their times relative to the sample `origin`, as on the wire; None for none."""
    if not characters:
        return None
    starts = [(c.start - origin) // MILLISECOND for c in characters]
    ends = [(c.end - origin) // MILLISECOND for c in characters]
    return {
        "chars": [c.char for c in characters],
        "charStartTimesMs": starts,
        "charDurationsMs": [end - start for start, end in zip(starts, ends, strict=True)],
    }


def spell(text: str, clip: Clip) -> tuple[Character, ...]:
    """Times of all characters of `text` as spoken in `clip`: even within a word; what is between words fills the gap.

    Words are matched by their order. A clip whose words are not those of the text (a number that the synthesizer spells
    out, say) gives its duration to all characters evenly.
    """
    tokens = text.split()
    if len(tokens) != len(clip.words):
        return _spread(text, 0, len(clip.audio))
    characters: list[Character] = []
    at = done = 0
    for token, word in zip(tokens, clip.words, strict=True):
        found = text.index(token, at)
        characters += _spread(text[at:found], done, word.start)
        characters += _spread(token, word.start, word.end)
        at, done = found + len(token), word.end
    return (*characters, *_spread(text[at:], done, len(clip.audio)))


def cut(text: str, clip: Clip) -> tuple[Chunk, ...]:
    """A clip in the pieces in which it is delivered."""
    characters = spell(text, clip)
    edges = [0, *range(FIRST_CHUNK, len(clip.audio), CHUNK)]
    chunks = []
    for start, end in zip(edges, [*edges[1:], len(clip.audio)], strict=True):
        last = end == len(clip.audio)
        inside = tuple(c for c in characters if start <= c.start and (c.start < end or last))
        chunks.append(Chunk(start, clip.audio[start:end], inside))
    return tuple(chunks)


def _spread(text: str, start: int, end: int) -> tuple[Character, ...]:
    length = max(0, end - start)
    return tuple(
        Character(char, start + length * index // len(text), start + length * (index + 1) // len(text))
        for index, char in enumerate(text)
    )
