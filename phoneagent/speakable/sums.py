"""Sums: 20 - 5 is 15, 10 / 2 = 5, 2 + 3; and what is compared: >= 5."""

from __future__ import annotations

import re

from .language import Language
from .rules import SPACE, Begins, Rule, Said

_RESULT = {
    "en": "is|are|equals?|makes|leaves", "de": "ist|sind|macht|gibt|gleich|ergibt", "fr": "est|font|fait|égale|égal",
    "es": "es|son|igual|da", "it": "è|fa|fanno|uguale", "pt": "é|são|dá|igual", "pl": "to|jest|równa|daje",
    "nl": "is|zijn|maakt|geeft",
}  # fmt: skip
_DIVIDED = {
    "en": "divided by", "de": "geteilt durch", "fr": "divisé par", "es": "entre", "it": "diviso", "pt": "dividido por",
    "pl": "podzielić przez", "nl": "gedeeld door",
}  # fmt: skip
_AT_LEAST = {
    "en": "at least", "de": "mindestens", "fr": "au moins", "es": "al menos", "it": "almeno", "pt": "pelo menos",
    "pl": "co najmniej", "nl": "minstens",
}  # fmt: skip
_AT_MOST = {
    "en": "at most", "de": "höchstens", "fr": "au plus", "es": "como máximo", "it": "al massimo", "pt": "no máximo",
    "pl": "co najwyżej", "nl": "hoogstens",
}  # fmt: skip
_NOT_EQUAL = {
    "en": "is not", "de": "ungleich", "fr": "différent de", "es": "distinto de", "it": "diverso da",
    "pt": "diferente de", "pl": "nie równa się", "nl": "is niet",
}  # fmt: skip


def is_sum(found: re.Match[str], language: str) -> bool:
    """Whether what is written like a range has a result: 20 - 5 is 15."""
    rest = found.string[found.end() : found.end() + 40]
    more = r"(?:[ ]?[-+*/x×÷\u2212][ ]?\d+){0,4}"
    if re.match(rf"{more}[ ]?=", rest):
        return True
    return " " in found[0] and re.match(rf"{more}[ ](?:{_RESULT[language]})(?![\w-])", rest) is not None


def rules(language: Language) -> list[Rule]:
    words = language.vocabulary
    code = language.code
    number = r"\d+(?:[.,]\d+)?"
    more = rf"(?:{SPACE}?[-+*/x×÷\u2212]{SPACE}?{number}){{0,4}}"

    def minus(_: re.Match[str]) -> Said:
        return f" {words.minus} "

    def divided(_: re.Match[str]) -> Said:
        return f" {_DIVIDED[code]} "

    def compared(found: re.Match[str]) -> Said:
        name = {"≥": _AT_LEAST, ">=": _AT_LEAST, "≤": _AT_MOST, "<=": _AT_MOST, "≠": _NOT_EQUAL}[found["sign"]]
        return f" {name[code]} "

    before = rf"(?:(?<=\d)|(?<=\d{SPACE}))"
    follows = rf"(?:(?={SPACE}?{number}{more}{SPACE}?=)|(?<=[ ].)(?=[ ]{number}{more}[ ](?:{_RESULT[code]})(?![\w-])))"
    return [
        Rule(rf"{before}[-\u2013\u2212]{follows}", minus, Begins.SIGN),
        Rule(rf"{before}/{follows}|(?<=\d){SPACE}?÷|÷", divided, Begins.SIGN),
        Rule(r"(?P<sign>≥|≤|≠|>=|<=)", compared, Begins.SIGN),
    ]
