"""Times of day: 7:30pm, 19:30, 9am-5pm, 19h30, 19 Uhr, alle 13.05; and how long: 1:30:00 hours."""

from __future__ import annotations

import re

from .agreement import agree
from .language import Language
from .rules import HYPHEN, SPACE, Begins, Rule, Said, before, ends_sentence

_H, _M = r"(?:[01]?\d|2[0-4])", r"[0-5]\d"
_NOT_INSIDE = r"(?<![\w:.,/-])"
_CLOCK = rf"{_NOT_INSIDE}(?P<h>{_H}){{by}}(?P<m>{_M})"
_SECONDS = rf"{_NOT_INSIDE}(?P<h>\d{{1,2}}):(?P<m>{_M}):(?P<s>{_M})"
_HALF_DAY = rf"(?:{SPACE}?(?P<p{{0}}>[AaPp])\.?{SPACE}?[Mm](?![^\W_]))"
_ZONES = r"[ecpm]\.?[sd]\.?t|g\.?m\.?t|u\.?t\.?c|c\.?e\.?t|b\.?s\.?t|[ep]\.?t"
_ZONE = rf"(?:\.?{SPACE}?(?P<zone>(?i:{_ZONES}))(?![\w+-]))?"
_TWELVE = rf"(?P<h{{0}}>1[0-2]|0?[1-9])(?:[:.](?P<m{{0}}>{_M}))?{_HALF_DAY}"
_MAYBE = rf"(?P<h{{0}}>1[0-2]|0?[1-9])(?:[:.](?P<m{{0}}>{_M}))?(?:{_HALF_DAY}\.?)?"
_THROUGH = rf"{SPACE}?{HYPHEN}{SPACE}?"
_FULL = {"de": "{h} Uhr", "fr": "{h} heures", "pt": "{h} horas", "nl": "{h} uur"}
_PARTS = {
    "de": "{h} Uhr {m}", "fr": "{h} heures {m}", "es": "{h} y {m}", "it": "{h} e {m}", "pt": "{h} horas e {m}",
    "nl": "{h} uur {m}",
}  # fmt: skip
_HOURS = {
    "de": "Uhr",
    "fr": "h|heures?",
    "es": "h|hs|hrs|horas?",
    "it": "h|ore",
    "pt": "h|hs|horas?",
    "nl": "uur|u",
    "pl": "h",
}
_BEFORE_TIMES = {
    "de": r"um|ab|gegen|bis|von|seit|vor|nach|zwischen|und", "fr": r"à|dès|vers|jusqu'à|de|avant|après",
    "es": r"las|la", "it": r"alle|dalle|ore|le|delle",
    "pt": r"às|à|das|as|pelas", "pl": r"o|od|do|po|przed|na|godz\.|godzinie|godziny|godzinę|około",
    "nl": r"om|van|vanaf|tot|rond|voor|na|tussen|en",
}  # fmt: skip
"""After these 13.05 is no decimal number."""
_NOUNS = {"es": "hora", "it": "ora", "fr": "heure", "pt": "hora", "de": "Meter"}
_DAYPARTS = {
    "es": ("de la noche", "de la mañana", "de la tarde", "de la noche"),
    "pt": ("da noite", "da manhã", "da tarde", "da noite"),
    "it": ("di notte", "di mattina", "del pomeriggio", "di sera"),
    "fr": ("du soir", "du matin", "de l'après-midi", "du soir"),
    "de": ("nachts", "morgens", "nachmittags", "abends"),
    "pl": ("w nocy", "rano", "po południu", "wieczorem"),
    "nl": ("'s nachts", "'s ochtends", "'s middags", "'s avonds"),
}  # fmt: skip
"""After twelve at night, in the morning, in the afternoon, in the evening."""
_DURATION = {
    "en": (("hour", "hours"), ("minute", "minutes"), ("second", "seconds"), " ", " and "),
    "de": (("Uhr", "Uhr"), ("Minute", "Minuten"), ("Sekunde", "Sekunden"), " ", " "),
    "es": (("hora", "horas"), ("minuto", "minutos"), ("segundo", "segundos"), " ", " y "),
    "it": (("ora", "ore"), ("minuto", "minuti"), ("secondo", "secondi"), " e ", " e "),
    "pt": (("hora", "horas"), ("minuto", "minutos"), ("segundo", "segundos"), " e ", " e "),
    "fr": (("heure", "heures"), ("minute", "minutes"), ("seconde", "secondes"), " ", " et "),
    "nl": (("uur", "uur"), ("minuut", "minuten"), ("seconde", "seconden"), " ", " en "),
}  # fmt: skip


