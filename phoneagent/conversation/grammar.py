"""Sentences with choices in them: what callers may say, written the way people write it down.

    [i would like to] book a table [for <people>] [(at | around) <time>]

`[optional]`, `(one | other)` and `<rule>`; a rule has alternatives of its own. The same notation, a subset of JSGF,
serves ears that recognise by grammar and minds that match what was understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


class PatternError(ValueError):
    """A pattern is not written as this notation demands; the text says where and what was expected."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """A word."""

    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """`<rule>`."""

    rule: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these; an optional part has the empty sequence among them."""

    options: tuple[Pattern, ...]


Pattern: TypeAlias = Spelled | Reference | Sequence | Choice

NOTHING = Sequence(())

LISTENED_TO = 100  # words of a text, the last; forty seconds of speech, of which a menu wants five

_TOKEN = re.compile(r"\s*(?:(?P<word>[\w'-]+)|<(?P<rule>[\w-]+)>|(?P<mark>[][()|]))")
_ABBREVIATION = re.compile(r"\b((?:[a-z]\.){2,})")
_NOT_SPOKEN = re.compile(r"[^\w']+|(?<!\w)'|'(?!\w)")


def normalise(text: str) -> str:
    """Reduce a text to what is spoken of it: lower case, no punctuation, single spaces.

    >>> normalise("Yes – at 7:30 p.m., I'd say.")
    "yes at 7 30 pm i'd say"
    """
    lower = text.lower().replace("’", "'")
    joined = _ABBREVIATION.sub(lambda match: match[1].replace(".", ""), lower)
    return " ".join(_NOT_SPOKEN.sub(" ", joined).split())


def parse(text: str) -> Pattern:
    """Read a pattern. Raises `PatternError`."""
    tokens = list(_tokenise(text))
    pattern, position = _choice(text, tokens, 0)
    if position < len(tokens):
        raise PatternError(f"{text!r}: {tokens[position].text!r} closes nothing")
    return pattern


class Match(NamedTuple):
    """What a grammar made of a text: the words from `start` to `end`, and what was said for each rule in them."""

    start: int
    end: int
    rules: Mapping[str, str]


class Grammar:
    """A set of patterns and the rules they refer to."""

    def __init__(self, phrases: Iterable[str], rules: Mapping[str, Iterable[str]] | None = None) -> None:
        """Raises `PatternError`: a pattern is malformed, or refers to a rule that is missing or refers to itself."""
        self._rules = {name: Choice(tuple(map(parse, options))) for name, options in (rules or {}).items()}
        self._top = Choice(tuple(map(parse, phrases)))
        self._groups: list[str] = []
        self._whole = re.compile(self._expression(self._top, ()))
        self._vocabulary = frozenset(word for phrase in self.words() for word in phrase.split())
        self._most = self._longest(self._top)

    def match(self, text: str) -> Match | None:
        """Match the whole of a text."""
        words = normalise(text).split()
        return self._stretch(words, 0, len(words)) if 0 < len(words) <= self._most else None

    def search(self, text: str) -> Match | None:
        """Find the longest stretch of a text that matches, the first of equally long ones."""
        words = normalise(text).split()
        skipped = max(0, len(words) - LISTENED_TO)
        runs = self._runs(words, skipped)
        stretches = (
            self._stretch(words, start, start + length)
            for length in range(min(LISTENED_TO, self._most), 0, -1)
            for first, end in runs
            for start in range(first, end - length + 1)
        )
        return next(filter(None, stretches), None)

    def _runs(self, words: list[str], start: int) -> list[tuple[int, int]]:
        """Where words that can occur follow one another: nothing matches across another one."""
        runs: list[tuple[int, int]] = []
        for place in range(start, len(words)):
            if words[place] not in self._vocabulary:
                continue
            if runs and runs[-1][1] == place:
                runs[-1] = (runs[-1][0], place + 1)
            else:
                runs.append((place, place + 1))
        return runs

    def words(self) -> frozenset[str]:
        """Every word that can occur."""
        return frozenset(_words(Choice((self._top, *self._rules.values()))))

    def _expression(self, pattern: Pattern, inside: tuple[str, ...]) -> str:
        match pattern:
            case Spelled(text):
                return re.escape(text) + " "
            case Sequence(parts):
                return "".join(self._expression(part, inside) for part in parts)
            case Choice(options):
                return f"(?:{'|'.join(self._expression(option, inside) for option in options)})"
            case Reference(rule):
                if rule not in self._rules:
                    raise PatternError(f"<{rule}> is not defined")
                if rule in inside:
                    raise PatternError(f"<{rule}> refers to itself")
                self._groups.append(rule)
                return f"({self._expression(self._rules[rule], (*inside, rule))})"

    def _longest(self, pattern: Pattern) -> int:
        """The number of words in the longest sentence."""
        match pattern:
            case Spelled():
                return 1
            case Reference(rule):
                return self._longest(self._rules[rule])
            case Sequence(parts):
                return sum(map(self._longest, parts))
            case Choice(options):
                return max(map(self._longest, options), default=0)

    def _stretch(self, words: list[str], start: int, end: int) -> Match | None:
        match = self._whole.fullmatch("".join(f"{word} " for word in words[start:end]))
        if match is None:
            return None
        said = zip(self._groups, match.groups(), strict=True)
        return Match(start, end, {rule: words.strip() for rule, words in said if words is not None})


class _Token(NamedTuple):
    kind: str
    text: str


def _tokenise(text: str) -> Iterator[_Token]:
    position = 0
    end = len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if not found or found.lastgroup is None:
            raise PatternError(f"{text!r}: expected a word, <rule>, [optional] or (one | other) at {text[position:]!r}")
        position = found.end()
        yield _Token(found.lastgroup, found[found.lastgroup].lower() if found.lastgroup == "word" else found[0].strip())


def _choice(text: str, tokens: list[_Token], position: int) -> tuple[Pattern, int]:
    options = []
    while True:
        option, position = _sequence(text, tokens, position)
        options.append(option)
        if position >= len(tokens) or tokens[position].text != "|":
            return (options[0] if len(options) == 1 else Choice(tuple(options))), position
        position += 1


def _sequence(text: str, tokens: list[_Token], position: int) -> tuple[Pattern, int]:
    parts: list[Pattern] = []
    while position < len(tokens) and tokens[position].text not in ("|", ")", "]"):
        kind, symbol = tokens[position]
        position += 1
        if kind == "word":
            parts.append(Spelled(symbol))
        elif kind == "rule":
            parts.append(Reference(symbol[1:-1]))
        else:
            closing = ")" if symbol == "(" else "]"
            inner, position = _choice(text, tokens, position)
            if position >= len(tokens) or tokens[position].text != closing:
                raise PatternError(f"{text!r}: {symbol!r} is not closed by {closing!r}")
            position += 1
            parts.append(inner if symbol == "(" else Choice((inner, NOTHING)))
    if not parts:
        raise PatternError(
            f"{text!r}: expected words" + (f" before {tokens[position].text!r}" if position < len(tokens) else "")
        )
    return (parts[0] if len(parts) == 1 else Sequence(tuple(parts))), position


def _words(pattern: Pattern) -> Iterator[str]:
    match pattern:
        case Spelled(text):
            yield text
        case Sequence(parts) | Choice(parts):
            for part in parts:
                yield from _words(part)
