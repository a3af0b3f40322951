"""Phrases by language, and whether an utterance is made of nothing else."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

_LETTERS = str.maketrans({"ł": "l", "ø": "o"})  # which Unicode does not take apart
_NO_LETTERS = re.compile(r"[^\w\s]+")


def plain(text: str) -> str:
    """Words without punctuation, hyphens and accents: ears write the same words in many ways.

    >>> plain("Êtes-vous là ?")
    'etes vous la'
    """
    letters = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(_NO_LETTERS.sub(" ", bare).split())


@dataclass(frozen=True)
class Lexicon:
    """`phrases` carry the meaning; `soft` words may stand around them and add nothing ("um", "so much", "sir")."""

    phrases: tuple[str, ...]
    soft: tuple[str, ...] = ()

    @cached_property
    def _phrases(self) -> tuple[str, ...]:
        return tuple(sorted(set(map(plain, self.phrases)), key=len, reverse=True))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(rf"(?<!\S)(?:{'|'.join(map(re.escape, self._phrases))})(?!\S)")

    @cached_property
    def _soft(self) -> frozenset[str]:
        return frozenset(plain(" ".join(self.soft)).split())

    def covers(self, text: str) -> bool:
        """Whether the text has one of the phrases, and nothing but phrases and soft words."""
        rest, found = self._pattern.subn(" ", plain(text))
        return found > 0 and self._soft.issuperset(rest.split())

    def may_cover(self, text: str) -> bool:
        """Whether it may come to that, with more words behind it: "are you" of "are you there"."""
        words = self._pattern.sub(" ", plain(text)).split()
        while words and words[0] in self._soft:
            del words[0]
        rest = " ".join(words)
        return not rest or any(phrase.startswith(rest) for phrase in self._phrases)

    def __add__(self, other: Lexicon) -> Lexicon:
        return Lexicon((*self.phrases, *other.phrases), (*self.soft, *other.soft))


def language_code(language: str) -> str:
    """Of "pt-BR", "pt"."""
    return re.split("[-_]", language.lower())[0]