def rules(language: Language) -> list[Rule]:
    speaker = _Clock(language)
    if language.code == "en":
        return [
            Rule(
                _SECONDS
                + rf"(?:{SPACE}?(?P<hours>hours?|hrs?)(?!\w)|{_HALF_DAY.format('')})?\.?{_ZONE}(?![\w:]|[.,]\d)",
                speaker.seconds,
                Begins.DIGIT,
            ),
            Rule(
                rf"{_NOT_INSIDE}{_MAYBE.format('')}{SPACE}?{HYPHEN}{SPACE}?(?P<word>(?i:noon|midnight))(?!\w)",
                speaker.to_noon,
                Begins.DIGIT,
            ),
            Rule(
                rf"{_NOT_INSIDE}{_MAYBE.format('')}{_THROUGH}{_TWELVE.format('2')}\.?{_ZONE}",
                speaker.through,
                Begins.DIGIT,
            ),
            Rule(rf"{_NOT_INSIDE}{_TWELVE.format('')}\.?{_ZONE}", speaker.twelve, Begins.DIGIT),
            Rule(
                _CLOCK.format(by=":") + rf"{_THROUGH}(?P<h2>{_H}):(?P<m2>{_M})(?![\w:])",
                speaker.clocks,
                Begins.DIGIT,
            ),
            Rule(_CLOCK.format(by=":") + rf"{_ZONE}(?![\w:]|[.,]\d)", speaker.clock, Begins.DIGIT),
            Rule(
                rf"(?i:\b(?P<word>noon|midnight)){SPACE}?{HYPHEN}(?={SPACE}?\d)",
                lambda found: f"{found['word']} {language.vocabulary.to} ",
                Begins.LETTER,
            ),
        ]
    hours = f"(?:{SPACE}?(?:{_HOURS[language.code]})(?!\\w))"
    earlier = "|".join(
        f"(?<=\\b{words}{SPACE})" for word in _BEFORE_TIMES[language.code].split("|") for words in _capitalised(word)
    )
    return [
        Rule(_SECONDS + rf"{hours}?{_ZONE}(?![\w:]|[.,]\d)", speaker.seconds, Begins.DIGIT),
        Rule(_CLOCK.format(by="[:.]") + rf"{_HALF_DAY.format('')}\.?{_ZONE}", speaker.half_day, Begins.DIGIT),
        Rule(rf"{_NOT_INSIDE}(?P<h>1[0-2]|0?[1-9]){_HALF_DAY.format('')}\.?{_ZONE}", speaker.half_day, Begins.DIGIT),
        Rule(
            rf"{_NOT_INSIDE}(?P<h>{_H})(?::(?P<m>{_M}))?{_THROUGH}(?P<h2>{_H})(?::(?P<m2>{_M}))?{hours}",
            speaker.hours,
            Begins.DIGIT,
        ),
        Rule(
            rf"{_NOT_INSIDE}(?P<h>{_H})(?:{SPACE}?h{SPACE}?(?P<m>{_M})?){_THROUGH}(?P<h2>{_H})(?:{SPACE}?h{SPACE}?(?P<m2>{_M})?)(?!\w)",
            speaker.hours,
            Begins.DIGIT,
        ),
        Rule(
            _CLOCK.format(by=":") + rf"{_THROUGH}(?P<h2>{_H}):(?P<m2>{_M})(?![\w:])",
            speaker.clocks,
            Begins.DIGIT,
        ),
        Rule(
            _CLOCK.format(by=r"\.") + rf"{_THROUGH}(?P<h2>{_H})\.(?P<m2>{_M}){hours}?(?![\w:]|[.,]\d)",
            speaker.clocks,
            Begins.DIGIT,
        ),
        Rule(_CLOCK.format(by=":") + rf"{hours}?{_ZONE}(?![\w:]|[.,]\d)", speaker.clock, Begins.DIGIT),
        Rule(_CLOCK.format(by=r"\.") + rf"{hours}(?![\w:])", speaker.clock, Begins.DIGIT),
        Rule(
            rf"(?:{earlier})" + _CLOCK.format(by=r"\.") + r"(?![\w:%€$£]|[.,]\d| ?[%€$£])", speaker.clock, Begins.DIGIT
        ),
        Rule(_CLOCK.format(by=f"{SPACE}?h{SPACE}?") + rf"(?:{SPACE}?min)?(?!\w)", speaker.clock, Begins.DIGIT),
        Rule(rf"{_NOT_INSIDE}(?P<h>{_H}){hours}", speaker.hour, Begins.DIGIT),
    ]


