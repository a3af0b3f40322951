"""Money, percentages, measures: a number and what it counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from babel.numbers import get_currency_name

from .agreement import noun
from .fractions import PATTERN as FRACTION
from .fractions import Fractions
from .language import Language
from .numbers import Numbers
from .rules import HYPHEN, SPACE, Begins, Rule, Said, after, before, ends_sentence, one_of
from .units import SHORTENED, forms

SIGNS = {
    "US$": "USD", "CA$": "CAD", "C$": "CAD", "AU$": "AUD", "A$": "AUD", "NZ$": "NZD", "HK$": "HKD", "MX$": "MXN",
    "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN", "Kč": "CZK", "₺": "TRY",
    "₪": "ILS", "₩": "KRW", "₴": "UAH", "Fr.": "CHF",
    "₡": "CRC", "₧": "ESP", "₽": "RUB", "₦": "NGN", "₱": "PHP", "₫": "VND", "฿": "THB", "₵": "GHS", "S$": "SGD",
    "us$": "USD", "Rs.": "INR", "Rs": "INR",
}  # fmt: skip
CODES = (
    "USD EUR GBP CHF JPY CNY INR PLN CZK HUF SEK NOK DKK CAD AUD NZD MXN BRL TRY ILS KRW UAH RON BGN SGD HKD ZAR AED "
    "CRC RUB NGN VND THB GHS ARS CLP COP PEN UYU NIO PAB GTQ SAR QAR KES EGP MYR IDR TWD ISK ESP"
).split()
_SHORT = {
    "es": {"rs": "INR", "fr": "CHF", "kr": "SEK", "mk": "DEM", "awg": "AWG", "q": "GTQ"},
    "en": {"rs": "INR", "rs.": "INR"},
    "pt": {"rs": "INR"},
    "nl": {"kr": "SEK"},
    "de": {"kr": "SEK", "sfr": "CHF", "sFr": "CHF"},
}
"""How some write them small; those of one or two letters only next to a number."""
DOLLARS = {"CA": "CAD", "AU": "AUD", "NZ": "NZD", "MX": "MXN", "SG": "SGD", "HK": "HKD"}
"""Whose own the plain dollar sign is."""

_WORDS = frozenset({"TRY", "PEN", "COP", "ARS", "ESP", "SEK"})
"""Codes that are words when they are written small."""
_MULTIPLES = {
    "b": 1_000_000_000,
    "k": 1_000,
    "K": 1_000,
    "m": 1_000_000,
    "M": 1_000_000,
    "bn": 1_000_000_000,
    "B": 1_000_000_000,
}
_SCALES = (
    "hundred thousand million billion trillion millionen milliarde milliarden mio. mio mrd. mrd millions milliard "
    "milliards millón millones billón billones trillón trillones milione milioni miliardo miliardi milion miliony "
    "milionów miliard miliardy miliardów tysiąc tysiące tysięcy tys. mln mld mld. mln. milhão milhões bilhão bilhões "
    "trilhão trilhões mil biljoen miljoen miljard m. md. lakh lakhs crore crores bn"
).split()
_ONE_SCALE = {
    "Millionen": "Million", "Milliarden": "Milliarde", "milioni": "milione", "miliardi": "miliardo",
    "millones": "millón", "milliards": "milliard",
}  # fmt: skip
_POLISH_SCALES = {
    "tysięcy": ("tysiąc", "tysiące", "tysięcy", "tysiąca"),
    "milionów": ("milion", "miliony", "milionów", "miliona"),
    "miliardów": ("miliard", "miliardy", "miliardów", "miliarda"),
}
"""One, few, many, and after a part of one."""
_FULL_SCALES = {
    "de": {"mio.": "Millionen", "mio": "Millionen", "mrd.": "Milliarden", "mrd": "Milliarden"},
    "pl": {"tys.": "tysięcy", "mln": "milionów", "mln.": "milionów", "mld": "miliardów", "mld.": "miliardów"},
    "nl": {"mln": "miljoen", "mln.": "miljoen", "mld": "miljard", "mld.": "miljard"},
    "it": {"mln": "milioni", "mld": "miliardi", "mln.": "milioni", "mld.": "miliardi"},
    "es": {"m.": "millones"}, "fr": {"md.": "milliards"}, "en": {"bn": "billion"},
}  # fmt: skip


def rules(language: Language) -> list[Rule]:
    money = _Money(language)
    measures = _Measures(language)
    number = rf"(?:{language.numbers.pattern}|(?<!\w)\.\d+)"
    small = one_of(*(code for code in money.short if len(code) > 2))
    shortest = [code for code in money.short if len(code) <= 2]
    short = one_of(*shortest) if shortest else "(?!)"  # which is nothing
    sign, code = one_of(*SIGNS), rf"(?:{one_of(*CODES, *SIGNS)}|{small}|{short}(?!\.?\w))"
    unit = one_of(*measures.names)
    names = one_of(*money.names)
    minus = rf"(?:(?<![\w)])(?P<minus>[-\u2212]){SPACE}?)?"
    multiple = "k|K|M|m|bn|B|b"
    scale = rf"(?:{SPACE}(?P<scale>(?i:{one_of(*_SCALES)}))(?!\w)|{SPACE}?(?P<multiple>{multiple})(?!\w))?"
    glued = rf"(?:{SPACE}(?P<scale>(?i:{one_of(*_SCALES)}))(?!\w)|(?P<multiple>k|K|M|bn|B)(?!\w))?"
    through = rf"(?:(?:(?P<first>{multiple})(?=[-\u2010-\u2015]))?{SPACE}?{HYPHEN}{SPACE}?%s(?P<b>{number}))?"
    prefix = rf"(?:(?<![\w$])(?:{one_of(*CODES)}|{small}|{short}(?={SPACE}?\d))|(?<![^\W\d]|[$]){sign})"
    lakh = r"\d{1,2}(?:,\d{2})+,\d{3}(?!\d)"
    return [
        Rule(rf"(?<![\w.,])(?P<unit>₹|Rs\.?|INR){SPACE}?(?P<a>{lakh})", money.lakhs, Begins.LETTER | Begins.SIGN),
        Rule(rf"(?<![\w.,])(?P<a>\d+){SPACE}?¢", money.cents, Begins.DIGIT),
        Rule(
            rf"{minus}(?P<unit>{prefix}){SPACE}?(?P<a>{number}){through % f'(?:{sign})?'}{scale}(?![^\W\d_]|[.,]\d)"
            rf"(?:{SPACE}(?P<code>{one_of(*CODES)}|{names})(?!\w))?",
            money.say,
            Begins.ANYHOW,
        ),
        Rule(
            rf"{minus}(?<![\w.,:/])(?P<a>{number}){through % ''}{glued}{SPACE}?(?P<unit>{code})(?!\w)",
            money.say,
            Begins.DIGIT | Begins.SIGN,
        ),
        Rule(rf"(?<![\w.,:/-])(?P<a>{number}){SPACE}(?P<unit>{names})(?!\w)", money.named, Begins.DIGIT),
        Rule(
            rf"{minus}(?<![\w.,:/])(?P<a>{FRACTION}){SPACE}?(?P<unit>{unit})(?![\w°²³]|/\w)(?P<stop>\.(?=[\s,;:)]))?",
            measures.fraction,
            Begins.DIGIT | Begins.SIGN,
        ),
        Rule(
            rf"(?<![\w.,:/])(?P<a>{number}){SPACE}?[x×]{SPACE}?(?P<b>{number})(?:{SPACE}?[x×]{SPACE}?(?P<c>{number}))?"
            rf"{SPACE}?(?P<unit>{unit})(?![\w°²³]|/\w)(?P<stop>\.(?=[\s,;:)]))?",
            measures.product,
            Begins.DIGIT,
        ),
        Rule(
            rf"{minus}(?<![\w.,:/])(?P<a>{number})(?:%?{SPACE}?{HYPHEN}{SPACE}?(?P<b>{number}))?"
            rf"(?:(?:{SPACE}(?P<scale>(?i:{one_of(*_SCALES)})){SPACE})|{SPACE}?)"
            rf"(?P<unit>{unit})(?![\w°²³]|/\w)(?P<stop>\.(?=[\s,;:)]))?",
            measures.say,
            Begins.DIGIT | Begins.SIGN,
        ),
        Rule(rf"(?<=[\d%€$£])/(?P<unit>{unit})(?!\w)", measures.per, Begins.SIGN),
    ]


def words() -> list[str]:
    """What the rules begin with."""
    return [*CODES, *SIGNS, *(name for short in _SHORT.values() for name in short)]


class _Money:
    def __init__(self, language: Language) -> None:
        self._numbers = language.numbers
        self._words = language.vocabulary
        self._locale = language.locale
        self._names: dict[tuple[str, str], str] = {}
        self._english = language.code == "en"
        self.names = _code_by_name(language.vocabulary.currencies)
        self._dollar = DOLLARS.get(language.locale.territory or "", "USD")
        own = {code.lower(): code for code in CODES if code not in _WORDS}
        self.short = {**own, **_SHORT.get(language.code, {})}
        for code in CODES:  # now, not when a price is first spoken
            self._name(code, "2")

    def lakhs(self, found: re.Match[str]) -> Said:
        """₹1,00,000: grouped as in India."""
        crores, rest = divmod(int(found["a"].replace(",", "")), 10_000_000)
        lakhs, below = divmod(rest, 100_000)
        parts = [
            f"{self._numbers.cardinal(count)} {name}" for count, name in ((crores, "crore"), (lakhs, "lakh")) if count
        ]
        if below:
            parts.append(self._numbers.cardinal(below))
        return f"{' '.join(parts)} {self._name('INR', '2')}"

    def cents(self, found: re.Match[str]) -> Said:
        one, many = self._words.cents.get(self._dollar, ("cent", "cents"))
        return f"{self._numbers.count(found['a'])} {one if found['a'] == '1' else many}"

    def say(self, found: re.Match[str]) -> Said:
        said = self._said(found)
        return said.replace(" dollar", " US dollar", 1) if found["unit"] == "US$" and self._english else said

    def _said(self, found: re.Match[str]) -> str:
        unit = found["unit"]
        code = SIGNS.get(unit) or self.short.get(unit, unit)
        if unit == "$":
            code = self._dollar
        if after_it := found.groupdict().get("code"):  # $20 USD, $20 pesos
            code = self.names.get(after_it, after_it)
        first, last = found["a"], found["b"]
        if unit.endswith("$") and re.fullmatch(r"\d{1,3}(?:,\d{3})+", first):
            first = first.replace(",", "")  # $1,250 is written so in every language
        if not found["scale"]:
            first, last = self._without_zeros(first), self._without_zeros(last)
        minus = f"{self._words.minus} " if found["minus"] else ""
        attributive = self._numbers.language == "en" and _attributive(found)
        one_word = (unit in SIGNS and not found.groupdict().get("code")) or unit in _SHORT.get(
            self._numbers.language, {}
        )
        if found["multiple"]:
            factor = _MULTIPLES[found["multiple"]]
            firsts = _MULTIPLES[found["first"]] if found["first"] else factor
            same = found["first"] is None or firsts == factor
            if same and last and factor >= 1_000_000 and self._numbers.language == "en":
                scale = "million" if factor == 1_000_000 else "billion"
                return f"{minus}{self._through(first, last)} {scale} {self._name(code, '2')}"
            first, last = self._times(first, firsts), self._times(last, factor)
        if found["scale"]:
            number = self._number_of(found["scale"])
            name = self._name(code, "1" if attributive else number, one_word)
            scale = _scale(self._numbers, found["scale"], last or first)
            return f"{minus}{self._through(first, last, scale)} {scale} {self._of(name)}"
        if last:
            to = self._amount(last, code, attributive, one_word)
            return f"{minus}{self._numbers.number(first)} {self._words.to} {to}"
        return minus + self._amount(first, code, attributive, one_word)

    def named(self, found: re.Match[str]) -> Said:
        """12,50 Euro, as models write it; in "12 Euro" the number is said by itself."""
        if found["a"] == "1" or re.search(r"\d[.,]\d\d$", found["a"]):
            return self._amount(found["a"], self.names[found["unit"]])
        return None

    def _without_zeros(self, written: str | None) -> str:
        """Of 50.00 nobody says the zeros; nor that of 20.010."""
        if not written:
            return ""
        if written[0] == ".":
            written = "0" + written if self._numbers.language == "en" else "0," + written[1:]
        plain = self._numbers.plain(written)
        whole, _, decimals = plain.partition(".")
        if len(decimals) in (0, 2):
            return whole if decimals == "00" else written
        decimals = decimals.rstrip("0") if len(decimals) > 2 else decimals
        return f"{whole}{'.' if self._numbers.language == 'en' else ','}{decimals}" if decimals else whole

    def _times(self, written: str | None, factor: int) -> str:
        return f"{(Decimal(self._numbers.plain(written)) * factor).normalize():f}" if written else ""

    def _through(self, first: str, last: str | None, scale: str = "") -> str:
        if last:
            return f"{self._numbers.number(first)} {self._words.to} {self._numbers.number(last)}"
        return self._numbers.count(first, scale) if scale else self._numbers.count(first)

    def _number_of(self, _: str) -> str:
        return "1000000" if self._numbers.language in ("fr", "es", "pt", "it", "pl") else "2"

    def _of(self, name: str) -> str:
        """The link in "un million d'euros"."""
        return _linked(self._numbers.language, name)

    def _amount(self, written: str, code: str, attributive: bool = False, one_word: bool = False) -> str:
        plain = self._numbers.plain(written)
        whole, _, decimals = plain.partition(".")
        if len(decimals) > 2 or (int(decimals or 0) and code not in self._words.cents):
            name = self._name(code, "1" if attributive else written, one_word)
            return f"{self._numbers.count(written, name.split()[0])} {name}"
        minor = int(decimals.ljust(2, "0")) if decimals else 0
        name = self._name(code, "1" if attributive else str(int(whole)), one_word)
        major = f"{self._numbers.count(str(int(whole)), name.split()[0])} {name}"
        if not minor:
            return major
        one, many = self._words.cents[code]
        name_of_cents = one if minor == 1 or attributive else self._few(many, minor)
        cents = f"{self._numbers.count(str(minor), name_of_cents)} {name_of_cents}"
        if not int(whole):
            return cents
        if minor < 10 and self._numbers.language in ("es", "it"):
            return self._words.amount.format(major=major, minor=cents, cents=cents)
        if self._numbers.language == "it" and code not in ("EUR", "USD"):
            return f"{major} e {cents}"
        return self._words.amount.format(major=major, minor=self._numbers.cardinal(minor), cents=cents)

    def _few(self, many: str, minor: int) -> str:
        """Two groszy are "grosze", in Polish."""
        if self._numbers.language == "pl" and self._numbers.plural(str(minor)) == "few":
            return {"groszy": "grosze", "centów": "centy", "pensów": "pensy"}.get(many, many)
        return many

    def _name(self, code: str, written: str, one_word: bool = False) -> str:
        form = self._numbers.plural(written)
        if (name := self._names.get((code, form))) is None:
            name = self._names[code, form] = self._find_name(code, form, Decimal(self._numbers.plain(written)))
        if (one_word or code in _OF_THEIR_OWN) and code not in self._words.currencies and " " in name:
            return name.rpartition(" ")[2] if self._numbers.language in ("en", "de", "nl") else name.split()[0]
        return name

    def _find_name(self, code: str, form: str, count: Decimal) -> str:
        if forms := self._words.currencies.get(code):
            if len(forms) == 3:
                return forms[{"one": 0, "few": 1}.get(form, 2)]
            return forms[0 if form == "one" else 1]
        return get_currency_name(code, count, self._locale)


class _Measures:
    def __init__(self, language: Language) -> None:
        self._numbers = language.numbers
        self._words = language.vocabulary
        self._fractions = Fractions(language)
        self._by = _BY[language.code]
        self.names = forms(language.locale)

    def say(self, found: re.Match[str]) -> Said:
        unit = found["unit"]
        last = found["b"] or found["a"]
        if unit == "m" and re.search(r"[$€£]\s*$", before(found)):
            return None
        if unit == "A" and re.search(r"[^\W\d_]{4}\s*$", before(found)):
            return None  # Hauptstraße 15 A
        if unit == "s" and found[0][-2].isdecimal():
            return None  # the 1990s
        if unit == "°" and _is_ordinal(found, self._numbers.language):
            return None
        if unit in _NOT_AFTER_CLOCK and re.search(r"\d:\d*$", before(found)):
            return None
        counted = "1" if self._numbers.language == "en" and _attributive(found) else last
        scale = found["scale"]
        pattern = self._pattern(unit, "1000000" if scale else counted)
        minus = f"{self._words.minus} " if found["minus"] else ""
        if found["b"]:
            spoken = f"{self._numbers.number(found['a'])} {self._words.to} {self._numbers.number(found['b'])}"
        elif unit in "%‰" and self._numbers.language in ("es", "it"):
            spoken = self._numbers.number(last)
        else:
            spoken = self._numbers.count(last, scale or _noun(pattern), before(found))
        if scale:
            spoken += " " + _scale(self._numbers, scale, last)
            return minus + f"{spoken} {_linked(self._numbers.language, _unit(pattern))}" + self._stop(found)
        return minus + pattern.replace("{0}", spoken) + self._stop(found)

    def fraction(self, found: re.Match[str]) -> Said:
        """4 1/2 lbs, 1/2 mile; and 5/10 mg, which is a choice."""
        written, unit = found["a"], found["unit"]
        minus = f"{self._words.minus} " if found["minus"] else ""
        if unit in "%‰°":
            return None
        if "/" in written and self._fractions.is_choice(written):
            pattern = self._pattern(unit, written.partition("/")[2])
            return pattern.replace("{0}", self._fractions.choice(written)) + self._stop(found)
        singular = self._pattern(unit, "1").replace("{0} ", "")
        if self._numbers.language == "pl":
            singular = self._pattern(unit, "1,5").replace("{0} ", "")
        if (said := self._fractions.of_unit(written, singular)) is not None:
            return minus + said + self._stop(found)
        whole = re.match(r"\d+", written)
        if whole and self._fractions.ends_in_half(written) and self._numbers.language in ("es", "fr", "it", "pt"):
            plural = self._pattern(unit, whole[0])
            counted = plural.replace("{0}", self._numbers.count(whole[0], _noun(plural)))
            return minus + self._fractions.and_a_half(counted, _noun(plural)) + self._stop(found)
        plural = self._pattern(
            unit,
            "1,5"
            if self._numbers.language == "pl"
            else "2"
            if self._numbers.language in ("en", "de", "nl") or (whole and int(whole[0]) > 1)
            else "1",
        )
        return minus + plural.replace("{0}", self._fractions.said(written)) + self._stop(found)

    def product(self, found: re.Match[str]) -> Said:
        """8.5 x 11 inches."""
        sides = [self._numbers.number(found[side]) for side in ("a", "b", "c") if found[side]]
        pattern = self._pattern(found["unit"], found["c"] or found["b"])
        return pattern.replace("{0}", f" {self._by} ".join(sides)) + self._stop(found)

    def per(self, found: re.Match[str]) -> Said:
        return f" {self._words.per} " + self._pattern(found["unit"], "1").replace("{0} ", "")

    def _pattern(self, unit: str, written: str) -> str:
        patterns = self.names[unit]
        return patterns.get(self._numbers.plural(written)) or patterns["other"]

    def _stop(self, found: re.Match[str]) -> str:
        """10 min. each; a capital letter says nothing in German."""
        if not found["stop"]:
            return ""
        shortened = found["unit"] in SHORTENED and (self._numbers.language == "de" or not ends_sentence(found))
        return "" if shortened or re.match("[,;:)]", after(found)) else "."


_BY = {"en": "by", "de": "mal", "fr": "sur", "es": "por", "it": "per", "pt": "por", "pl": "na", "nl": "bij"}
"""Between the sides of what is measured."""
_NOT_AFTER_CLOCK = frozenset({"h", "min", "s", "m"})


_OF_THEIR_OWN = frozenset({"CRC", "NIO", "PAB", "GTQ", "JPY", "KRW", "THB", "VND"})
"""Currencies with names that no other has: nobody adds the country."""
_ORDINALS = frozenset({"es", "fr", "it", "pt"})  # who writes 1° for the first


def _is_ordinal(found: re.Match[str], language: str) -> bool:
    return language in _ORDINALS and (
        (not re.search(r"\w\s*$", before(found)) and not after(found).strip()) or bool(noun(language, after(found)))
    )


def _scale(numbers: Numbers, written: str, count: str) -> str:
    """A million in full: "mln" of Polish takes its form from the number."""
    full = _FULL_SCALES.get(numbers.language, {}).get(written.lower(), written)
    if numbers.plain(count) == "1":
        full = _ONE_SCALE.get(full, full)
    if forms := _POLISH_SCALES.get(full) if numbers.language == "pl" else None:
        return forms[("one", "few", "many", "other").index(numbers.plural(count))]
    return full


def _linked(language: str, name: str) -> str:
    """The link in "un million d'euros"."""
    if language == "fr":
        return f"d'{name}" if name[0] in "aeiouy" else f"de {name}"
    return {"es": "de ", "pt": "de ", "it": "di "}.get(language, "") + name


def _unit(pattern: str) -> str:
    return pattern.replace("{0}", "").strip()


def _noun(pattern: str) -> str:
    words = pattern.replace("{0}", "").split()
    return words[0] if words else ""


def _attributive(found: re.Match[str]) -> bool:
    """A $100 gift card, a 5 km run: English then has no plural."""
    return bool(re.search(r"\b[Aa]n?\s+$", before(found)) and re.match(r"\s[a-z]{3}", after(found)))


def _code_by_name(currencies: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Currencies by their names; without those that are measures, too, such as the pound."""
    return {name: code for code, names in currencies.items() if code != "GBP" for name in names}
