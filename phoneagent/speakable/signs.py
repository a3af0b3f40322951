"""Signs in plain text: &, #, @, +, =, / and what is left of them."""

from __future__ import annotations

import re

from .language import Language
from .rules import SPACE, Begins, Rule, Said

_ENGLISH = {"w/o": "without", "w/": "with", "c/o": "care of", "n/a": "not applicable", "and/or": "and or"}


def rules(language: Language) -> list[Rule]:
    words = language.vocabulary

    def between_words(found: re.Match[str]) -> Said:
        """he/she is "he or she"; TCP/IP has nothing in between."""
        left, right = found.string[found.start() - 1], found.string[found.end()]
        return " " if left.isupper() and right.isupper() else f" {words.either} "

    def shortened(found: re.Match[str]) -> Said:
        return _ENGLISH[found[0].lower()]

    found = [
        *(
            [Rule(r"(?<=[a-z])/(?=(?:hour|day|night|week|month|year|person)\b)", lambda _: " per ", Begins.SIGN)]
            if language.code == "en"
            else []
        ),
        Rule(r"(?<![\w&])[A-Z]&[A-Z](?!\w)", lambda found: f"{found[0][0]} {words.both} {found[0][2]}", Begins.LETTER),
        Rule(r"&amp;|&", lambda _: f" {words.both} ", Begins.SIGN),
        Rule(r"(?<=[A-Za-z])\+\+", lambda _: f" {words.plus} {words.plus}", Begins.SIGN),
        Rule(r"(?<=\bC)#|(?<=\bF)#", lambda _: " sharp" if language.code == "en" else " ", Begins.SIGN),
        Rule(r"#(?=\d|[A-Z]{1,3}-?\d)", lambda _: f"{words.number} ", Begins.SIGN),
        Rule(r"(?<!\w)#(?=[^\W\d])", lambda _: f"{words.hashtag} ", Begins.SIGN),
        Rule(r"@", lambda _: f" {words.at} ", Begins.SIGN),
        Rule(rf"(?<=\d){SPACE}?[×x*]{SPACE}?(?=\d)|×", lambda _: f" {words.times} ", Begins.SIGN),
        Rule(r"(?<=\s)\*(?=\s*\d)", lambda _: words.times, Begins.SIGN),
        Rule(r"\+", lambda _: f" {words.plus} ", Begins.SIGN),
        Rule(r"={1,3}", lambda _: f" {words.equals} ", Begins.SIGN),
        Rule(r"(?<![\w~])[~≈](?=\s?[\d$€£])", lambda _: f"{words.about} ", Begins.SIGN),
        Rule(rf"(?<!\S)<(?={SPACE}?[\d$€£])", lambda _: f"{words.less} ", Begins.SIGN),
        Rule(rf"(?<!\S)>(?={SPACE}?[\d$€£])", lambda _: f"{words.more} ", Begins.SIGN),
        Rule(r"(?:(?<=[\d$€£%])|(?<=\d[kKM]))/(?=[^\W\d_]{2})", lambda _: f" {words.per} ", Begins.SIGN),
        Rule(r"(?<=[^\W\d_])/(?=[^\W\d_])", between_words, Begins.SIGN),
        Rule(r"/", lambda _: f" {words.slash} ", Begins.SIGN),
        Rule(r"\.{4,}|…+", lambda _: "...", Begins.SIGN),
    ]
    if language.code == "en":
        short = "|".join(re.escape(text) for text in _ENGLISH)
        found.insert(0, Rule(rf"(?i:(?<![\w/])(?:{short})(?![\w/]))", shortened, Begins.LETTER))
    return found