def _capitalised(word: str) -> tuple[str, str]:
    return word, word[0].upper() + word[1:]


class _Clock:
    def __init__(self, language: Language) -> None:
        self._code = language.code
        self._numbers = language.numbers
        self._to = language.vocabulary.to

    # -- twelve hours -------------------------------------------------------------------------------

    def twelve(self, found: re.Match[str]) -> Said:
        return self._half_day(found, "") + _zone(found) + _full_stop(found)

    def through(self, found: re.Match[str]) -> Said:
        return f"{self._half_day(found, '')} {self._to} {self._half_day(found, '2')}{_zone(found)}{_full_stop(found)}"

    def to_noon(self, found: re.Match[str]) -> Said:
        return f"{self._half_day(found, '')} {self._to} {found['word']}"

    def _half_day(self, found: re.Match[str], which: str) -> str:
        half = found[f"p{which}"]
        name = f" {half.upper()}M" if half else ""
        minute = int(found[f"m{which}"] or 0)
        return self._numbers.cardinal(int(found[f"h{which}"])) + (f" {self._minute(minute)}" if minute else "") + name

    def half_day(self, found: re.Match[str]) -> Said:
        """5:02 p.m., where half days have names."""
        hour, minute = int(found["h"]), int(found.groupdict().get("m") or 0)
        if hour > 12:
            return self._time(found, hour, minute)
        afternoon = found["p"].lower() == "p"
        late = 8 if self._code in ("es", "pt") else 6
        part = _DAYPARTS[self._code][
            0 if hour == 12 and not afternoon else 1 if not afternoon else 3 if late <= hour < 12 else 2
        ]
        if self._code in ("es", "it") and minute in (15, 30):
            quarter = {"es": ("y cuarto", "y media"), "it": ("e un quarto", "e mezza")}[self._code][minute // 30]
            said = f"{self._hour_name(hour)} {quarter}"
        else:
            said = str(self._time(found, hour, minute))
        return f"{said} {part}{_zone(found)}{_full_stop(found)}"

    # -- twenty-four --------------------------------------------------------------------------------

    def clock(self, found: re.Match[str]) -> Said:
        if self._code == "en" and int(found["h"]) == 24 and int(found["m"]):
            return None
        said = self._time(found, int(found["h"]), int(found["m"]))
        return said + _zone(found) if said else None

    def clocks(self, found: re.Match[str]) -> Said:
        """From one time to another."""
        first = self._time(found, int(found["h"]), int(found["m"]))
        last = self._time(found, int(found["h2"]), int(found["m2"]))
        return f"{first} {self._to} {last}" if first and last else None

    def hours(self, found: re.Match[str]) -> Said:
        """9:00-17:00 Uhr, 14h-18h: where the first is a full hour, its word comes once."""
        first = self._time(found, int(found["h"]), int(found["m"] or 0))
        last = self._time(found, int(found["h2"]), int(found["m2"] or 0))
        if self._code in ("de", "nl") and first:
            first = first.removesuffix(" Uhr").removesuffix(" uur")
        return f"{first} {self._to} {last}" if first and last else None

    def hour(self, found: re.Match[str]) -> Said:
        """19 Uhr; "3 h" of Spanish and Italian are so many hours, not a time."""
        if self._code in ("es", "it", "pl") and not re.search(
            rf"\b(?:{_BEFORE_TIMES[self._code]})\s$", before(found), re.IGNORECASE
        ):
            return None
        return self._time(found, int(found["h"]), 0)

    def seconds(self, found: re.Match[str]) -> Said:
        """14:10:30, and 1:30:00 hours."""
        hour, minute, second = (int(found[part]) for part in "hms")
        groups = found.groupdict()
        if groups.get("hours"):
            return self._duration(hour, minute, second)
        if hour > 24 or self._code == "pl":
            return None if hour > 24 else self._with_seconds(found, hour, minute, second)
        half = f" {groups['p'].upper()}M" if groups.get("p") else ""
        if not second and (self._code not in ("pt", "en") or half):
            said = f"{self._half_day(found, '')}" if half else str(self._time(found, hour, minute))
            return said + _zone(found)
        return f"{self._with_seconds(found, hour, minute, second)}{half}{_zone(found)}"

    def _with_seconds(self, found: re.Match[str], hour: int, minute: int, second: int) -> str:
        if self._code == "pl":
            said = str(self._time(found, hour, minute))
            return f"{said} i {self._numbers.cardinal(second)} sekund" if second else said
        hours, minutes, seconds, between, last = _DURATION[self._code]
        parts = [
            self._counted(hour, hours) if self._code != "it" else self._hour_name(hour),
            self._counted(minute, minutes),
            self._counted(second, seconds),
        ]
        return f"{parts[0]}{between}{parts[1]}{last}{parts[2]}"

    def _duration(self, hour: int, minute: int, second: int) -> str:
        hours, minutes, seconds, _, last = _DURATION[self._code]
        if (minute, second) == (30, 0) and hour:
            return f"{self._numbers.cardinal(hour)} and a half hours"
        parts = [
            self._counted(count, names)
            for count, names in ((hour, hours), (minute, minutes), (second, seconds))
            if count
        ] or [self._counted(0, hours)]
        return last.join([" ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]

    def _counted(self, count: int, names: tuple[str, str]) -> str:
        name = names[0 if count == 1 else 1]
        if name == "Uhr":
            return f"{self._numbers.count(str(count))} Uhr"
        return f"{self._numbers.count(str(count), name)} {name}"

    def _time(self, found: re.Match[str], hour: int, minute: int) -> str | None:
        if self._code == "en":
            return self._english(hour, minute)
        if self._code == "pl":
            return self._polish(hour, minute, before(found))
        pattern = _PARTS[self._code] if minute else _FULL.get(self._code, "{h}")
        spoken = pattern.format(h=self._hour_name(hour), m=self._numbers.cardinal(minute))
        if self._code == "it" and 1 <= hour <= 12 and minute in (15, 30):
            return f"{self._hour_name(hour)} {'e mezza' if minute == 30 else 'e un quarto'}"
        if hour == 1 or (hour == 0 and self._code == "fr"):
            spoken = spoken.replace("heures", "heure").replace("horas", "hora")
        return spoken

    def _hour_name(self, hour: int) -> str:
        if self._code in ("de", "nl"):
            return self._numbers.count(str(hour))
        return agree(self._code, self._numbers.cardinal(hour), hour, _NOUNS[self._code])

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
        if re.search(r"(?i)\b(?:o|po|przed|od|do|około)\s+(?:godz(?:\.|inie|iny)\s+)?$", earlier):
            feminine = re.sub(r"a\b", "ej", feminine).replace("gej", "giej")
        elif re.search(r"(?i)\bna\s+(?:godz(?:\.|inę)\s+)?$", earlier):  # a table for half past seven
            feminine = re.sub(r"a\b", "ą", feminine)
        return f"{feminine} {self._minute(minute)}" if minute else feminine

    def _minute(self, minute: int) -> str:
        if minute >= 10:
            return self._numbers.cardinal(minute)
        zero = "oh" if self._code == "en" else self._numbers.cardinal(0)
        return f"{zero} {self._numbers.cardinal(minute)}"


def _zone(found: re.Match[str]) -> str:
    zone = found.groupdict().get("zone")
    return " " + zone.replace(".", "").upper() if zone else ""


def _full_stop(found: re.Match[str]) -> str:
    """The one of "p.m." that also ends the sentence."""
    return "." if found[0].endswith(".") and ends_sentence(found) else ""
