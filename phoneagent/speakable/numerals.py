"""Numbers that count nothing we know: ordinals, fractions, ranges, years, and strings of digits."""

from __future__ import annotations

import re

from .agreement import noun
from .identifiers import name_before
from .language import Language
from .numbers import locative
from .rules import HYPHEN, SPACE, Begins, Rule, Said, after, before
from .sums import is_sum

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
LONGEST_COUNT = 9  # digits of what is counted without separators
_COUNTED = re.compile(
    r"(?i:\b(?:about|around|approximately|nearly|almost|over|than|only|costs?|worth|totals?|total of|etwa|rund"
    r"|circa|ca\.|über|fast|knapp|als|kostet|kosten|insgesamt|environ|presque|plus de|moins de|coûte|coûtent|total de"
    r"|unos|casi|más de|menos de|cuesta|cuestan|circa|quasi|più di|meno di|costa|costano|cerca de|quase|mais de"
    r"|menos de|custa|custam|około|prawie|ponad|kosztuje|ongeveer|bijna|meer dan|minder dan|kost|kosten)\s+$)"
)
"""What stands before amounts, not before codes."""
_NUMBERED = re.compile(
    r"(?i:\b(?:zimmer|gleis|raum|haus|linie|bus|tisch|taste|halle|tor|etage|habitación|puerta|planta|línea|mesa|tecla"
    r"|chambre|porte|ligne|quai|voie|étage|touche|camera|binario|linea|piano|tavolo|tasto|quarto|porta|linha|andar"
    r"|tecla|pokój|pokoju|peron|tor|linia|linii|stolik|piętro|kamer|spoor|lijn|tafel|toets|room|gate|line|table|flight"
    r"|platform|track)\s+$)"
)
"""What has a number for its name."""
_GERMAN_COUNTED = re.compile(
    r"(?:en|er|e|s|euro|dollar|franken|meter|liter|gramm|stück|prozent|schritte?|mal|tonnen|kilometer|cent|personen)$"
)
CARDINAL_DIGITS = 4  # more without a separator are read digit by digit, but for round ones


