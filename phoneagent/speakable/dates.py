"""Dates: 2026-11-22, 11/22/2026 by locale, Nov 22, 22. November."""

from __future__ import annotations

import re
from collections.abc import Callable

from .fractions import is_score
from .language import Language
from .numbers import genitive
from .rules import HYPHEN, SPACE, Begins, Part, Rule, Said, after, before, ends_sentence, one_of

_YEAR = r"(?:1[5-9]|20)\d\d"
_TIME = r"\d\d:\d\d"
_ON = re.compile(
    r"(?:\b(?:on|until|till|before|since|due|dated|starting|(?:mon|tue|tues|wed|wednes|thu|thurs|fri|sat|satur|sun)(?:day)?"
    r"|am|vom|bis|zum|seit|ab|den|der|datum|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch"
    r"|le|du|au|dès|(?:lun|mar|mercre|jeu|vendre|same)di|dimanche"
    r"|el|al|del|desde|hasta|día|fecha|lunes|martes|miércoles|jueves|viernes|sábado|domingo"
    r"|il|dal|fino al|giorno|data|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica"
    r"|em|no|na|do|até|dia|desde|(?:segunda|terça|quarta|quinta|sexta)(?:-feira)?"
    r"|od|do|dnia|dniu|poniedziałek|wtorek|środę|czwartek|piątek|sobotę|niedzielę"
    r"|op|tot|vanaf|voor|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag)"
    r"\.?,?)\s+$",
    re.IGNORECASE,
)
"""What stands before dates, not before fractions."""
_LIST = re.compile(
    r"\b(?:sizes?|options?|channels?|größen?|tailles?|tallas?|taglie?|tamanhos?|rozmiary?|maten?)\s+$", re.IGNORECASE
)
_ENGLISH_WORDS = frozenset({"may", "march", "mar"})
"""Months that are words, or other things, where they are not written with a capital letter."""
_CENTURY = 2000  # of years with two digits; from 50 on they are of the last one, and people's birthdays
_DOTTED_ONLY = frozenset({"de", "pl"})  # who writes 22.11., so that 3/4 is a fraction


