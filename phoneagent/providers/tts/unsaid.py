"""What a voice that broke off has not said yet. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from phoneagent.conversation.words import SAMPLE_RATE

SAMPLES_A_CHARACTER = SAMPLE_RATE // 15  # speech runs at about 15 characters a second


def letters(text: str) -> int:
    """How much of a text is heard; voices differ in where they leave punctuation."""
    return sum(map(str.isalnum, text))


def unsaid(phrases: Sequence[str], words: Iterable[str], samples: int) -> list[str]:
    """The phrases after the last whole word that was said; a word that was cut is said again.

    `words` are those that the voice has told of; a voice that tells of none is measured by its `samples`.
    """
    said = sum(map(letters, words))
    measured = 0 if said else samples // SAMPLES_A_CHARACTER
    rest: list[str] = []
    for phrase in phrases:
        left: list[str] = []
        for word in phrase.split():
            if not left and not rest:
                if said and said >= letters(word):
                    said -= letters(word)
                    continue
                if measured > len(word):
                    measured -= len(word) + 1
                    continue
                said = measured = 0
            left.append(word)
        if left:
            rest.append(" ".join(left))
    return rest
