"""Words that the ears tell again, in another spelling or with more behind them: they settle on a transcript late."""

from __future__ import annotations

from difflib import SequenceMatcher

from .meaning import normalised

ALIKE = 0.6  # of the letters: a transcript that is settled corrects and formats what it was before
SPELLED = {
    "zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14",
    "fifteen": "15", "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19", "twenty": "2",
    "thirty": "3", "forty": "4", "fifty": "5", "sixty": "6", "seventy": "7", "eighty": "8", "ninety": "9",
}  # fmt: skip


def words_again(known: str, text: str, *, exactly: bool = False) -> int:
    """With how many of its words `text` begins with what is `known`; all, if it does not get to its end.

    They may be written otherwise ("five five five", "5 5 5", "555") and, unless `exactly`, be corrected.
    """
    target = compact(known)
    joined, words = "", text.split()
    if not target:
        return 0
    for count, word in enumerate(words, start=1):
        joined += compact(word)
        if len(joined) >= len(target):
            same = joined.startswith(target) or (not exactly and _alike(joined, target))
            return count if same else 0
    shorter = not exactly and (target.startswith(joined) or _alike(joined, target))
    return len(words) if shorter else 0


def compact(text: str) -> str:
    """Letters and digits, and numbers as digits."""
    words = normalised(text).split()
    return "".join(character for word in words for character in SPELLED.get(word, word) if character.isalnum())


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE
