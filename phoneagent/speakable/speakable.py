"""Text as it is written, made into text as it is spoken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from . import addresses, markup
from .pronunciation import UNSPACED, Pronunciation
from .rules import Begins, Rule
from .vocabulary import VOCABULARIES

if TYPE_CHECKING:
    from .language import Language


class Unit(NamedTuple):
    """A piece of a text that is heard as one: mostly a word. "$3.50" is spoken as four, "12 EUR" is one unit."""

    written: str
    """As it stands in the text, white space in it included."""

    spoken: str


class Rendering(NamedTuple):
    """How a text is spoken. Nothing of the text is missing from its units, but the white space between them."""

    units: tuple[Unit, ...]
    spoken: str
    """What the voice is given; empty when there is nothing to say."""


_SAMPLES = (
    "On Nov 22, 2026 at 7:30pm a table for 2-3 costs $3.50 or 12 EUR (+15005550006, AB12C); Dr. Who & co.: 10%, 1/2, "
    "1st, 555-0199, **ana@example.com**, www.example.com/menu #5 1,200 km."
)
"""What `warm` speaks: it fills the tables that are filled on their first use."""


class Speakable:
    """Makes the texts of one agent speakable: in µs, once it is warm."""

    def __init__(self, language: str = "", pronunciation: Mapping[str, str] | None = None) -> None:
        """`language`: a code such as en or en-GB. Of one that we do not know, only marks and addresses are handled.

        `pronunciation`: how words and phrases are said, in whichever case they are written.
        """
        dictionary = Pronunciation(pronunciation or {})
        spoken = _language(language)
        rules, words = _rules(spoken, dictionary)
        self._speaks_numbers = spoken is not None
        self._rules = {begins: _Rules(rules, begins) for begins in (Begins.LETTER, Begins.DIGIT, Begins.SIGN)}
        self._words = words

    def warm(self) -> None:
        """Load what the first texts would wait for: numbering plans, patterns, tables. Takes a quarter of a second, and
        may be done in a thread while something is rendered already.
        """
        for rules in self._rules.values():
            rules.compile()
        if self._speaks_numbers:
            from . import telephone

            telephone.warm()
        self.render(_SAMPLES)

    def render(self, text: str) -> Rendering:
        """The units of a text. Their written forms, joined by white space, are the text."""
        units = _attach_silent(text, self._spans(text))
        spoken = _join(unit.spoken for unit in units)
        return Rendering(units, spoken.lstrip(", ") if _audible(spoken) else "")

    # -- what is found, and how it is said ----------------------------------------------------------

    def _spans(self, text: str) -> list[_Span]:
        spans: list[_Span] = []
        pieces: list[_Span] = []  # of what has no white space in it
        at = 0
        for written, spoken in self._parts(text):
            if spoken is not None:
                pieces.append(_Span(at, at + len(written), spoken))
            else:
                for word in _WORD_OR_SPACE.finditer(written):
                    if not word[0].isspace():
                        pieces.append(_Span(at + word.start(), at + word.end(), word[0]))
                    elif pieces:
                        spans.append(_whole(pieces, "".join))
                        pieces = []
            at += len(written)
        return [*spans, _whole(pieces, "".join)] if pieces else spans

    def _parts(self, text: str) -> list[tuple[str, str | None]]:
        """The text in order: what a rule says, and plain text with None."""
        parts: list[tuple[str, str | None]] = []
        plain = 0
        for chunk in _CHUNK.finditer(text):
            if (word := chunk["word"]) and word.casefold() not in self._words:
                continue
            at = max(chunk.start(), plain)
            while at < chunk.end():
                said, end = self._said(text, at)
                if end is None:
                    at += 1
                    continue
                if plain < at:
                    parts.append((text[plain:at], None))
                parts += said
                plain = at = end
        parts.append((text[plain:], None))
        return parts

    def _said(self, text: str, at: int) -> tuple[list[tuple[str, str | None]], int | None]:
        """What is said of what begins here, and where it ends; None for its end when no rule is about it."""
        here = text[at]
        if at and here.isalpha() and text[at - 1].isalpha() and not _UNSPACED.match(here):
            return [], None  # nothing begins in the middle of a word
        for found, rule in self._rules[Begins.of(here)].match(text, at):
            if (said := rule.say(found)) is None:
                continue
            if isinstance(said, str):
                return [(found[0], said)], found.end()
            parts: list[tuple[str, str | None]] = []
            for part in said:
                parts += self._parts(part.written) if part.spoken is None else [(part.written, part.spoken)]
            return parts, found.end()
        return [], None


class _Rules:
    """The rules that may apply where a letter (a digit, a sign) stands. One pattern finds the first of them.

    Patterns are compiled when they are needed, or by `compile`: a greeting needs few, and all take 100 ms.
    """

    def __init__(self, rules: Iterable[Rule], begins: Begins) -> None:
        self._rules = [rule for rule in rules if rule.begins & begins]

    @cached_property
    def _any(self) -> re.Pattern[str]:
        nameless = (re.sub(r"\(\?P<\w+>", "(?:", rule.pattern) for rule in self._rules)
        return re.compile("|".join(f"(?P<rule{number}>{pattern})" for number, pattern in enumerate(nameless)))

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        return [re.compile(rule.pattern) for rule in self._rules]

    def compile(self) -> None:
        """Now, not in a call."""
        _ = self._any, self._patterns

    def match(self, text: str, at: int) -> Iterator[tuple[re.Match[str], Rule]]:
        if (first := self._any.match(text, at)) is None:
            return
        for number in range(int(str(first.lastgroup).removeprefix("rule")), len(self._rules)):
            if found := self._patterns[number].match(text, at):
                yield found, self._rules[number]


_UNSPACED = re.compile(UNSPACED)
_CHUNK = re.compile(
    r"(?m:^[ \t]*)(?P<line>[^\w\s]\S*)"
    r"|(?!\S*str\.|[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒])(?P<word>(?:(?!"
    + UNSPACED
    + r")[^\W\d_])+)(?:['’-][^\W\d_]+)*[,;:!?]*\.{0,3}[\"”)]*(?!\S)"
    r"|\S+"
)
"""Between white space: the beginning of a line, a plain word, or anything else. Rules are tried on what is no plain
word, and on those plain words that rules begin with.
"""

_WORD_OR_SPACE = re.compile(r"\s+|\S+")


class _Span(NamedTuple):
    """A unit by its place in the text."""

    start: int
    end: int
    spoken: str


def _whole(pieces: Sequence[_Span], join: Callable[[Iterable[str]], str]) -> _Span:
    """Spans that are one."""
    return _Span(pieces[0].start, pieces[-1].end, join(piece.spoken for piece in pieces))


def _attach_silent(text: str, spans: list[_Span]) -> tuple[Unit, ...]:
    """A unit in which nothing is said belongs to the next one; the last, to the one before."""
    units: list[_Span] = []
    waiting: list[_Span] = []
    for span in spans:
        waiting.append(span)
        if _audible(span.spoken):
            units.append(_whole(waiting, _join))
            waiting = []
    if waiting:
        units[-1:] = [_whole([*units[-1:], *waiting], _join)]
    return tuple(Unit(text[unit.start : unit.end], _tidy(unit.spoken)) for unit in units)


def _tidy(spoken: str) -> str:
    return re.sub(r" (?=[,.;:!?])", "", " ".join(spoken.split()))


def _audible(spoken: str) -> bool:
    return any(map(str.isalnum, spoken))


def _join(pieces: Iterable[str]) -> str:
    """The pieces with white space between them, but not before a pause; no pause twice."""
    joined: list[str] = []
    for piece in pieces:
        if piece.startswith(_PAUSES):
            while joined and not (last := joined[-1].rstrip(", ")):
                joined.pop()
            joined[-1:] = [last, piece] if joined else [piece]
        elif piece:
            joined += (" ", piece) if joined else (piece,)
    return "".join(joined)


_PAUSES = (",", ".", ";", ":", "!", "?")


def _language(tag: str) -> Language | None:
    if tag.replace("_", "-").split("-")[0].lower() not in VOCABULARIES:
        return None
    from .language import Language  # with all that knows numbers, which an agent without a language need not pay

    return Language.of(tag)


def _rules(language: Language | None, dictionary: Pronunciation) -> tuple[list[Rule], frozenset[str]]:
    """The rules of a language, and the words that they begin with, in lower case."""
    known = dictionary.get
    rules = [*markup.RULES, *addresses.rules(language, known), *dictionary.rules()]
    beginnings = [*dictionary.words]
    if language is not None:
        from . import (
            abbreviations,
            amounts,
            codes,
            dates,
            fractions,
            numerals,
            roman,
            signs,
            streets,
            sums,
            telephone,
            times,
        )  # fmt: skip

        for subject in (
            sums, times, amounts, dates, telephone, streets, codes, fractions, numerals, roman, abbreviations, signs,
        ):  # fmt: skip
            rules += subject.rules(language)
        for words in (
            abbreviations.words(language),
            amounts.words(),
            dates.words(language),
            streets.words(language),
            roman.words(language),
            ["noon", "midnight", "x"],
        ):
            beginnings += words
    first_words = (re.match(r"[^\W\d_]+", text.casefold()) for text in beginnings)
    return [*rules, *markup.EMPHASIS], frozenset(word[0] for word in first_words if word)
