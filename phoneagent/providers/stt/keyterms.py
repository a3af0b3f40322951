"""Words that a provider is told to expect: made into a list that it takes. Pure.

A list over a provider's limits is refused as a whole, and a call whose list is refused has no ears. So what is sent is
cleaned and counted before: in the order given, as much as fits.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})  # Unicode categories: control, format, surrogate, private, none
JOINERS = "\u200c\u200d"  # format characters all the same; Persian and Hindi are misspelled without
LETTERS_PER_TOKEN = 2  # see `tokens_in`


@dataclass(frozen=True, slots=True)
class KeytermLimits:
    """What a provider takes in one list."""

    terms: int
    characters: int  # of a term
    tokens: int  # of all terms together


@dataclass(frozen=True, slots=True)
class FittedKeyterms:
    """What of a list is sent, and what is left out because of a limit. Blanks and repetitions are in neither."""

    terms: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def fit(terms: Iterable[str], limits: KeytermLimits) -> FittedKeyterms:
    """The terms in their order, clean, each once, as many as fit: what is too long makes room for what follows it."""
    taken: dict[str, str] = {}
    left_out: dict[str, str] = {}
    tokens = 0
    for term in map(clean, terms):
        key = term.casefold()
        if not term or key in taken or key in left_out:
            continue
        cost = tokens_in(term)
        fits = len(taken) < limits.terms and len(term) <= limits.characters and tokens + cost <= limits.tokens
        (taken if fits else left_out)[key] = term
        tokens += cost if fits else 0
    return FittedKeyterms(tuple(taken.values()), tuple(left_out.values()))


def clean(term: str) -> str:
    """A term on one line, without what cannot be said or sent; empty if nothing of it is left."""
    composed = unicodedata.normalize("NFC", " ".join(term.split()))
    kept = "".join(
        character for character in composed if character in JOINERS or unicodedata.category(character) not in DROPPED
    )
    return " ".join(kept.split()) if any(map(str.isalnum, kept)) else ""


def tokens_in(term: str) -> int:
    """At most so many tokens are in a term; the provider's own tokeniser is not published.

    Byte-pair tokenisers make one token of some four letters of common English and of two or three of a name, which is
    what lists like these are made of: two are counted. Digits, signs and letters in capitals stand alone in the worst
    case, and so does each byte of a character beyond ASCII.
    """
    return sum(_tokens_in_word(word) for word in term.split())


def _tokens_in_word(word: str) -> int:
    small = sum("a" <= character <= "z" for character in word)
    others = len(word.encode()) - small
    if others and "A" <= word[0] <= "Z" and small:  # the capital of a name is read with what follows it
        small, others = small + 1, others - 1
    return others + -(-small // LETTERS_PER_TOKEN)
