"""Times of day: 7:30pm, 19:30, 9am-5pm, 19h30, 19 Uhr."""

from __future__ import annotations

import re

from .language import Language
from .rules import HYPHEN, SPACE, Begins, Rule, Said, before, ends_sentence

_CLOCK = r"(?<![\w:.,/-])(?P<h>[01]?\d|2[0-4]){by}(?P<m>[0-5]\d)"
_TWELVE = rf"(?P<h{{0}}>1[0-2]|0?[1-9])(?::(?P<m{{0}}>[0-5]\d))?(?:{SPACE}?(?P<p{{0}}>[AaPp])\.?[Mm](?![^\W_]))"
_MAYBE = rf"(?P<h{{0}}>1[0-2]|0?[1-9])(?::(?P<m{{0}}>[0-5]\d))?(?:{SPACE}?(?P<p{{0}}>[AaPp])\.?[Mm](?![^\W_])\.?)?"
_THROUGH = rf"{SPACE}?{HYPHEN}{SPACE}?"
_FEMININE = {"es": {1: "una", 21: "veintiuna"}, "it": {1: "una"}, "fr": {1: "une", 21: "vingt et une"},
             "pt": {1: "uma", 2: "duas", 21: "vinte e uma", 22: "vinte e duas"}}  # fmt: skip
_FULL = {"de": "{h} Uhr", "fr": "{h} heures", "pt": "{h} horas", "nl": "{h} uur"}
_PARTS = {
    "de": "{h} Uhr {m}", "fr": "{h} heures {m}", "es": "{h} y {m}", "it": "{h} e {m}", "pt": "{h} horas e {m}",
    "nl": "{h} uur {m}",
}  # fmt: skip
_HOURS = {"de": "Uhr", "fr": "h|heures?", "es": "h|horas?", "it": "h|ore", "pt": "h|horas?", "nl": "uur|u", "pl": "h"}


def rules(language: Language) -> list[Rule]:
    speaker = _Clock(language)
    if language.code == "en":
        return [
            Rule(
                rf"(?<![\w:.,/-]){_MAYBE.format('')}{_THROUGH}{_TWELVE.format('2')}\.?", speaker.through, Begins.DIGIT
            ),
            Rule(rf"(?<![\w:.,/-]){_TWELVE.format('')}\.?", speaker.twelve, Begins.DIGIT),
            Rule(
                _CLOCK.format(by=":") + rf"{_THROUGH}(?P<h2>[01]?\d|2[0-4]):(?P<m2>[0-5]\d)(?![\w:])",
                speaker.clocks,
                Begins.DIGIT,
            ),
            Rule(_CLOCK.format(by=":") + r"(?::[0-5]\d)?(?![\w:]|[.,]\d)", speaker.clock, Begins.DIGIT),
        ]
    hours = f"(?:{SPACE}?(?:{_HOURS[language.code]})(?!\\w))"
    return [
        Rule(
            _CLOCK.format(by=":") + rf"{_THROUGH}(?P<h2>[01]?\d|2[0-4]):(?P<m2>[0-5]\d)(?![\w:])",
            speaker.clocks,
            Begins.DIGIT,
        ),
        Rule(_CLOCK.format(by=":") + rf"{hours}?(?![\w:]|[.,]\d)", speaker.clock, Begins.DIGIT),
        Rule(_CLOCK.format(by=r"\.") + rf"{hours}(?![\w:])", speaker.clock, Begins.DIGIT),
        Rule(_CLOCK.format(by=f"{SPACE}?h{SPACE}?") + r"(?!\w)", speaker.clock, Begins.DIGIT),
        Rule(rf"(?<![\w:.,/-])(?P<h>[01]?\d|2[0-4]){hours}", speaker.hour, Begins.DIGIT),
    ]


class _Clock:
    def __init__(self, language: Language) -> None:
        self._code = language.code
        self._numbers = language.numbers
        self._to = language.vocabulary.to

    # -- twelve hours -------------------------------------------------------------------------------

    def twelve(self, found: re.Match[str]) -> Said:
        return self._half_day(found, "") + _full_stop(found)

    def through(self, found: re.Match[str]) -> Said:
        return f"{self._half_day(found, '')} {self._to} {self._half_day(found, '2')}{_full_stop(found)}"

    def _half_day(self, found: re.Match[str], which: str) -> str:
        half = found[f"p{which}"]
        name = f" {half.upper()}M" if half else ""
        minute = int(found[f"m{which}"] or 0)
        return self._numbers.cardinal(int(found[f"h{which}"])) + (f" {self._minute(minute)}" if minute else "") + name

    # -- twenty-four --------------------------------------------------------------------------------

    def clock(self, found: re.Match[str]) -> Said:
        return self._time(found, int(found["h"]), int(found["m"]))

    def clocks(self, found: re.Match[str]) -> Said:
        """From one time to another."""
        first = self._time(found, int(found["h"]), int(found["m"]))
        last = self._time(found, int(found["h2"]), int(found["m2"]))
        return f"{first} {self._to} {last}" if first and last else None

    def hour(self, found: re.Match[str]) -> Said:
        return self._time(found, int(found["h"]), 0)

    def _time(self, found: re.Match[str], hour: int, minute: int) -> str | None:
        if hour == 24 and minute:
            return None
        if self._code == "en":
            return self._english(hour, minute)
        if self._code == "pl":
            return self._polish(hour, minute, before(found))
        said = _FEMININE.get(self._code, {}).get(hour) or self._numbers.count(str(hour))
        pattern = _PARTS[self._code] if minute else _FULL.get(self._code, "{h}")
        spoken = pattern.format(h=said, m=self._numbers.cardinal(minute))
        if hour == 1:
            spoken = spoken.replace("heures", "heure").replace("horas", "hora")
        return spoken

    def _english(self, hour: int, minute: int) -> str:
        """19:30 is "seven thirty PM": that a caller understands who says so."""
        half = " PM" if 12 < hour < 24 else " AM" if hour in (0, 24) else ""
        name = self._numbers.cardinal((hour - 1) % 12 + 1)
        if minute:
            return f"{name} {self._minute(minute)}{half}"
        return f"{name}{half}" if half else f"{name} o'clock"

    def _polish(self, hour: int, minute: int, earlier: str) -> str:
        feminine = re.sub(r"[yi]\b", lambda end: "a" if end[0] == "y" else "ia", self._numbers.ordinal(hour or 24))
        feminine = feminine.replace("gia", "ga").replace("cia", "cia")
        if re.search(r"(?i)\b(?:o|po|przed|od|do)\s+(?:godz(?:\.|inie|iny)\s+)?$", earlier):
            feminine = re.sub(r"a\b", "ej", feminine).replace("gej", "giej")
        elif re.search(r"(?i)\bna\s+(?:godz(?:\.|inę)\s+)?$", earlier):  # a table for half past seven
            feminine = re.sub(r"a\b", "ą", feminine)
        return f"{feminine} {self._minute(minute)}" if minute else feminine

    def _minute(self, minute: int) -> str:
        if minute >= 10:
            return self._numbers.cardinal(minute)
        zero = "oh" if self._code == "en" else self._numbers.cardinal(0)
        return f"{zero} {self._numbers.cardinal(minute)}"


def _full_stop(found: re.Match[str]) -> str:
    """The one of "p.m." that also ends the sentence."""
    return "." if found[0].endswith(".") and ends_sentence(found) else ""
