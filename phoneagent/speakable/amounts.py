"""Money, percentages, measures: a number and what it counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from babel import Locale
from babel.numbers import get_currency_name
from babel.units import format_unit

from .language import Language
from .rules import HYPHEN, SPACE, Begins, Rule, Said, after, before, ends_sentence, one_of

SIGNS = {
    "US$": "USD", "CA$": "CAD", "C$": "CAD", "AU$": "AUD", "A$": "AUD", "NZ$": "NZD", "HK$": "HKD", "MX$": "MXN",
    "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN", "Kč": "CZK", "₺": "TRY",
    "₪": "ILS", "₩": "KRW", "₴": "UAH", "Fr.": "CHF",
}  # fmt: skip
CODES = (
    "USD EUR GBP CHF JPY CNY INR PLN CZK HUF SEK NOK DKK CAD AUD NZD MXN BRL TRY ILS KRW UAH RON BGN SGD HKD ZAR AED"
).split()
DOLLARS = {"CA": "CAD", "AU": "AUD", "NZ": "NZD", "MX": "MXN", "SG": "SGD", "HK": "HKD"}
"""Whose own the plain dollar sign is."""

MEASURES = {
    "km": "length-kilometer", "m": "length-meter", "cm": "length-centimeter", "mm": "length-millimeter",
    "mi": "length-mile", "ft": "length-foot", "yd": "length-yard", "kg": "mass-kilogram", "g": "mass-gram",
    "mg": "mass-milligram", "lb": "mass-pound", "lbs": "mass-pound", "oz": "mass-ounce", "l": "volume-liter",
    "L": "volume-liter", "ml": "volume-milliliter", "mL": "volume-milliliter", "cl": "volume-centiliter",
    "m²": "area-square-meter", "m2": "area-square-meter", "km²": "area-square-kilometer",
    "ft²": "area-square-foot", "sqft": "area-square-foot", "m³": "volume-cubic-meter", "m3": "volume-cubic-meter",
    "km/h": "speed-kilometer-per-hour", "kph": "speed-kilometer-per-hour", "mph": "speed-mile-per-hour",
    "°C": "temperature-celsius", "° C": "temperature-celsius", "℃": "temperature-celsius",
    "°F": "temperature-fahrenheit", "° F": "temperature-fahrenheit", "℉": "temperature-fahrenheit",
    "°": "angle-degree", "%": "concentr-percent", "kW": "power-kilowatt", "kWh": "energy-kilowatt-hour",
    "kB": "digital-kilobyte", "KB": "digital-kilobyte", "MB": "digital-megabyte", "GB": "digital-gigabyte",
    "TB": "digital-terabyte", "kcal": "energy-kilocalorie", "min": "duration-minute", "mins": "duration-minute",
    "hr": "duration-hour", "hrs": "duration-hour", "sec": "duration-second", "ms": "duration-millisecond",
    "Std": "duration-hour", "Min": "duration-minute",
}  # fmt: skip
_SHORTENED = frozenset("min mins hr hrs sec lb lbs oz ft yd mi Std Min".split())
"""Measures that may have a full stop of their own."""
_MULTIPLES = {"k": 1_000, "K": 1_000, "m": 1_000_000, "M": 1_000_000, "bn": 1_000_000_000, "B": 1_000_000_000}
_SCALES = (
    "hundred thousand million billion trillion Million Millionen Milliarde Milliarden Mio. Mrd. millions milliard "
    "milliards million millón millones milione milioni miliardi milion miliony milionów tys. mln milhão milhões mil "
    "miljoen miljard"
).split()


def rules(language: Language) -> list[Rule]:
    money = _Money(language)
    measures = _Measures(language)
    number = language.numbers.pattern
    sign, code = one_of(*SIGNS), one_of(*CODES, *SIGNS)
    unit = one_of(*measures.names)
    names = one_of(*money.names)
    minus = rf"(?:(?<![\w)])(?P<minus>[-\u2212]){SPACE}?)?"
    scale = rf"(?:{SPACE}(?P<scale>{one_of(*_SCALES)})(?!\w)|(?P<multiple>k|K|M|bn|B)(?!\w))?"
    through = rf"(?:{SPACE}?{HYPHEN}{SPACE}?%s(?P<b>{number}))?"
    prefix = rf"(?:(?<![\w$])(?:{one_of(*CODES)})|(?<![^\W\d]|[$]){sign})"
    return [
        Rule(
            rf"{minus}(?P<unit>{prefix}){SPACE}?(?P<a>{number}){through % f'(?:{sign})?'}{scale}(?![^\W\d_])"
            rf"(?:{SPACE}(?P<code>{one_of(*CODES)}|{names})(?!\w))?",
            money.say,
            Begins.ANYHOW,
        ),
        Rule(
            rf"{minus}(?<![\w.,:/])(?P<a>{number}){through % ''}{scale}{SPACE}?(?P<unit>{code})(?!\w)",
            money.say,
            Begins.DIGIT | Begins.SIGN,
        ),
        Rule(rf"(?<![\w.,:/-])(?P<a>{number}){SPACE}(?P<unit>{names})(?!\w)", money.named, Begins.DIGIT),
        Rule(
            rf"{minus}(?<![\w.,:/])(?P<a>{number})(?:%?{SPACE}?{HYPHEN}{SPACE}?(?P<b>{number}))?{SPACE}?"
            rf"(?P<unit>{unit})(?![\w°²³]|/\w)(?P<stop>\.(?=\s))?",
            measures.say,
            Begins.DIGIT | Begins.SIGN,
        ),
    ]


def words() -> list[str]:
    """What the rules begin with."""
    return [*CODES, *SIGNS]


class _Money:
    def __init__(self, language: Language) -> None:
        self._numbers = language.numbers
        self._words = language.vocabulary
        self._locale = language.locale
        self._names: dict[tuple[str, str], str] = {}
        self.names = _code_by_name(language.vocabulary.currencies)
        self._dollar = DOLLARS.get(language.locale.territory or "", "USD")
        for code in CODES:  # now, not when a price is first spoken
            self._name(code, "2")

    def say(self, found: re.Match[str]) -> Said:
        unit = found["unit"]
        code = SIGNS.get(unit, unit)
        if unit == "$":
            code = self._dollar
        if after_it := found.groupdict().get("code"):  # $20 USD, $20 pesos
            code = self.names.get(after_it, after_it)
        first, last = found["a"], found["b"]
        if unit.endswith("$") and re.fullmatch(r"\d{1,3}(?:,\d{3})+", first):
            first = first.replace(",", "")  # $1,250 is written so in every language
        minus = f"{self._words.minus} " if found["minus"] else ""
        attributive = self._numbers.language == "en" and _attributive(found)
        if found["multiple"]:
            first, last = (self._times(text, _MULTIPLES[found["multiple"]]) for text in (first, last))
        if found["scale"]:
            name = self._name(code, "1" if attributive else self._number_of(found["scale"]))
            return f"{minus}{self._through(first, last)} {found['scale']} {self._of(name)}"
        if last:
            return f"{minus}{self._numbers.number(first)} {self._words.to} {self._amount(last, code, attributive)}"
        return minus + self._amount(first, code, attributive)

    def named(self, found: re.Match[str]) -> Said:
        """12,50 Euro, as models write it; in "12 Euro" the number is said by itself."""
        if found["a"] == "1" or re.search(r"\d[.,]\d\d$", found["a"]):
            return self._amount(found["a"], self.names[found["unit"]])
        return None

    def _times(self, written: str | None, factor: int) -> str:
        return f"{(Decimal(self._numbers.plain(written)) * factor).normalize():f}" if written else ""

    def _through(self, first: str, last: str | None) -> str:
        if last:
            return f"{self._numbers.number(first)} {self._words.to} {self._numbers.number(last)}"
        return self._numbers.count(first)

    def _number_of(self, _: str) -> str:
        return "1000000" if self._numbers.language in ("fr", "es", "pt", "it", "pl") else "2"

    def _of(self, name: str) -> str:
        """The link in "un million d'euros"."""
        if self._numbers.language == "fr":
            return f"d'{name}" if name[0] in "aeiouy" else f"de {name}"
        return {"es": "de ", "pt": "de ", "it": "di "}.get(self._numbers.language, "") + name

    def _amount(self, written: str, code: str, attributive: bool = False) -> str:
        plain = self._numbers.plain(written)
        whole, _, decimals = plain.partition(".")
        if len(decimals) > 2 or (int(decimals or 0) and code not in self._words.cents):
            return f"{self._numbers.number(written)} {self._name(code, '1' if attributive else written)}"
        minor = int(decimals.ljust(2, "0")) if decimals else 0
        counted = "1" if attributive else str(int(whole))
        major = f"{self._numbers.count(str(int(whole)))} {self._name(code, counted)}"
        if not minor:
            return major
        one, many = self._words.cents[code]
        cents = f"{self._numbers.count(str(minor))} {one if minor == 1 or attributive else many}"
        if not int(whole):
            return cents
        return self._words.amount.format(major=major, minor=self._numbers.cardinal(minor), cents=cents)

    def _name(self, code: str, written: str) -> str:
        form = self._numbers.plural(written)
        if (name := self._names.get((code, form))) is None:
            name = self._names[code, form] = self._find_name(code, form, Decimal(self._numbers.plain(written)))
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
        self.names = {sign: forms for sign, name in MEASURES.items() if (forms := _forms(language.locale, name))}

    def say(self, found: re.Match[str]) -> Said:
        forms = self.names[found["unit"]]
        last = found["b"] or found["a"]
        counted = "1" if self._numbers.language == "en" and _attributive(found) else last
        pattern = forms.get(self._numbers.plural(counted)) or forms["other"]
        minus = f"{self._words.minus} " if found["minus"] else ""
        spoken = self._numbers.count(last)
        if found["b"]:
            spoken = f"{self._numbers.number(found['a'])} {self._words.to} {self._numbers.number(found['b'])}"
        if found["unit"] == "m" and re.search(r"[$€£]\s*$", before(found)):
            return None
        return minus + pattern.replace("{0}", spoken) + self._stop(found)

    def _stop(self, found: re.Match[str]) -> str:
        """10 min. each; a capital letter says nothing in German."""
        if not found["stop"]:
            return ""
        shortened = found["unit"] in _SHORTENED and (self._numbers.language == "de" or not ends_sentence(found))
        return "" if shortened else "."


def _attributive(found: re.Match[str]) -> bool:
    """A $100 gift card, a 5 km run: English then has no plural."""
    return bool(re.search(r"\b[Aa]n?\s+$", before(found)) and re.match(r"\s[a-z]{3}", after(found)))


def _code_by_name(currencies: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Currencies by their names; without those that are measures, too, such as the pound."""
    return {name: code for code, names in currencies.items() if code != "GBP" for name in names}


def _forms(locale: Locale, name: str) -> Mapping[str, str]:
    """Such as "{0} kilometers", by plural form. Babel gives these patterns only with a number in them."""
    forms: dict[str, str] = {}
    for number in (0, 1, 2, 5, Decimal("1.5"), 1_000_000):
        form = str(locale.plural_form(number))
        if form in forms:  # English has two, and Babel takes its time
            continue
        formatted = format_unit(number, name, length="long", locale=locale)
        pattern = re.sub(r"\d(?:[\d.,\s]*\d)?", "{0}", formatted, count=1)
        forms[form] = pattern.replace("\u00a0", " ").replace("\u202f", " ")
    return forms
