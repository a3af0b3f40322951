"""Whether a caller asks for a moment, and for how long they may be silent then."""

from __future__ import annotations

import re
from functools import cache

from .languages import Moments, language_of
from .lexicon import Lexicon, language_code
from .policy import Policy
from .search import Search, found, search

LONGEST = 400  # characters, the last of a turn: what came before them is not waited for any more
LONGER = 2.0  # times the patience: to find a person takes longer than to find a card
MINUTES_AT_MOST = 10.0  # whoever needs more calls again
_CLAUSES = re.compile(r"[.!?;:,…\n¿¡]+|\s[-–—]+\s")
_NO_WORDS = re.compile(r"[^\w\s'-]+")


def patience(text: str, language: str, policy: Policy, *, search: Search = search) -> float:
    """Seconds of silence that a caller has asked for with this turn; 0 if they have not.

    >>> patience("Please hold the line.", "en", Policy())
    60.0
    """
    text = text[-LONGEST:].lower().replace("\u2019", "'")
    known = _known(language_code(language))
    clauses = [words for clause in _CLAUSES.split(text) if (words := _words(clause))]
    usual = max(policy.idle_when_waiting, policy.idle_after)
    asked = [0.0]
    if not known.wants_an_answer(clauses):
        asked += (known.seconds(clause, usual) for clause in clauses)
    if known.is_nothing_else(_words(text)) or found(policy.waiting, text, search=search):
        asked.append(max(usual, 60 * known.minutes(_words(text))))
    return max(asked)


def _words(text: str) -> str:
    return " ".join(_NO_WORDS.sub(" ", text).split())


class _Known:
    """The requests of one language, compiled."""

    def __init__(self, moments: Moments) -> None:
        self._whole = Lexicon(moments.whole, tuple(moments.soft.split()))
        self._clauses = _pattern(moments.clauses)
        self._long = _pattern(moments.long)
        self._minutes = _pattern(moments.minutes)
        self._not_if = _pattern(moments.not_if)
        self._minute, self._counts = moments.minute, moments.counts

    def minutes(self, clause: str) -> float:
        """How many are named in it."""
        named = self._minutes.search(clause)
        if named is None:
            return 0.0
        count = named["count"]
        return min(MINUTES_AT_MOST, float(count) if count.isdecimal() else self._counts[count])

    def wants_an_answer(self, clauses: list[str]) -> bool:
        """Whether somebody ends with what is no request: "one moment, that is not right"."""
        return bool(clauses) and self._not_if.search(clauses[-1]) is not None

    def is_nothing_else(self, words: str) -> bool:
        """Whether somebody says only that they want a moment."""
        return self._whole.covers(self._one_minute(words))

    def seconds(self, clause: str, usual: float) -> float:
        """What a clause asks for, whatever stands around it; 0: nothing."""
        if self._not_if.search(clause):
            return 0.0
        if self._long.search(clause):
            usual *= LONGER
        elif not self._clauses.search(self._one_minute(clause)):
            return 0.0
        return max(usual, 60 * self.minutes(clause))

    def _one_minute(self, words: str) -> str:
        """With any number of minutes a request is the same."""
        return self._minutes.sub(self._minute, words)


def _pattern(alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'-])(?:{alternatives})(?![\w'-])")


@cache
def _known(code: str) -> _Known:
    return _Known(language_of(code).moments)
