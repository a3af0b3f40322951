"""Which of the agent's words reached the caller's ear, and when. The truth, known without asking the product.

A word was heard when the first half of its sound was: then a person recognises it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from phoneagent.conversation.words import SAMPLE_RATE, Word
from phoneagent.records import Clip

SAID_AGAIN = 8.0  # seconds; a word that comes back sooner was repeated after a pause, later it was said anew


class HeardWord(NamedTuple):
    """A word of the agent at the caller's ear. `at`: when its sound began, seconds since the call began."""

    at: float
    text: str


class Played(NamedTuple):
    """A piece of a reply at the caller's ear: samples `start` to `end`, the first of them heard at `at`."""

    at: float
    reply: int
    start: int
    end: int


def words_played(pieces: Iterable[Played], words: Mapping[int, Iterable[Word]]) -> tuple[HeardWord, ...]:
    """The words of all replies of which at least half was played, in the order in which they were first heard."""
    played: dict[int, list[Played]] = {}
    for piece in pieces:
        played.setdefault(piece.reply, []).append(piece)
    heard = [
        HeardWord(at, word.text)
        for reply, spoken in words.items()
        for word in spoken
        if (at := _begun(word, played.get(reply, []))) is not None
    ]
    return tuple(sorted(heard, key=lambda word: word.at))


def _begun(word: Word, pieces: list[Played]) -> float | None:
    """When a word began whose first half was played; None if it was not. Pieces may overlap after a resumption."""
    middle, cursor, at = (word.start + word.end) // 2, word.start, None
    for piece in pieces:
        if piece.start <= cursor < piece.end:
            if at is None:
                at = piece.at + (word.start - piece.start) / SAMPLE_RATE
            cursor = piece.end
        if cursor >= middle:
            return at
    return None


class _Found(NamedTuple):
    at: int  # sample of the recording
    clip: str
    position: int
    text: str


def words_in(recording: bytes, clips: Mapping[str, Clip], caller_spoke: Sequence[float] = ()) -> tuple[HeardWord, ...]:
    """The words of these clips in what came out of the receiver, μ-law: found bit for bit, in their order.

    Every word's sound must be its own, as those of `ScriptedVoice` are. `caller_spoke`: when the caller began to say
    something that wants an answer. A word that comes again after that is another one; without it the agent only went
    on at it, or before it, after a pause.
    """
    found: list[_Found] = []
    for text, clip in clips.items():
        for index, word in enumerate(clip.words):
            sound = clip.audio[word.start : (word.start + word.end) // 2]
            at = recording.find(sound) if sound else -1
            while at >= 0:
                found.append(_Found(at, text, index, word.text))
                at = recording.find(sound, at + len(sound))
    heard: list[_Found] = []
    for one in sorted(found):
        if not _repeats(one, heard, [round(at * SAMPLE_RATE) for at in caller_spoke]):
            heard.append(one)
    return tuple(HeardWord(one.at / SAMPLE_RATE, one.text) for one in heard)


def _repeats(one: _Found, heard: list[_Found], caller_spoke: Sequence[int]) -> bool:
    for before in heard[-3:]:
        if (
            before.clip == one.clip
            and before.position == one.position
            and one.at - before.at < SAID_AGAIN * SAMPLE_RATE
        ):
            return not any(before.at < spoke < one.at for spoke in caller_spoke)
    return False
