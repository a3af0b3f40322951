"""Booking codes and the like: letter by letter, digit by digit."""

from __future__ import annotations

import re

from .identifiers import name_before
from .language import Language
from .numerals import in_threes
from .rules import Begins, Rule, Said, before

_CODE = r"(?<![\w.@/-])(?=[A-Z\d-]{0,20}\d)(?=[A-Z\d-]{0,20}[A-Z])[A-Z\d]+(?:-[A-Z\d]+)*(?![\w@-])"
_SPELLED = r"(?<![\w-])[A-Z\d](?:-[A-Z\d]){2,}(?![\w-])"  # X-K-4-2
_GROUPS = (  # 123-45-6789
    r"(?<![\w.,:$€£/-])(?:\d{1,6}(?:-\d{1,6}){2,}"
    r"|\d{5}-\d{4}|0\d+-\d{2,}|\d{5,}-\d{1,6}|\d{1,4}-\d{5,})(?![\w:%€°/-]|[.,]\d)"
)
_SHORT = r"([A-Z]?)-?([1-9]\d?)([A-Z]?)"  # gate B12, seat 14C, I-95
_DUTCH = r"(?<![\w.,-])[1-9]\d{3} ?(?!SA|SD|SS)[A-Z]{2}(?!\w)"  # 1012 AB Amsterdam
_ID = (  # CPF, CNPJ, RUT: dots and then a dash
    r"(?<![\w.,])\d{1,3}(?:\.\d{3}){1,2}(?:/\d{4})?-[\dKkXx]{1,2}(?![\w-])"
)
WORDS = 4  # letters in a row from which they are a word: COVID19


def rules(language: Language) -> list[Rule]:
    numbers = language.numbers

    def spell(text: str) -> str:
        spoken = []
        for run in re.findall(r"[A-Z]+|\d+", text):
            if run.isdecimal():
                groups = in_threes(run)
                spoken.append(", ".join(numbers.digits(group) for group in groups))
            elif len(run) >= WORDS and re.search(r"[AEIOUY]", run):
                spoken.append(run)
            else:
                spoken.append(" ".join(run))
        return " ".join(spoken)

    def code(found: re.Match[str]) -> Said:
        if name := re.fullmatch(r"([A-Z]{4,})-?(\d{1,2})", found[0]):  # COVID-19
            return f"{name[1]} {numbers.cardinal(int(name[2]))}"
        if year := re.fullmatch(r"(FY|CY|Q[1-4]-?)((?:19|20)\d\d)", found[0]):
            return f"{' '.join(year[1].strip('-'))} {numbers.year(int(year[2]))}"
        if short := re.fullmatch(_SHORT, found[0]):
            return " ".join(filter(None, (short[1], numbers.cardinal(int(short[2])), short[3])))
        return groups(found)

    def groups(found: re.Match[str]) -> Said:
        if re.fullmatch(r"\d+00-\d+00", found[0]):
            return None  # 8000-10000
        return ", ".join(spell(group) for group in re.split("[-./ ]", found[0]))

    def small(found: re.Match[str]) -> Said:
        """Your code is ab9453."""
        if name_before(before(found, 40), language.code) is None:
            return None
        runs = re.findall(r"[a-z]+|\d+", found[0])
        return " ".join(numbers.digits(run) if run.isdecimal() else " ".join(run) for run in runs)

    def spelled(found: re.Match[str]) -> Said:
        return spell(found[0])

    def after_its_name(found: re.Match[str]) -> Said:
        """A code of three or four digits; longer ones are known by their length. An offer "ends in 2027"."""
        earlier = before(found, 40)
        name = re.search(r"[*•]{2} ?$", earlier) or name_before(earlier, language.code)
        if name is None or (name[0][:3].casefold() == "end" and re.fullmatch(r"(?:19|20)\d\d", found[0])):
            return None
        if len(found[0]) == 3 and re.match(
            r"(?i:number|order|call|text|case|press|numer|número|numéro|numero|\w*nummer|nr|n\b|n[.º°])", name[0]
        ):
            return None  # number 112 is not more than that
        return spell(found[0])

    return [
        *([Rule(_DUTCH, groups, Begins.DIGIT)] if language.code == "nl" else []),
        Rule(_ID, groups, Begins.DIGIT),
        Rule(_SPELLED, spelled, Begins.LETTER | Begins.DIGIT),
        Rule(
            r"(?<![\w.@/-])(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{4,20}(?![\w@/-]|\.\w)", small, Begins.LETTER | Begins.DIGIT
        ),
        Rule(_CODE, code, Begins.LETTER | Begins.DIGIT),
        Rule(_GROUPS, groups, Begins.DIGIT),
        Rule(r"(?<![\w.,:$€£-])\d{3,}(?![\w:%€°]|[.,]\d)", after_its_name, Begins.DIGIT),
    ]