def rules(language: Language) -> list[Rule]:
    speaker = _Calendar(language)
    months = speaker.month_pattern
    polish_year = rf"(?:{SPACE}(?:r\.|roku)(?!\w))?" if language.code == "pl" else ""  # said with every year
    found = [
        Rule(
            rf"(?<![\w/.-])(?P<y>{_YEAR})-(?P<m>\d\d)-(?P<d>\d\d)T(?P<time>{_TIME})"
            r"(?P<rest>(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)(?!\w)",
            speaker.iso_time,
            Begins.DIGIT,
        ),
        Rule(
            rf"(?<![\w/.-])(?P<y>{_YEAR})(?:-(?=\d\d?-)|/(?=\d\d?/)|\.(?=\d\d?\.))"
            r"(?P<m>\d\d?)[-/.](?P<d>\d\d?)(?![\w/-]|\.\d)",
            speaker.iso,
            Begins.DIGIT,
        ),
        Rule(
            r"(?<![\w/.-])\d{1,2}(?:/\d{1,2}/|\.\d{1,2}\.|-\d{1,2}-)(?:\d{4}|\d\d)(?![\w/-]|\.\d)" + polish_year,
            speaker.numeric,
            Begins.DIGIT,
        ),
    ]
    slashed = r"(?<![\w.,/-])(?P<a>\d{1,2})/(?P<b>\d{1,2})"
    found += [
        Rule(
            rf"{slashed}{SPACE}?{HYPHEN}{SPACE}?(?P<a2>\d{{1,2}})/(?P<b2>\d{{1,2}})(?![\w/]|[.,]\d)",
            speaker.slashed_through,
            Begins.DIGIT,
        ),
        Rule(rf"{slashed}(?![\w/]|[.,]\d)", speaker.slashed, Begins.DIGIT),
    ]
    if language.code == "fr":
        found.append(
            Rule(r"(?<![\w.,:/-])(?P<d>\d\d)\.(?P<m>0[1-9]|1[0-2])(?![\w:/-]|[.,]\d)", speaker.french, Begins.DIGIT)
        )
    if language.code == "en":
        through = rf"(?:{SPACE}?{HYPHEN}{SPACE}?(?P<d2>\d\d?)(?:st|nd|rd|th)?)?"
        year = rf"(?:,?{SPACE}+(?P<y>{_YEAR}))?"
        day = r"(?P<d>\d\d?)(?:st|nd|rd|th)?"
        plain = one_of(*(name for name in speaker.by_name if name not in _ENGLISH_WORDS))
        month = rf"(?P<m>{months}|(?i:{plain})|(?i:may|march|mar)(?=\.?{SPACE}+\d\d?(?:st|nd|rd|th))"
        month = rf"{month}|(?:(?<=\bon )|(?<=\bby )|(?<=\bof )|(?<=\buntil )|(?<=\bsince ))(?:may|march))"
        return [
            *found,
            Rule(rf"\b{month}(?:\.?{SPACE}+|-){day}{through}{year}(?![\w:]|[.,]\d)", speaker.named, Begins.LETTER),
            Rule(
                rf"(?<![\w.,:/-]){day}(?:{SPACE}+of)?{SPACE}+{month}\b\.?{year}(?![\w:])",
                speaker.day_first,
                Begins.DIGIT,
            ),
            Rule(rf"\b{month}\.?{SPACE}+(?P<y>{_YEAR})(?!\w)", speaker.month, Begins.LETTER),
        ]
    of = rf"{SPACE}+(?:de{SPACE}+)?"
    months = f"(?i:{months})"
    day = r"(?P<d>\d\d?)(?:\.|er|\.?º|°)?"
    day = rf"(?:(?P<d0>\d\d?)(?:\.|er)?{SPACE}?{HYPHEN}{SPACE}?)?{day}"
    if language.code in ("fr", "es", "it", "pt"):
        listed = r"(?P<days>\d\d?(?:(?:/\d\d?)+|(?:-\d\d?){2,}))"
        found.append(
            Rule(
                rf"(?<![\w.,:/-]){listed}{of}(?P<m>{months})\b(?:{of}(?P<y>{_YEAR}))?(?!\w)",
                speaker.days,
                Begins.DIGIT,
            )
        )
    if language.code in ("es", "pt"):
        found.append(
            Rule(rf"\b(?P<m>{months})\.?{SPACE}+(?P<d>\d\d?),?{of}(?P<y>{_YEAR})(?!\w)", speaker.named, Begins.LETTER)
        )
    found.append(
        Rule(
            rf"(?<![\w.,:/-]){day}{of}(?P<m>{months})\b\.?(?:{of}(?:del{SPACE}+)?(?P<y>{_YEAR}){polish_year})?(?![\w])",
            speaker.named,
            Begins.DIGIT,
        )
    )
    if language.code in ("de", "pl"):
        links = "bis(?: zum)?|und|oder|do|i|lub|oraz"
        found.append(
            Rule(
                rf"(?<![\w.,:/-])(?P<d>\d\d?)\.?(?={SPACE}(?:{links}){SPACE}\d\d?\.?{SPACE}(?P<m>{months})(?!\w))",
                speaker.day,
                Begins.DIGIT,
            )
        )
        found.append(Rule(r"(?<![\w.,:/-])(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?!\d)", speaker.without_year, Begins.DIGIT))
    return found


def words(language: Language) -> list[str]:
    """What the rules begin with."""
    return list(_Calendar(language).by_name)


