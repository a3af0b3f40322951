"""Numbers that count nothing we know: ordinals, fractions, ranges, years, and strings of digits."""

from __future__ import annotations

import re

from .language import Language
from .rules import HYPHEN, SPACE, Begins, Rule, Said, after, before

_FRACTIONS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4"}
_YEARS = range(1900, 2100)  # four digits in it are a year; earlier ones only after "in", "since" and the like
_OF_YEARS = re.compile(r"\b(?:in|since|from|until|till|by|year|circa|of|im jahr|jahr|seit)\s+$", re.IGNORECASE)
_IN_PAIRS_AFTER = re.compile(
    r"\b(?:room|suite|flight|bus|route|highway|unit|apartment|building|box|locker)\s(?:[A-Z]{2}\s)?$", re.IGNORECASE
)
_IN_PAIRS_BEFORE = re.compile(
    r"\s(?:[NSEW]\.?\s)?(?:[A-Z][\w'’.]*\s){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Way"
    r"|Court|Ct|Place|Pl|Square|Parkway|Pkwy)\b"
)
"""Flight 1175 and 1234 Elm Street are read like years, in English."""
CARDINAL_DIGITS = 4  # more without a separator are read digit by digit, but for round ones


def rules(language: Language) -> list[Rule]:
    reader = _Numerals(language)
    number = language.numbers.pattern
    found = [
        Rule(r"(?<![\w.,])\d+(?:\.\d+){2,}(?!\w)", reader.version, Begins.DIGIT),
        Rule(
            rf"(?<![\w.,/])(?:(?P<whole>\d+)(?:{SPACE}|-))?(?P<n>[1-9])/(?P<d>[1-9]|10)(?![\w/]|[.,]\d)",
            reader.fraction,
            Begins.DIGIT,
        ),
        Rule(
            rf"(?<![\w.,/])(?:(?P<whole>\d+){SPACE}?)?(?P<sign>[½⅓⅔¼¾])",
            reader.fraction_sign,
            Begins.DIGIT | Begins.SIGN,
        ),
        Rule(r"(?m:^[ \t]*(?P<n>\d{1,2})[.)][ \t]+(?=\S))", reader.item, Begins.DIGIT | Begins.SIGN),
    ]
    if language.code == "en":
        found += [
            Rule(r"(?<![\w.,])(?P<feet>[1-9])['’′](?P<inches>1[01]|\d)(?:[\"”″]|(?!\w))", reader.height, Begins.DIGIT),
            Rule(r"(?<![\w.,])24/7(?!\w)", lambda _: "twenty-four seven", Begins.DIGIT),
            Rule(r"(?<![\w.,])(?P<n>\d{1,3}(?:,\d{3})+|\d{1,9})(?:st|nd|rd|th)(?!\w)", reader.ordinal, Begins.DIGIT),
            Rule(r"(?<![\w.,])['’]?(?P<n>(?:1[1-9]|20)?\d0)['’]?s(?!\w)", reader.decade, Begins.DIGIT | Begins.SIGN),
        ]
    if language.code == "fr":
        found.append(
            Rule(
                r"(?<![\w.,])(?P<n>\d{1,4})(?P<e>ers?|[eè]?res?|[eè]mes?|es?)(?!\w)",
                reader.french_ordinal,
                Begins.DIGIT,
            )
        )
    if language.code in ("es", "it", "pt"):
        found.append(Rule(r"(?<![\w.,])(?P<n>\d{1,4})\.?(?P<e>[ºª°])(?![\w°])", reader.romance_ordinal, Begins.DIGIT))
    if language.code == "nl":
        found.append(Rule(r"(?<![\w.,])(?P<n>\d{1,4})(?:e|de|ste)(?!\w)", reader.ordinal, Begins.DIGIT))
    if language.code == "de":
        found.append(Rule(
            r"(?<![\w.,])(?P<n>\d{1,3})\.(?=\s(?:Stock|Etage|Jahrhundert|Tag|Mal|Platz|Klasse|Stufe|Reihe|Person|Kapitel|Schritt)\w*)",
            reader.german_ordinal,
            Begins.DIGIT,
        ))  # fmt: skip
    sign = r"(?:(?<![\w)-])(?P<sign>[-\u2212+±]))?"
    through = rf"(?:{HYPHEN}|{SPACE}[-–—]{SPACE})"
    ends = r"[.,]\d"
    return [
        *found,
        Rule(rf"(?<![\w.,:/-])(?P<a>{number}){through}(?P<b>{number})(?![\w:/-]|{ends})", reader.range, Begins.DIGIT),
        Rule(rf"(?<![\w.,])(?P<a>{number})[x×](?P<b>{number})(?![^\W_]|{ends})", reader.product, Begins.DIGIT),
        Rule(r"(?<![\w.,/])50/50(?![\w/])", reader.evenly, Begins.DIGIT),
        Rule(rf"(?<![\w.,:])(?P<a>\d{{1,3}}):(?P<b>\d{{1,3}})(?![\w:]|{ends})", reader.ratio, Begins.DIGIT),
        Rule(rf"{sign}(?<![\w.,])(?P<n>{number})(?![^\W_]|{ends})", reader.plain, Begins.DIGIT | Begins.SIGN),
    ]


