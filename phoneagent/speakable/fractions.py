"""Fractions: 3/4, 2 1/2, ½, and what only looks like one: 5/5 stars, page 3/12, 5/10 mg."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from .agreement import is_feminine, noun, polish_genitive
from .language import Language
from .numbers import Numbers
from .rules import SPACE, Begins, Rule, Said, after, before

SIGNS = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5", "⅘": "4/5",
    "⅙": "1/6", "⅚": "5/6", "⅐": "1/7", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8", "⅑": "1/9", "⅒": "1/10",
}  # fmt: skip
_SIGN = f"[{''.join(SIGNS)}]"
PATTERN = rf"(?:(?:\d+(?:{SPACE}|-))?\d{{1,3}}/\d{{1,4}}|(?:\d+{SPACE}?)?{_SIGN})"
"""A written fraction, with the whole before it."""
_PARTS = re.compile(rf"(?:(?P<whole>\d+)(?:{SPACE}|-))?(?P<n>\d+)/(?P<d>\d+)")

_OUT_OF = {
    "en": "out of", "de": "von", "fr": "sur", "es": "de", "it": "su", "pt": "de", "pl": "na", "nl": "van de",
}  # fmt: skip
_OF = {"en": "of", "de": "von", "fr": "sur", "es": "de", "it": "di", "pt": "de", "pl": "z", "nl": "van"}
_SCORED = re.compile(
    r"(?:rat(?:ed?|ings?)|scor(?:e|ed|es)|stars?|points?|reviews?|bewert\w*|note|notes|sterne\w*|punkte?n?|étoiles?"
    r"|noté\w*|avis|estrellas?|puntos|puntuaci\w*|valora\w*|nota|stelle|voto|punti|valutaz\w*|estrelas|pontos"
    r"|avalia\w*|gwiazd\w*|ocen\w*|punkt\w*|sterren|punten|beoordel\w*|cijfer|got|scale|answers|richtige?|correct)"
)
_SCORE_BEFORE = re.compile(rf"(?i:\b{_SCORED.pattern}\b[^.!?\d]{{0,16}}$)")
_SCORE_AFTER = re.compile(rf"(?i:[ -](?:(?:als|as an?|como|come|comme|jako|in) )?{_SCORED.pattern}\b)")
_COUNTED_BEFORE = re.compile(
    r"(?i:\b(?:pages?|steps?|questions?|parts?|slides?|chapters?|lessons?|levels?|volumes?|episodes?|rounds?|seite"
    r"|seiten|schritt|frage|teil|kapitel|étapes?|partie|leçon|páginas?|pasos?|pregunta|parte|capítulo|pagina"
    r"|pagine|passo|domanda|capitolo|passos?|pergunta|stron[ay]|kroku?|pytanie|część|stap|vraag|deel|hoofdstuk"
    r"|bladzijde|kartons?|box|boxes|paket|colis)\s+$)"
)
_HALVES = {
    "es": ("medio", "media"), "fr": ("demi", "demie"), "it": ("mezzo", "mezza"), "pt": ("meio", "meia"),
}  # fmt: skip
_DOSES = frozenset({2, 3, 4, 5, 8, 16, 32})
"""Denominators of what is measured; 5/10 mg is a choice between two."""


def rules(language: Language) -> list[Rule]:
    speaker = Fractions(language)
    number = language.numbers.pattern
    th = r"(?i:th|ths|rd|rds|nd|nds)?" if language.code == "en" else ""
    return [
        Rule(
            rf"(?<![\w.,/-])(?:(?P<whole>\d+){SPACE}?)?(?P<sign>{_SIGN})", speaker.by_sign, Begins.DIGIT | Begins.SIGN
        ),
        *(
            [
                Rule(
                    rf"(?<![\w.,/-])(?P<whole>\d+){SPACE}?(?:1/2|½){SPACE}(?P<noun>[^\W\d_]{{3,}})(?!\w)",
                    speaker.half,
                    Begins.DIGIT,
                )
            ]
            if language.code in _HALVES
            else []
        ),
        Rule(rf"(?<![\w.,/-])(?P<a>{number})/(?P<b>\d{{1,3}})(?![\w/]|[.,]\d)", speaker.score, Begins.DIGIT),
        Rule(
            rf"(?:(?<![\w)-])(?P<minus>[-\u2212]))?(?<![\w.,/])(?:(?P<whole>\d+)(?:{SPACE}|-))?(?P<n>\d{{1,3}})/(?P<d>\d{{1,3}}(?:[.,]?\d{{3}}){{0,3}}){th}"
            r"(?![\w/]|[.,]\d)",
            speaker.fraction,
            Begins.DIGIT | Begins.SIGN,
        ),
    ]


def is_score(found: re.Match[str]) -> bool:
    """Whether what is written a/b is so many out of so many."""
    return bool(
        _COUNTED_BEFORE.search(before(found))
        or _SCORE_BEFORE.search(before(found, 40))
        or _SCORE_AFTER.match(after(found))
    )


class Fractions:
    """Says fractions in one language."""

    def __init__(self, language: Language) -> None:
        self._code = language.code
        self._numbers = language.numbers
        self._words = language.vocabulary
        self._say: Callable[[int, int], str] = getattr(self, f"_{language.code}")

    # -- what is written ----------------------------------------------------------------------------

    def by_sign(self, found: re.Match[str]) -> Said:
        return self._before_noun(found, found["whole"], SIGNS[found["sign"]])

    def _before_noun(self, found: re.Match[str], whole: str | None, fraction: str) -> str:
        """1/2 Stunde is "eine halbe"."""
        name = noun(self._code, after(found))
        if name and not whole and fraction == "1/2" and self._code != "en":
            return self._half(name)
        return self.said(f"{whole or ''} {fraction}".strip())

    def half(self, found: re.Match[str]) -> Said:
        """2 1/2 horas: dos horas y media."""
        name = found["noun"]
        if noun(self._code, f" {name}") is None:
            return None
        return self.and_a_half(f"{self._numbers.count(found['whole'], name)} {name}", name)

    def and_a_half(self, counted: str, name: str) -> str:
        masculine, feminine = _HALVES[self._code]
        half = feminine if is_feminine(self._code, re.sub(r"(?<=[^s])s$", "", name.casefold())) else masculine
        if self._code == "it" and name.casefold() in ("ore", "notti", "giornate", "settimane", "tazze"):
            half = feminine
        return f"{counted} {self._words.both} {half}"

    def ends_in_half(self, written: str) -> bool:
        return written.endswith(("1/2", "½"))

    def score(self, found: re.Match[str]) -> Said:
        """5/5 stars, page 3/12, 4.8/5."""
        whole = found["a"].isdecimal()
        if found[0] in ("24/7", "50/50"):
            return None
        if found["b"] == "0" or (whole and len(found["a"]) > 3):
            return None
        if whole and _COUNTED_BEFORE.search(before(found)):
            return self._of(found, _OF[self._code])
        same = whole and found["a"] == found["b"] and int(found["a"]) > 1
        scored = _SCORE_BEFORE.search(before(found, 40)) or _SCORE_AFTER.match(after(found))
        if not whole or same or scored:
            return self._of(found, _OUT_OF[self._code])
        return None

    def _of(self, found: re.Match[str], between: str) -> str:
        last = self._numbers.number(found["b"])
        if self._code == "pl" and between == "z":
            last = polish_genitive(last, int(found["b"]))
        return f"{self._numbers.number(found['a'])} {between} {last}"

    def fraction(self, found: re.Match[str]) -> Said:
        below = int(re.sub("[.,]", "", found["d"]))
        above = int(found["n"])
        if found[0] in ("24/7", "50/50"):
            return None
        if below < 2 or found["n"].startswith("0") or found["d"].startswith("0"):
            return None
        if self._code == "pl" and above > below and re.search(r"[^\W\d_]{3}\s$", before(found)):
            return f"{self._numbers.cardinal(above)} przez {self._numbers.cardinal(below)}"  # ulica Polna 12/3
        minus = f"{self._words.minus} " if found["minus"] else ""
        return minus + self._before_noun(found, found["whole"], f"{above}/{below}")

    # -- how it is said -----------------------------------------------------------------------------

    def is_choice(self, written: str) -> bool:
        """5/10 mg: a dose of five or ten."""
        found = _PARTS.fullmatch(written)
        if found is None or found["whole"]:
            return False
        above, below = int(found["n"]), int(found["d"])
        return below not in _DOSES or math.gcd(above, below) > 1

    def choice(self, written: str) -> str:
        above, below = written.split("/")
        return f"{self._numbers.number(above)} {self._words.either} {self._numbers.number(below)}"

    def said(self, written: str) -> str:
        """A fraction in words; "2 1/2" with its whole."""
        for sign, plain in SIGNS.items():
            written = written.replace(sign, f" {plain}")
        found = _PARTS.fullmatch(" ".join(written.replace("-", " ").split()))
        if found is None:
            return self._numbers.number(re.sub(r"\D", "", written) or "0")
        above, below = int(found["n"]), int(found["d"])
        if found["whole"] is None:
            return self._say(above, below)
        return self._with_whole(int(found["whole"]), above, below)

    def of_unit(self, written: str, unit: str) -> str | None:
        """Half a liter: a fraction without a whole, of a unit; None when it has a whole."""
        for sign, plain in SIGNS.items():
            written = written.replace(sign, f" {plain}")
        found = _PARTS.fullmatch(" ".join(written.split()))
        if found is None or found["whole"]:
            return None
        above, below = int(found["n"]), int(found["d"])
        if (above, below) == (1, 2):
            return f"{self._half(unit)} {unit}"
        said = self._say(above, below)
        vowel = unit[0] in "aeiouhé"
        link = {"en": "of a", "fr": "d'" if vowel else "de", "es": "de", "it": "di", "pt": "de"}.get(self._code, "")
        if self._code == "en" and unit[0] in "aeiou":
            link = "of an"
        if self._code == "en" and above == 1:
            link = ""
        return f"{said} {link} {unit}".replace("d' ", "d'").replace("  ", " ")

    def _half(self, unit: str) -> str:
        feminine = is_feminine(self._code, unit.split(maxsplit=1)[0].casefold())
        return {
            "en": "one half",
            "de": "eine halbe" if feminine else "ein halbes" if _neuter(unit) else "ein halber",
            "fr": "une demi" if feminine else "un demi",
            "es": "media" if feminine else "medio",
            "it": "mezza" if feminine else "mezzo",
            "pt": "meia" if feminine else "meio",
            "pl": "pół",
            "nl": "een half" if unit.startswith(("uur", "pond")) else "een halve",
        }[self._code]

    def _with_whole(self, whole: int, above: int, below: int) -> str:
        said = self._numbers.cardinal(whole)
        half = (above, below) == (1, 2)
        match self._code:
            case "en":
                return f"{said} and {re.sub('^one ', 'a ', self._say(above, below))}"
            case "de":
                one = "ein" if whole == 1 else said
                return f"{one}einhalb" if half else f"{one} {self._say(above, below)}"
            case "nl" if half and whole == 1:
                return "anderhalf"
            case "pl" if half:
                return "półtora" if whole == 1 else f"{said} i pół"
        halves = {"fr": "demi", "es": "medio", "it": "mezzo", "pt": "meio"}
        fraction = halves.get(self._code) if half else None
        return f"{said} {self._words.both} {fraction or self._say(above, below)}"

    def _en(self, above: int, below: int) -> str:
        name = {2: "half", 4: "quarter"}.get(below) or self._numbers.ordinal(below)
        plural = "halves" if below == 2 else f"{name}s"
        return f"{self._numbers.cardinal(above)} {name if above == 1 else plural}"

    def _de(self, above: int, below: int) -> str:
        counted = "ein" if above == 1 else self._numbers.cardinal(above)
        if below == 2:
            return f"{counted} {'halb' if above == 1 else 'halbe'}"
        ordinal = self._numbers.ordinal(below)
        return f"{counted} {(ordinal.removeprefix('ein') if below >= 100 else ordinal).capitalize()}l"

    def _fr(self, above: int, below: int) -> str:
        name = {2: "demi", 3: "tiers", 4: "quart"}.get(below) or self._numbers.ordinal(below)
        return f"{self._numbers.cardinal(above)} {name}{'s' if above > 1 and name[-1] != 's' else ''}"

    def _es(self, above: int, below: int) -> str:
        name = _spanish_part(below, self._numbers)
        if name is None:
            return f"{self._numbers.cardinal(above)} sobre {self._numbers.cardinal(below)}"
        return f"{'un' if above == 1 else self._numbers.cardinal(above)} {name}{'s' if above > 1 else ''}"

    def _it(self, above: int, below: int) -> str:
        if (above, below) == (1, 2):
            return "mezzo"
        name = {2: "mezzo", 3: "terzo", 4: "quarto"}.get(below) or self._numbers.ordinal(below)
        return f"un {name}" if above == 1 else f"{self._numbers.cardinal(above)} {name[:-1]}i"

    def _pt(self, above: int, below: int) -> str:
        counted = self._numbers.cardinal(above)
        name = {2: "meio", 3: "terço"}.get(below)
        if name is None and below > 10 and below not in (100, 1000):
            return f"{counted} {self._numbers.cardinal(below)} avos"
        name = name or self._numbers.ordinal(below)
        return f"{counted} {name}{'s' if above > 1 else ''}"

    def _pl(self, above: int, below: int) -> str:
        ordinal = self._numbers.ordinal(below)
        soft = ordinal.endswith("i")
        stem = ordinal[:-1]
        if above == 1:
            return f"jedna {stem}{'a' if not soft or ordinal.endswith('gi') else 'ia'}"
        words = self._numbers.cardinal(above)
        words = re.sub(r"\bdwa$", "dwie", words)
        if above % 10 in (2, 3, 4) and above % 100 not in (12, 13, 14):
            return f"{words} {stem}{'ie' if soft else 'e'}"
        return f"{words} {stem}{'ich' if soft else 'ych'}"

    def _nl(self, above: int, below: int) -> str:
        counted = "een" if above == 1 else self._numbers.cardinal(above)
        name = {2: "half" if above == 1 else "halve", 4: "kwart"}.get(below) or self._numbers.ordinal(below)
        return f"{counted} {name}"


def _neuter(unit: str) -> bool:
    return bool(re.match(r"(?i)(?:kilo|gramm|pfund|milligramm|jahr|dutzend|stück|prozent|byte|\w+byte)", unit))


def _spanish_part(below: int, numbers: Numbers) -> str | None:
    if below in (2, 3):
        return ("medio", "tercio")[below - 2]
    if below <= 10 or (below < 1000 and below % 100 == 0):
        return numbers.ordinal(below)
    if below < 100:
        words = numbers.cardinal(below).replace(" y ", "i")
        return re.sub("[ao]$", "", words) + "avo"
    if below % 1000 == 0:
        return numbers.ordinal(below)
    return None