class _Calendar:
    def __init__(self, language: Language) -> None:
        locale = language.locale
        self._code = language.code
        self._numbers = language.numbers
        self._to = language.vocabulary.to
        pattern = str(locale.date_formats["short"].pattern)
        self._month_first = pattern.find("M") < pattern.find("d")
        wide = locale.months["format"]["wide"]
        self._months = {number: str(name) for number, name in wide.items()}
        self.by_name = {name.casefold(): number for number, name in self._months.items()}
        for number, name in locale.months["format"]["abbreviated"].items():
            self.by_name[str(name).rstrip(".").casefold()] = number
        more = {"en": {"sept": 9}, "de": {"mär": 3, "mrz": 3, "sep": 9, "jän": 1, "jänner": 1, "juno": 6}}
        more |= {"es": {"set": 9, "sept": 9, "setiembre": 9}, "nl": {"mrt": 3, "sept": 9}, "pt": {"fev": 2}}
        self.by_name |= more.get(self._code, {})
        written = [str(name).rstrip(".") for name in locale.months["format"]["abbreviated"].values()]
        self.month_pattern = one_of(
            *self._months.values(), *written, *(name.capitalize() for name in more.get(self._code, {}))
        )
        self._say: Callable[[int, int, str], str] = getattr(self, f"_{self._code}", self._cardinals)

    # -- what is written ----------------------------------------------------------------------------

    def iso(self, found: re.Match[str]) -> Said:
        return self._date(found, int(found["d"]), int(found["m"]), int(found["y"]))

    def iso_time(self, found: re.Match[str]) -> Said:
        """What programs write: 2026-11-22T19:30:00Z."""
        said = self.iso(found)
        if not isinstance(said, str):
            return None
        day = found[0].partition("T")[0]
        return [Part(day, said), Part("T", " "), Part(found["time"], None), Part(found["rest"], "")]

    def numeric(self, found: re.Match[str]) -> Said:
        first, second, year = (int(number) for number in re.findall(r"\d+", found[0]))
        day, month = (second, first) if self._month_first else (first, second)
        if _is_list(first, second, year) or (year < 100 and _LIST.search(before(found))):
            return ", ".join(self._numbers.cardinal(number) for number in (first, second, year))
        if month > 12 >= day:
            day, month = month, day
            if self._code == "en" and "." in found[0] and _exists(day, month):
                return f"the {self._numbers.ordinal(day)} of {self._months[month]} {self._numbers.year(year)}"
        if 50 <= year < 100 and self._code == "en" and _exists(day, month):
            return f"{self._say(day, month, before(found))} {self._numbers.cardinal(year)}{_full_stop(found)}"
        return self._date(found, day, month, year if year >= 100 else _CENTURY + year - 100 * (year >= 50))

    def slashed(self, found: re.Match[str]) -> Said:
        """12/25; but 3/4 is a fraction, unless it is "on 3/4", and 24/7 is always."""
        if found[0] in ("24/7", "50/50") or after(found).startswith((" of ", " de la ", " du ")):
            return None
        dated = _ON.search(before(found))
        if (found["b"] == found["a"] and not dated) or re.search(r"\d[ \u00a0]$", before(found)) or is_score(found):
            return None
        above, below = int(found["a"]), int(found["b"])
        if not dated and "0" not in (found["a"][0], found["b"][0]):
            if self._code in _DOTTED_ONLY or (self._code != "en" and above < below):
                return None
            if _fraction(found["a"], found["b"]):
                return None
        return self._slashed(found, found["a"], found["b"])

    def days(self, found: re.Match[str]) -> Said:
        """Les 17/18/19 mars."""
        days = [int(day) for day in re.findall(r"\d+", found["days"])]
        if not all(1 <= day <= 31 for day in days):
            return None
        *first, last = days
        year = int(found["y"]) if found["y"] else None
        said = self._date(found, last, self._month(found["m"]), year)
        return ", ".join([*(self._numbers.cardinal(day) for day in first), said]) if said else None

    def day(self, found: re.Match[str]) -> Said:
        """The first of "od 3 do 5 czerwca"."""
        month = self._month(found["m"])
        if not _exists(int(found["d"]), month):
            return None
        return self._say(int(found["d"]), month, before(found)).removesuffix(f" {self._months[month]}")

    def french(self, found: re.Match[str]) -> Said:
        return self._date(found, int(found["d"]), int(found["m"]), None)

    def slashed_through(self, found: re.Match[str]) -> Said:
        """11/22-11/24."""
        ends = (found["a"], found["b"]), (found["a2"], found["b2"])
        if all(_fraction(*end) for end in ends) and not _ON.search(before(found)):
            return None
        first, last = (self._slashed(found, *end) for end in ends)
        return f"{first} {self._to} {last}" if first and last else None

    def _slashed(self, found: re.Match[str], first: str, second: str) -> str | None:
        day, month = (second, first) if self._month_first else (first, second)
        return self._date(found, int(day), int(month), None)

    def without_year(self, found: re.Match[str]) -> Said:
        return self._date(found, int(found["d"]), int(found["m"]), None)

    def named(self, found: re.Match[str]) -> Said:
        """November 22, 2026; November 22-24."""
        groups = found.groupdict()
        year, last = groups.get("y"), groups.get("d2")
        said = self._date(found, int(found["d"]), self._month(found["m"]), int(year) if year else None)
        if said and (first := groups.get("d0")):
            day = self._say(int(first), self._month(found["m"]), before(found)).rpartition(
                f" {self._months[self._month(found['m'])]}"
            )[0]
            return f"{day.removesuffix(' de')} {self._to} {said}" if 1 <= int(first) <= 31 else None
        if said is None or not last:
            return said
        days = [self._numbers.ordinal(int(day)) for day in (found["d"], last)]
        ends = f" {self._numbers.year(int(year))}" if year else ""
        return f"{self._months[self._month(found['m'])]} {days[0]} {self._to} {days[1]}{ends}"

    def day_first(self, found: re.Match[str]) -> Said:
        """22 November, in English."""
        day, month, year = int(found["d"]), self._month(found["m"]), found["y"]
        if not _exists(day, month):
            return None
        article = "" if re.search(r"\bthe\s+$", before(found), re.IGNORECASE) else "the "
        ends = f" {self._numbers.year(int(year))}" if year else ""
        return f"{article}{self._numbers.ordinal(day)} of {self._months[month]}{ends}{_full_stop(found)}"

    def month(self, found: re.Match[str]) -> Said:
        return f"{self._months[self._month(found['m'])]} {self._numbers.year(int(found['y']))}"

    def _month(self, name: str) -> int:
        return int(self.by_name[name.rstrip(".").casefold()])

    # -- how it is said -----------------------------------------------------------------------------

    def _date(self, found: re.Match[str], day: int, month: int, year: int | None) -> str | None:
        if not _exists(day, month):
            return None
        said = self._say(day, month, before(found))
        if year is None:
            return said + _full_stop(found)
        return f"{said} {self._of_year(year)}{_full_stop(found)}"

    def _of_year(self, year: int) -> str:
        if self._code in ("es", "pt"):
            return f"de {self._numbers.year(year)}"
        return f"{self._numbers.year(year)} roku" if self._code == "pl" else self._numbers.year(year)

    def _en(self, day: int, month: int, _: str) -> str:
        return f"{self._months[month]} {self._numbers.ordinal(day)}"

    def _de(self, day: int, month: int, earlier: str) -> str:
        """It is "am ersten", but "der erste", and by itself "erster"."""
        ending = "r"
        if re.search(r"\bder\s+$", earlier, re.IGNORECASE):
            ending = ""
        elif re.search(
            r"(?:\b(?:am|vom|zum|bis|ab|seit|dem|den|des|beim|im|nach|vor|und|oder|auf|mo|di|mi|do|fr|sa|so)|tag|woch|\d\.?|n)[.,]*\s+$",
            earlier,
            re.IGNORECASE,
        ):
            ending = "n"
        return f"{self._numbers.ordinal(day)}{ending} {self._months[month]}"

    def _fr(self, day: int, month: int, _: str) -> str:
        return f"{'premier' if day == 1 else self._numbers.cardinal(day)} {self._months[month]}"

    def _it(self, day: int, month: int, _: str) -> str:
        return f"{'primo' if day == 1 else self._numbers.cardinal(day)} {self._months[month]}"

    def _pl(self, day: int, month: int, _: str) -> str:
        return f"{genitive(self._numbers.ordinal(day))} {self._months[month]}"

    def _es(self, day: int, month: int, _: str) -> str:
        return f"{'primero' if day == 1 else self._numbers.cardinal(day)} de {self._months[month]}"

    def _pt(self, day: int, month: int, _: str) -> str:
        return f"{'primeiro' if day == 1 else self._numbers.cardinal(day)} de {self._months[month]}"

    def _cardinals(self, day: int, month: int, _: str) -> str:
        return f"{self._numbers.cardinal(day)} {self._months[month]}"


def _exists(day: int, month: int) -> bool:
    """Not whether there is a 30th of February: who writes it means it to be said."""
    return 1 <= month <= 12 and 1 <= day <= 31


def _is_list(first: int, second: int, third: int) -> bool:
    """8/10/12: sizes, not the tenth of August."""
    return third < 50 and third - second == second - first and 0 < second - first <= 5


def _fraction(above: str, below: str) -> bool:
    return above[0] != "0" and below[0] != "0" and int(above) < int(below) <= 10


def _full_stop(found: re.Match[str]) -> str:
    """The one of "Nov." or "22.11." that also ends the sentence."""
    return "." if found[0].endswith(".") and ends_sentence(found) else ""