def rules(language: Language) -> list[Rule]:
    reader = _Numerals(language)
    number = language.numbers.pattern
    found = [
        Rule(r"(?<![\w.,])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)", reader.ip_address, Begins.DIGIT),
        Rule(r"(?<![\w.,])\d+(?:\.\d+){2,}(?!\w)", reader.version, Begins.DIGIT),
        Rule(
            r"(?<![\w.,/])24/7(?!\w)",
            lambda _: f"{language.numbers.cardinal(24)} {language.numbers.cardinal(7)}",
            Begins.DIGIT,
        ),
        Rule(r"(?<![\w.,/])\d{1,4}(?:/\d{1,4}){2,}(?![\w/])", reader.listed, Begins.DIGIT),
    ]
    if language.code == "en":
        found += [
            Rule(r"(?<![\w.,])(?P<feet>[1-9])['’′](?P<inches>1[01]|\d)(?:[\"”″]|(?!\w))", reader.height, Begins.DIGIT),
            Rule(r"(?<![\w.,])\.\d+(?![\w.])", lambda found: language.numbers.number(found[0]), Begins.SIGN),
            Rule(rf"(?<![\w.,])(?P<n>{number})x(?!\w)", reader.times, Begins.DIGIT),
            Rule(rf"(?<![\w.,])(?P<n>{number})(?P<k>[kKM])(?=[ ][a-z]+s(?!\w))", reader.thousands, Begins.DIGIT),
            Rule(
                r"(?<![\w.,])(?P<feet>\d)[ ]?(?:ft|feet)\.?,?[ ](?P<inches>\d\d?)[ ]?(?:in|inches)(?!\w)\.?",
                reader.feet_and_inches,
                Begins.DIGIT,
            ),
            Rule(
                rf"(?:(?<![\w-])(?P<mid>mid|late|early)-)?(?<![\w.,])['’]?(?P<n>(?:1[1-9]|20)?\d0)['’]?s"
                rf"(?:{SPACE}?{HYPHEN}{SPACE}?['’]?(?P<b>(?:1[1-9]|20)?\d0)['’]?s)?(?!\w)",
                reader.decade,
                Begins.ANYHOW,
            ),
            Rule(r"(?<![\w.,])401\(k\)(?!\w)", lambda _: "four oh one k", Begins.DIGIT),
            Rule(r"(?<![\w.,])(?P<n>\d{1,3}(?:,\d{3})+|\d{1,9})(?i:st|nd|rd|th)(?!\w)", reader.ordinal, Begins.DIGIT),
        ]
    if language.code == "fr":
        found.append(Rule(r"(?<![\w.,])24 ?h/24(?!\w)", lambda _: "vingt-quatre heures sur vingt-quatre", Begins.DIGIT))
        found.append(Rule(r"(?<![\w.,])7 ?j/7(?!\w)", lambda _: "sept jours sur sept", Begins.DIGIT))
        found.append(
            Rule(
                rf"(?<![\w.,])(?P<n>\d{{1,3}}(?:{SPACE}\d{{3}})+|\d{{1,4}})(?P<e>ers?|[eè]?res?|[eè]mes?|es?|nde?s?)(?!\w)",
                reader.french_ordinal,
                Begins.DIGIT,
            )
        )
    if language.code in ("es", "it", "pt", "fr"):
        found.append(
            Rule(
                rf"(?<![\w.,])(?P<n>\d{{1,3}}(?:[.{SPACE[1:-1]}]\d{{3}})+|\d{{1,4}})\.?(?P<e>[ºª°]|ᵉʳ|(?:ro|ra|do|da|to|ta|mo|ma|er)(?!\w))"
                r"(?![\w°]|[ ]?[CF]\b)",
                reader.romance_ordinal,
                Begins.DIGIT,
            )
        )
    if language.code == "nl":
        found.append(Rule(r"(?<![\w.,])(?P<n>\d{1,4})(?:e|de|ste)(?!\w)", reader.ordinal, Begins.DIGIT))
    if language.code == "de":
        found.append(Rule(r"(?<![\w.,])(?P<n>(?:1[1-9]|20)?\d0)er(?!\w)", reader.german_decade, Begins.DIGIT))
        found.append(
            Rule(r"(?<![\w.,])(?P<n>\d{1,4})\.?(?P<e>te[rmns]?|ste[rmns]?)(?!\w)", reader.german_suffix, Begins.DIGIT)
        )
        found.append(Rule(
            r"(?<![\w.,])(?P<n>\d{1,4})\.(?=\s(?:OG|UG|KW|DG|Obergeschoss|Untergeschoss|Geburtstag|Jubiläum|Auflage|Kunde|Besucher|Hochzeitstag|Semester|Runde|Woche|Monat|Jahr|Bezirk|Weltkrieg|Liga|Stock|Etage|Jahrhundert|Tag|Mal|Platz|Klasse|Stufe|Reihe|Person|Kapitel|Schritt)\w*)",
            reader.german_ordinal,
            Begins.DIGIT,
        ))  # fmt: skip
    found.append(Rule(r"(?m:^[ \t]*(?P<n>\d{1,2})[.)][ \t]+(?=\S))", reader.item, Begins.DIGIT | Begins.SIGN))
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
        Rule(
            r"(?<![^\W_])(?<![.@/])(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{2,20}(?![\w@/]|\.\w|:)",
            reader.mixed,
            Begins.LETTER | Begins.DIGIT,
        ),
    ]


