"""Signs in plain text: &, #, @, +, =, / and what is left of them."""

from __future__ import annotations

import re

from babel.numbers import get_currency_name

from .amounts import SIGNS
from .language import Language
from .rules import SPACE, Begins, Rule, Said, before, one_of
from .units import forms

_ENGLISH = {"w/o": "without", "w/": "with", "c/o": "care of", "n/a": "not applicable", "and/or": "and or"}
_PRESSED = re.compile(
    r"\b(?:press|push|dial|hit|enter|tap|drück|wähl|appuye|tape|compose|pulse|marque|presion|oprim|prem|digit|naciśnij"
    r"|wciśnij|wybierz|pressione|tecle|druk|toets)",
    re.IGNORECASE,
)
"""Keys of a telephone are spoken of, in any language."""
_TIMES_A_DAY = {
    "en": "times", "de": "mal", "fr": "fois", "es": "veces", "it": "volte", "pt": "vezes", "pl": "razy", "nl": "keer",
}  # fmt: skip
_EACH = {"hr": "hour", "h": "hour", "min": "minute", "sec": "second", "wk": "week", "mo": "month", "yr": "year"}


def _percent(language: Language) -> str:
    return forms(language.locale)["%"]["other"].replace("{0} ", "")


def _currency(language: Language, code: str) -> str:
    names = language.vocabulary.currencies.get(code)
    return names[0] if names else str(get_currency_name(code, locale=language.locale))


def rules(language: Language) -> list[Rule]:
    words = language.vocabulary

    def between_words(found: re.Match[str]) -> Said:
        """he/she is "he or she"; TCP/IP has nothing in between."""
        left, right = found.string[found.start() - 1], found.string[found.end()]
        return " " if left.isupper() and right.isupper() else f" {words.either} "

    def each(found: re.Match[str]) -> Said:
        """$10/hr."""
        return f" {words.per} {_EACH[found['each']]}"

    def shortened(found: re.Match[str]) -> Said:
        return _ENGLISH[found[0].lower()]

    def alone(found: re.Match[str]) -> Said:
        """In $ or in %."""
        sign = found["c"] or found["c2"]
        return f" {_percent(language) if sign == '%' else _currency(language, SIGNS[sign])} "

    def star(found: re.Match[str]) -> Said:
        """The key of a telephone: press *, dial *67. Elsewhere it is a mark."""
        return f"{words.star} " if _PRESSED.search(before(found)) else None

    def pound(found: re.Match[str]) -> Said:
        return words.pound if _PRESSED.search(before(found)) else None

    found = [
        *(
            [
                Rule(rf"(?<=[\w$€£%])/(?P<each>{one_of(*_EACH)})(?!\w)", each, Begins.SIGN),
                Rule(r"(?<=[a-z])/(?=(?:hour|day|night|week|month|year|person)\b)", lambda _: " per ", Begins.SIGN),
            ]
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
        Rule(r"(?<=\d\s)x(?=\s[^\W\d_]{2})", lambda _: _TIMES_A_DAY[language.code], Begins.LETTER),
        Rule(r"(?<=\d\s)x(?=\s\d)", lambda _: words.times, Begins.LETTER),
        Rule(r"(?<=\d\s)\*(?=\s*\d)", lambda _: f" {words.times} ", Begins.SIGN),
        Rule(r"(?<=[^\W\d_]\s)\*(?=\d{1,3}(?![\w*])(?![^*\n]*\*)|\s+[^\W\d_*]|[.,;!?)]|$)", star, Begins.SIGN),
        Rule(r"(?<=[^\W\d_]\s)#(?=:|\s\d)", lambda _: words.number, Begins.SIGN),
        Rule(r"(?<=[^\W\d_]\s)#(?=\s|[.,;!?)]|$)", pound, Begins.SIGN),
        Rule(r"\+", lambda _: f" {words.plus} ", Begins.SIGN),
        Rule(r"={1,3}", lambda _: f" {words.equals} ", Begins.SIGN),
        Rule(r"(?<![\w~])[~≈](?=\s?[\d$€£])", lambda _: f"{words.about} ", Begins.SIGN),
        Rule(rf"(?<!\S)<(?={SPACE}?[\d$€£])", lambda _: f"{words.less} ", Begins.SIGN),
        Rule(rf"(?<!\S)>(?={SPACE}?[\d$€£])", lambda _: f"{words.more} ", Begins.SIGN),
        Rule(r"(?:(?<=[\d$€£%])|(?<=\d[kKM]))/(?=[^\W\d_]{2})", lambda _: f" {words.per} ", Begins.SIGN),
        Rule(r"(?<=[^\W\d_])/(?=[^\W\d_])", between_words, Begins.SIGN),
        Rule(
            r"(?<![\w.,/-])(?P<c>[$€£¥%])(?=\s|[.,;:!?)]|$)|(?<=[^\W\d]|[$€£])(?P<c2>[$€£¥])(?=\s|[.,;:!?)\w$]|$)",
            alone,
            Begins.SIGN,
        ),
        Rule(r"/", lambda _: f" {words.slash} ", Begins.SIGN),
        Rule(r"\.{4,}|…+", lambda _: "...", Begins.SIGN),
    ]
    if language.code == "en":
        short = "|".join(re.escape(text) for text in _ENGLISH)
        found.insert(0, Rule(rf"(?i:(?<![\w/])(?:{short})(?![\w/]))", shortened, Begins.LETTER))
    return found
