"""Cuts a growing text into the phrases that are spoken.

The first phrase goes out as early as it can be spoken well: the caller waits for it. Later ones end with their
sentence: a voice does best with whole ones, and there is time while the first is heard.
"""

from __future__ import annotations

import re

from .policy import Policy

_ABBREVIATIONS = frozenset(
    "mr. mrs. ms. dr. prof. st. no. vs. etc. e.g. i.e. a.m. p.m. approx. dept. jr. sr. inc. ltd. co. fig.".split()
)
_SENTENCE_END = re.compile(r"""[.!?…]+["'”’)]*(?=\s)|\n+""")
_PLAIN_END = re.compile(r"\s[^\W\d_]{3,}[.!?]$")  # what no abbreviation, number or address looks like
_CLAUSE_END = re.compile(r"[,;:–—](?=\s)")
_WEAK_ENDING = frozenset(
    "a an the of to for from with at by in on into and or but so because if that than as is are was were be been "
    "am do does did have has had will would can could may might shall should must not no my your our his her its "
    "their this these those which who when where what how i we you he she it they very too about between per "
    "every each any all some mr mrs ms dr".split()
)
"""Words nobody pauses after: a phrase ending with one of them sounds cut."""


class Phrases:
    """Feed it text as the model writes it; it returns phrases as soon as they are complete."""

    def __init__(self, policy: Policy) -> None:
        self._pending = ""
        self._first = True
        self._first_words = policy.first_phrase_words
        self._longest = policy.phrase_characters

    def feed(self, text: str) -> list[str]:
        """More text; the phrases that are now complete."""
        self._pending += text
        phrases = []
        while (end := self._boundary()) is not None:
            phrase, self._pending = self._pending[:end].strip(), self._pending[end:].lstrip()
            if phrase:
                phrases.append(phrase)
                self._first = False
        return phrases

    def flush(self) -> list[str]:
        """The text is complete; what is left of it."""
        rest, self._pending = self._pending.strip(), ""
        return [rest] if rest else []

    def _boundary(self) -> int | None:
        text = self._pending
        for match in _SENTENCE_END.finditer(text):
            if not _ends_in_abbreviation(text[: match.end()]) and text[: match.end()].strip():
                return match.end()
        if self._first:
            return self._first_boundary()
        if len(text) > self._longest:
            return self._forced_boundary()
        return None

    def _first_boundary(self) -> int | None:
        text = self._pending
        if _PLAIN_END.search(text) and not _ends_in_abbreviation(text):
            return len(text)  # without waiting for the space after it: that is one token more
        for match in _CLAUSE_END.finditer(text):
            if len(text[: match.end()].split()) >= 2:
                return match.end()
        ends = [match.end() for match in re.finditer(r"\S+(?=\s)", text)]
        for count, end in enumerate(ends, start=1):
            word = text[:end].split()[-1]
            if count >= self._first_words and not _weak(word):
                return end
        return None

    def _forced_boundary(self) -> int:
        clauses = [match.end() for match in _CLAUSE_END.finditer(self._pending, 0, self._longest)]
        space = self._pending.rfind(" ", 0, self._longest)
        if clauses:
            return clauses[-1]
        return space if space > 0 else self._longest


def _ends_in_abbreviation(text: str) -> bool:
    last = text.rsplit(maxsplit=1)[-1].lower() if text.strip() else ""
    return last in _ABBREVIATIONS or bool(re.fullmatch(r"[a-z]\.|\d+\.", last))


def _weak(word: str) -> bool:
    """Whether a phrase must not end here: a function word, or a number whose unit may follow."""
    return word.lower().strip("\"'(“") in _WEAK_ENDING or word[-1].isdigit() or "@" in word