class _Numerals:
    def __init__(self, language: Language) -> None:
        self._numbers = language.numbers
        self._words = language.vocabulary

    def plain(self, found: re.Match[str]) -> Said:
        sign = {"-": self._words.minus, "\u2212": self._words.minus, "+": self._words.plus}.get(found["sign"] or "", "")
        if found["sign"] == "±":
            sign = f"{self._words.plus} {self._words.minus}"
        said = self._numbers.number(found["n"]) if sign else self._counting(found) or self._say(found, found["n"])
        return f"{sign} {said}" if sign else said

    def _counting(self, found: re.Match[str]) -> str | None:
        """A number before what it counts: 12500 euros, 1 persona. None where it is none, and where it may be a code."""
        written = found["n"]
        digits = written.isdecimal()
        if digits and (written[0] == "0" or len(written) > LONGEST_COUNT):
            return None
        name = noun(self._numbers.language, after(found))
        earlier = before(found, 40)
        if name is None or (digits and (name_before(earlier, self._numbers.language) or _NUMBERED.search(earlier))):
            return None
        if digits and len(written) == 4 and int(written) in _YEARS and self._numbers.language not in ("es", "pt"):
            return None
        if digits and len(written) == 4 and self._numbers.language == "en":
            return None
        if self._numbers.language == "de" and digits and len(written) == 5 and not _GERMAN_COUNTED.search(name):
            return None  # 10115 Berlin
        return self._numbers.count(written, name, before(found))

    def _say(self, found: re.Match[str], written: str) -> str:
        if not written.isdecimal() or written == "0":
            return self._numbers.number(written)
        earlier = before(found, 40)
        coded = len(written) > CARDINAL_DIGITS and (
            (name_before(earlier, self._numbers.language) or not written.endswith("000"))
            and not ((_COUNTED.search(earlier) or after(found, 1) == "/") and len(written) <= LONGEST_COUNT)
        )
        if coded and self._numbers.language != "en" and found.string.strip() == written:
            coded = False  # of a table: codes come with their name, or in a sentence
        if written.startswith("0") or coded:
            return ", ".join(self._numbers.digits(group) for group in in_threes(written))
        number = int(written)
        if len(written) == 4 and (number in _YEARS or (number < 1900 and _OF_YEARS.search(before(found)))):
            year = self._numbers.year(number)
            in_polish = self._numbers.language == "pl" and re.search(r"\b[Ww]\s$", before(found, 3))
            return locative(year) if in_polish else year
        alone = found.string.strip() == written and 1100 < number < 1900
        if len(written) == 4 and self._numbers.language == "en" and (alone or _in_pairs(found)):
            return self._numbers.year(number)
        return self._numbers.cardinal(number)

    def range(self, found: re.Match[str]) -> Said:
        """9-5, 10–12, 2019-2021. With a hyphen between more digits it is something else."""
        if is_sum(found, self._numbers.language):
            return f"{self._numbers.number(found['a'])} {self._words.minus} {self._numbers.number(found['b'])}"
        first, last = found["a"], found["b"]
        hyphen = "-" in found[0]
        if hyphen and max(len(first), len(last)) > 2 and len(first) != len(last):
            return None
        if first.startswith("0") or last.startswith("0"):
            return f"{self._say(found, first)}, {self._say(found, last)}"
        if self._numbers.language == "pl" and len(first) == 4:  # of years
            return f"{self._numbers.number(first)} {self._words.to} {self._numbers.number(last)}"
        return f"{self._say(found, first)} {self._words.to} {self._say(found, last)}"

    def ratio(self, found: re.Match[str]) -> Said:
        return f"{self._numbers.cardinal(int(found['a']))} {self._words.to} {self._numbers.cardinal(int(found['b']))}"

    def product(self, found: re.Match[str]) -> Said:
        """2x3; but 1920x1080 pixels, and a 4x6 photo."""
        if self._numbers.language == "en" and (
            min(len(found["a"]), len(found["b"])) > 2 or re.match(r"[ ][a-z]{3}", after(found))
        ):
            return f"{self._numbers.number(found['a'])} by {self._numbers.number(found['b'])}"
        return f"{self._numbers.number(found['a'])} {self._words.times} {self._numbers.number(found['b'])}"

    def evenly(self, _: re.Match[str]) -> Said:
        return f"{self._numbers.cardinal(50)} {self._numbers.cardinal(50)}"

    def thousands(self, found: re.Match[str]) -> Said:
        """50k users."""
        return f"{self._numbers.number(found['n'])} {'million' if found['k'] == 'M' else 'thousand'}"

    def feet_and_inches(self, found: re.Match[str]) -> Said:
        feet = f"{self._numbers.number(found['feet'])} {'foot' if found['feet'] == '1' else 'feet'}"
        return f"{feet} {self._numbers.number(found['inches'])} {'inch' if found['inches'] == '1' else 'inches'}"

    def height(self, found: re.Match[str]) -> Said:
        """5'10": feet and inches."""
        return f"{self._numbers.cardinal(int(found['feet']))} foot {self._numbers.cardinal(int(found['inches']))}"

    def ip_address(self, found: re.Match[str]) -> Said:
        """192.168.0.1, digit by digit: somebody types it."""
        parts = found[0].split(".")
        if any(int(part) > 255 or (len(part) > 1 and part[0] == "0") for part in parts):
            return None
        return f" {self._words.dot} ".join(self._numbers.digits(part) for part in parts)

    def listed(self, found: re.Match[str]) -> Said:
        """Sizes 8/10/12."""
        return ", ".join(self._say(found, piece) for piece in found[0].split("/"))

    def version(self, found: re.Match[str]) -> Said:
        if re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}", found[0]) and found[0][0] != "0":
            return None  # 1.234.567
        between = f" {self._words.dot if self._numbers.language != 'en' else 'point'} "
        return between.join(self._say(found, piece) for piece in found[0].split("."))

    def item(self, found: re.Match[str]) -> Said:
        return self._numbers.cardinal(int(found["n"])) + ", "

    def ordinal(self, found: re.Match[str]) -> Said:
        return self._numbers.ordinal(int(found["n"].replace(",", "")))

    def german_ordinal(self, found: re.Match[str]) -> Said:
        article = re.search(
            r"(?i)\b(?:im|am|vom|zum|beim|dem|den|des|seine[mn]|ihre[mn]|der zum|ab|zur|der)\s+$", before(found)
        )
        definite = re.search(r"(?i)\b(?:der|die|das)\s+$", before(found))
        ending = "" if definite else "n" if article else "r"
        if (
            not article
            and not definite
            and re.match(r"\s(?:Klasse|Etage|Person|Reihe|Stufe|Auflage|Runde|Woche|Liga)", after(found))
        ):
            ending = ""
        return self._numbers.ordinal(int(found["n"])) + ending

    def german_decade(self, found: re.Match[str]) -> Said:
        """Die 90er."""
        number = int(found["n"])
        return (self._numbers.year(number) if number > 1000 else self._numbers.cardinal(number)) + "er"

    def german_suffix(self, found: re.Match[str]) -> Said:
        """Der 3te, am 20sten."""
        ending = re.sub("^s?te", "", found["e"])
        return self._numbers.ordinal(int(found["n"])) + ending

    def french_ordinal(self, found: re.Match[str]) -> Said:
        number = int(re.sub(r"\D", "", found["n"]))
        if number == 1_000_000_000:
            return "un milliardième"
        plural = "s" if found["e"].endswith("s") else ""
        if number == 1:
            return (
                "première"
                if "r" in found["e"] and "e" in found["e"][1:] and found["e"] not in ("er", "ers")
                else "premier"
            ) + plural
        if found["e"].startswith("nd"):
            return ("seconde" if "e" in found["e"] else "second") + plural
        return self._numbers.ordinal(number) + plural

    def romance_ordinal(self, found: re.Match[str]) -> Said:
        said = self._numbers.ordinal(int(re.sub(r"\D", "", found["n"])))
        if found["e"] == "°" and (
            re.search(r"\w\s*$", before(found)) and not noun(self._numbers.language, after(found))
        ):
            return None  # 28 degrees
        if found["e"] in ("ᵉʳ", "er"):
            return re.sub(r"o$", "", said) if said.endswith(("primero", "tercero")) else said
        if found["e"][-1] in "ªa":
            parts = said.split()
            return " ".join(re.sub(r"o$", "a", part) for part in parts)
        return said

    def decade(self, found: re.Match[str]) -> Said:
        """The 1990s, the 90s."""
        said = self._decade(found["n"])
        said = f"{found['mid']} {said}" if found["mid"] else said
        return f"{said} {self._words.to} {self._decade(found['b'])}" if found["b"] else said

    def _decade(self, digits: str) -> str:
        number = int(digits)
        said = self._numbers.year(number) if number >= 1000 else self._numbers.cardinal(number)
        return said[:-1] + "ies" if said.endswith("y") else said + "s"

    def mixed(self, found: re.Match[str]) -> Said:
        """Of mp3 and 12b; more than two digits are said one by one."""
        runs = re.findall(r"[a-z]+|\d+", found[0])
        return " ".join(run if run.isalpha() else self._short(run) for run in runs)

    def _short(self, digits: str) -> str:
        few = len(digits) <= 2 and digits[0] != "0"
        return self._numbers.cardinal(int(digits)) if few else self._numbers.digits(digits)

    def times(self, found: re.Match[str]) -> Said:
        """3x a day."""
        many = re.match(r"\s[a-z]", after(found))
        return f"{self._numbers.number(found['n'])} {self._words.times if many else 'x'}"


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