class _Numerals:
    def __init__(self, language: Language) -> None:
        self._numbers = language.numbers
        self._words = language.vocabulary

    def plain(self, found: re.Match[str]) -> Said:
        sign = {"-": self._words.minus, "\u2212": self._words.minus, "+": self._words.plus}.get(found["sign"] or "", "")
        if found["sign"] == "±":
            sign = f"{self._words.plus} {self._words.minus}"
        said = self._say(found, found["n"])
        return f"{sign} {said}" if sign else said

    def _say(self, found: re.Match[str], written: str) -> str:
        if not written.isdecimal() or written == "0":
            return self._numbers.number(written)
        if written.startswith("0") or (len(written) > CARDINAL_DIGITS and not written.endswith("000")):
            return ", ".join(self._numbers.digits(group) for group in in_threes(written))
        number = int(written)
        if len(written) == 4 and (number in _YEARS or (number < 1900 and _OF_YEARS.search(before(found)))):
            return self._numbers.year(number)
        if len(written) == 4 and self._numbers.language == "en" and _in_pairs(found):
            return self._numbers.year(number)
        return self._numbers.cardinal(number)

    def range(self, found: re.Match[str]) -> Said:
        """9-5, 10–12, 2019-2021. With a hyphen between more digits it is something else."""
        first, last = found["a"], found["b"]
        hyphen = "-" in found[0]
        if hyphen and max(len(first), len(last)) > 2 and len(first) != len(last):
            return None
        if first.startswith("0") or last.startswith("0"):
            return f"{self._say(found, first)}, {self._say(found, last)}"
        return f"{self._say(found, first)} {self._words.to} {self._say(found, last)}"

    def ratio(self, found: re.Match[str]) -> Said:
        return f"{self._numbers.cardinal(int(found['a']))} {self._words.to} {self._numbers.cardinal(int(found['b']))}"

    def product(self, found: re.Match[str]) -> Said:
        return f"{self._numbers.number(found['a'])} {self._words.times} {self._numbers.number(found['b'])}"

    def evenly(self, _: re.Match[str]) -> Said:
        return f"{self._numbers.cardinal(50)} {self._numbers.cardinal(50)}"

    def height(self, found: re.Match[str]) -> Said:
        """5'10": feet and inches."""
        return f"{self._numbers.cardinal(int(found['feet']))} foot {self._numbers.cardinal(int(found['inches']))}"

    def version(self, found: re.Match[str]) -> Said:
        between = f" {self._words.dot if self._numbers.language != 'en' else 'point'} "
        return between.join(self._say(found, piece) for piece in found[0].split("."))

    def item(self, found: re.Match[str]) -> Said:
        return self._numbers.cardinal(int(found["n"])) + ", "

    def ordinal(self, found: re.Match[str]) -> Said:
        return self._numbers.ordinal(int(found["n"].replace(",", "")))

    def german_ordinal(self, found: re.Match[str]) -> Said:
        article = re.search(r"(?i)\b(?:im|am|vom|zum|beim|dem|den|des)\s+$", before(found))
        return self._numbers.ordinal(int(found["n"])) + ("n" if article else "")

    def french_ordinal(self, found: re.Match[str]) -> Said:
        number = int(found["n"])
        if number == 1 and found["e"].endswith("re"):
            return "première"
        return self._numbers.ordinal(number)

    def romance_ordinal(self, found: re.Match[str]) -> Said:
        said = self._numbers.ordinal(int(found["n"]))
        return re.sub(r"o\b", "a", said) if found["e"] == "ª" else said

    def decade(self, found: re.Match[str]) -> Said:
        """The 1990s, the 90s."""
        number = int(found["n"])
        said = self._numbers.year(number) if number >= 1000 else self._numbers.cardinal(number)
        return said[:-1] + "ies" if said.endswith("y") else said + "s"

    def fraction(self, found: re.Match[str]) -> Said:
        if int(found["n"]) >= int(found["d"]):
            return None
        return self._with_whole(found["whole"], f"{found['n']}/{found['d']}")

    def fraction_sign(self, found: re.Match[str]) -> Said:
        return self._with_whole(found["whole"], _FRACTIONS[found["sign"]])

    def _with_whole(self, whole: str | None, fraction: str) -> Said:
        said = self._words.halves.get(fraction)
        if said is None:
            if self._numbers.language != "en":
                return None
            above, below = (int(number) for number in fraction.split("/"))
            said = f"{self._numbers.cardinal(above)} {self._numbers.ordinal(below)}{'s' if above > 1 else ''}"
        if not whole:
            return said
        if self._numbers.language == "en":
            said = said.replace("one ", "a ", 1)
        return f"{self._numbers.cardinal(int(whole))} {self._words.both} {said}"


def _in_pairs(found: re.Match[str]) -> bool:
    return bool(_IN_PAIRS_AFTER.search(before(found)) or _IN_PAIRS_BEFORE.match(after(found, 60)))


def in_threes(digits: str) -> list[str]:
    """Long strings of digits in groups that can be followed; a ZIP code is one, and no digit is left alone."""
    if len(digits) <= 5:
        return [digits]
    groups = []
    while len(digits) > 4:
        groups.append(digits[:3])
        digits = digits[3:]
    return [*groups, digits]
