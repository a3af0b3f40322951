"""Roman numbers: siglo XIX, Elizabeth II, Part IV. Only after what they are known by; "I", "MIX" and "CD" are words."""

from __future__ import annotations

import re

from .language import Language
from .rules import Begins, Part, Rule, Said

_VALUES = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}
_ROMAN = r"(?=[IVXLC])(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_CENTURIES = {
    "es": "siglos?",
    "pt": "séculos?",
    "it": "secolo",
    "fr": "siècle",
    "pl": "wieku?",
    "nl": "eeuw",
    "de": "Jahrhundert",
}
_PARTS = {
    "en": "parts?|chapters?|sections?|volumes?|acts?|phases?|types?|levels?|class|war|bowl|appendix|article|title",
    "de": "teil|kapitel|band|phase|typ|klasse|weltkrieg|artikel",
    "fr": "partie|chapitre|tome|phase|type|classe|guerre|article|acte",
    "es": "parte|capítulo|tomo|fase|tipo|clase|artículo|acto|título",
    "it": "parte|capitolo|volume|fase|tipo|classe|articolo|atto|titolo",
    "pt": "parte|capítulo|volume|fase|tipo|classe|artigo|ato|título",
    "pl": "część|rozdział|tom|faza|typ|klasa|akt", "nl": "deel|hoofdstuk|fase|type|klasse|akte",
}  # fmt: skip


def rules(language: Language) -> list[Rule]:
    numbers = language.numbers
    code = language.code

    def after_name(found: re.Match[str]) -> Said:
        number = value(found["roman"])
        return [Part(found["name"], None), Part(found["gap"], None), Part(found["roman"], numbers.cardinal(number))]

    def king(found: re.Match[str]) -> Said:
        """Elizabeth II is the second."""
        ordinal = numbers.ordinal(value(found["roman"]))
        said = {"en": f"the {ordinal}", "de": f"der {ordinal}", "nl": f"de {ordinal}"}.get(code, ordinal)
        if code in ("fr", "es", "it", "pt") and value(found["roman"]) > (1 if code == "fr" else 10):
            said = numbers.cardinal(value(found["roman"]))
        if code in ("es", "it", "pt") and found["name"][-1] == "a":
            said = re.sub(r"o$", "a", said)
        return [Part(found["name"], None), Part(found["gap"], None), Part(found["roman"], said)]

    roman = rf"(?P<roman>{_ROMAN})(?![\w'’.-]*\w)"
    names = _PARTS[code] + (f"|{_CENTURIES[code]}" if code in ("es", "pt", "it") else "")
    found = [Rule(rf"(?P<name>\b(?i:{names}))(?P<gap>[ ])(?i:{roman})", after_name, Begins.LETTER)]
    if code in ("fr", "pl"):
        found.append(Rule(rf"(?<!\w)(?P<roman>{_ROMAN})(?:e|ème|ᵉ)?(?=[ ](?:{_CENTURIES[code]})(?!\w))",
                          lambda found: numbers.ordinal(value(found["roman"])), Begins.LETTER))  # fmt: skip
    found.append(
        Rule(
            rf"(?P<name>\b{_KINGS})(?P<gap>[ ])"
            r"(?P<roman>(?=[IVX]{2}|[VX])X{0,2}(?:IX|IV|V?I{0,3}))(?![\w'’-])",
            king,
            Begins.LETTER,
        )
    )
    return found


_KINGS = (
    "(?:Elizabeth|Elisabeth|Isabel|Elisabetta|Henry|Heinrich|Henri|Enrique|Charles|Carlos|Karl|Carlo|Louis|Luis|Ludwig"
    "|Luigi|George|Jorge|Georg|William|Wilhelm|Willem|Guillermo|James|Jaime|Edward|Eduardo|Richard|Ricardo|Philip|Felipe"
    "|Philipp|Friedrich|Frederick|Alfonso|Fernando|Francis|Francisco|Franz|John Paul|Johannes Paul|Jean-Paul|Juan Pablo"
    "|Giovanni Paolo|João Paulo|Jan Paweł|Benedict|Benedikt|Benedicto|Benedetto|Bento|Leo|León|Leone|Pius|Pío|Pio"
    "|Nicholas|Nikolaus|Alexander|Alejandro|Peter|Pedro|Napoleon|Napoléon|Pope Leo|Ramses|Zygmunt|Kazimierz|Pedro)"
)


def words(language: Language) -> list[str]:
    """What the rules begin with."""
    names = re.sub(r"[(?:)]", "", f"{_PARTS[language.code]}|{_CENTURIES.get(language.code, '')}|{_KINGS}").split("|")
    tens = ("", "X", "XX", "XXX")
    ones = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
    numerals = [ten + one for ten in tens for one in ones if ten + one] if language.code in ("fr", "pl") else []
    return [*(name.rstrip("s") for name in names if name), *(name for name in names if name), *numerals,
            *(f"{numeral}{end}" for numeral in numerals for end in ("e", "ème"))]  # fmt: skip


def value(roman: str) -> int:
    """Such as 19 for XIX."""
    total = 0
    values = [_VALUES[letter] for letter in roman.upper()]
    for here, following in zip(values, [*values[1:], 0], strict=True):
        total += -here if here < following else here
    return total
