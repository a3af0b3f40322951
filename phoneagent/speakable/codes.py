"""Booking codes and the like: letter by letter, digit by digit."""

from __future__ import annotations

import re

from .language import Language
from .numerals import in_threes
from .rules import Begins, Rule, Said, before

_CODE = r"(?<![\w.@/-])(?=[A-Z\d-]{0,20}\d)(?=[A-Z\d-]{0,20}[A-Z])[A-Z\d]+(?:-[A-Z\d]+)*(?![\w@-])"
_SPELLED = r"(?<![\w-])[A-Z\d](?:-[A-Z\d]){2,}(?![\w-])"  # X-K-4-2
_ASKED = {
    "en": r"(?:code|pin|dial|call|press|extension|ext\.?|reference|ref\.?|zip|passcode|password)",
    "de": r"(?:code|pin|wähle|kennung|postleitzahl|plz|durchwahl)",
}
WORDS = 4  # letters in a row from which they are a word: COVID19


def rules(language: Language) -> list[Rule]:
    numbers = language.numbers
    asked = re.compile(_ASKED.get(language.code, r"(?:code|pin)") + r"(?: is| number|:| ist)?:? *$", re.IGNORECASE)

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
        return ", ".join(spell(group) for group in found[0].split("-"))

    def spelled(found: re.Match[str]) -> Said:
        return spell(found[0])

    def after_its_name(found: re.Match[str]) -> Said:
        """A code of three or four digits; longer ones are known by their length."""
        return spell(found[0]) if asked.search(before(found)) else None

    return [
        Rule(_SPELLED, spelled, Begins.LETTER | Begins.DIGIT),
        Rule(_CODE, code, Begins.LETTER | Begins.DIGIT),
        Rule(r"(?<![\w.,:$€£-])\d{3,}(?![\w:%€°]|[.,]\d)", after_its_name, Begins.DIGIT),
    ]
