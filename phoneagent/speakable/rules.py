"""A rule finds something in a text that is not spoken as it is written, and says it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Flag, auto
from typing import NamedTuple, TypeAlias

SPACE = "[ \u00a0\u202f]"
"""White space inside of what belongs together; never a new line."""

HYPHEN = "[-\u2010-\u2015\u2212]"
"""What joins the two ends of a range, as people and models write it."""


class Part(NamedTuple):
    """A piece of what a rule found; with `spoken=None` it is left to the other rules."""

    written: str
    spoken: str | None


Said: TypeAlias = str | Sequence[Part] | None
"""How it is spoken, in one piece or in several; None when it is not what the rule is about."""


class Begins(Flag):
    """What a rule's finds begin with. Only those rules are tried that may apply: that makes them fast."""

    LETTER = auto()
    DIGIT = auto()
    SIGN = auto()  # all the rest, white space included
    ANYHOW = LETTER | DIGIT | SIGN

    @classmethod
    def of(cls, character: str) -> Begins:
        return cls.LETTER if character.isalpha() else cls.DIGIT if character.isdecimal() else cls.SIGN


class Rule(NamedTuple):
    """`pattern` must not match the empty text. Earlier rules win over later ones at the same place."""

    pattern: str
    say: Callable[[re.Match[str]], Said]
    begins: Begins


def silent(_: re.Match[str]) -> str:
    return ""


def before(found: re.Match[str], characters: int = 24) -> str:
    """The text that stands before what was found."""
    return found.string[max(0, found.start() - characters) : found.start()]


def after(found: re.Match[str], characters: int = 24) -> str:
    return found.string[found.end() : found.end() + characters]


def ends_sentence(found: re.Match[str]) -> bool:
    """Whether a full stop at the end of what was found also ends the sentence."""
    rest = after(found).lstrip("*_\"'”’)")
    return not rest.strip() or bool(re.match(r"\s+[^\W\d_]", rest) and rest.lstrip()[0].isupper())


def one_of(*texts: str) -> str:
    """A pattern for any of these texts, the longest first."""
    return "(?:" + "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True)) + ")"
