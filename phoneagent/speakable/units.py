"""Units of measure: how they are written, and what CLDR calls them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from babel import Locale
from babel.units import format_unit

MEASURES = {
    "km": "length-kilometer", "m": "length-meter", "cm": "length-centimeter", "mm": "length-millimeter",
    "μm": "length-micrometer", "µm": "length-micrometer", "nm": "length-nanometer", "dm": "length-decimeter",
    "mi": "length-mile", "ft": "length-foot", "yd": "length-yard", "yds": "length-yard",
    "inches": "length-inch", "inch": "length-inch", "kg": "mass-kilogram", "g": "mass-gram", "gr": "mass-gram",
    "mg": "mass-milligram", "mcg": "mass-microgram", "µg": "mass-microgram", "lb": "mass-pound", "lbs": "mass-pound",
    "oz": "mass-ounce", "l": "volume-liter", "ltr": "volume-liter",
    "L": "volume-liter", "ml": "volume-milliliter", "mL": "volume-milliliter", "cl": "volume-centiliter",
    "dl": "volume-deciliter", "hl": "volume-hectoliter",
    "m²": "area-square-meter", "m2": "area-square-meter", "qm": "area-square-meter", "km²": "area-square-kilometer",
    "km2": "area-square-kilometer", "cm²": "area-square-centimeter", "cm2": "area-square-centimeter",
    "ft²": "area-square-foot", "sqft": "area-square-foot", "sq ft": "area-square-foot", "sq. ft.": "area-square-foot",
    "m³": "volume-cubic-meter", "m3": "volume-cubic-meter", "km³": "volume-cubic-kilometer",
    "cm³": "volume-cubic-centimeter", "ha": "area-hectare",
    "km/h": "speed-kilometer-per-hour", "kph": "speed-kilometer-per-hour", "kmh": "speed-kilometer-per-hour",
    "m/s": "speed-meter-per-second", "mph": "speed-mile-per-hour",
    "°C": "temperature-celsius", "° C": "temperature-celsius", "℃": "temperature-celsius", "°c": "temperature-celsius",
    "° c": "temperature-celsius", "ºC": "temperature-celsius", "º C": "temperature-celsius",
    "°F": "temperature-fahrenheit", "° F": "temperature-fahrenheit", "℉": "temperature-fahrenheit",
    "ºF": "temperature-fahrenheit", "°": "angle-degree", "%": "concentr-percent", "‰": "concentr-permille",
    "kW": "power-kilowatt", "MW": "power-megawatt", "kWh": "energy-kilowatt-hour",
    "kB": "digital-kilobyte", "KB": "digital-kilobyte", "MB": "digital-megabyte", "GB": "digital-gigabyte",
    "TB": "digital-terabyte", "kcal": "energy-kilocalorie", "min": "duration-minute", "mins": "duration-minute",
    "h": "duration-hour", "hr": "duration-hour", "hrs": "duration-hour", "sec": "duration-second",
    "secs": "duration-second", "seg": "duration-second", "s": "duration-second", "ms": "duration-millisecond",
    "Std": "duration-hour", "Min": "duration-minute", "Sek": "duration-second", "godz": "duration-hour",
    "Hz": "frequency-hertz", "kHz": "frequency-kilohertz", "MHz": "frequency-megahertz", "GHz": "frequency-gigahertz",
    "A": "electric-ampere", "hp": "power-horsepower",
    "mpg": "consumption-mile-per-gallon", "psi": "pressure-pound-force-per-square-inch",
    "tbsp": "volume-tablespoon", "tsp": "volume-teaspoon", "gal": "volume-gallon", "qt": "volume-quart",
    "pt": "volume-pint", "fl oz": "volume-fluid-ounce", "fl. oz.": "volume-fluid-ounce", "acres": "area-acre",
}  # fmt: skip
SHORTENED = frozenset("min mins hr hrs sec secs seg lb lbs oz ft yd yds mi Std Min Sek godz tbsp tsp gal qt pt".split())
"""Measures that may have a full stop of their own."""
_ALSO_LARGE = frozenset("km kg cm mm ml cl dl mg lb lbs oz ft kph mph mins hrs".split())
"""12KG, 5 Km: those that are nothing else in capitals, such as PT and MI."""
_OF_LANGUAGES = {
    "en": frozenset("A godz Std Min Sek qm gr seg ltr".split()),
    "de": frozenset("pt gal qt seg gr hr hrs mins secs godz lb lbs mi".split()),
    "fr": frozenset("mi pt qt gal Std Sek qm seg godz hr hrs gr".split()),
    "es": frozenset("ha mi pt qt gal Std Sek qm godz hr".split()),
    "it": frozenset("pt qt gal Std Sek qm seg godz hr hrs mi ha".split()),
    "pt": frozenset("mi pt qt gal Std Sek qm godz hr hrs ha".split()),
    "pl": frozenset("pt qt gal Std Sek qm seg hr hrs gr mi".split()),
    "nl": frozenset("pt qt gal Std Sek qm seg godz hr hrs gr mi".split()),
}
"""What is no measure there, but a word or something else."""
_MEGABITS = {
    "en": "megabits per second", "de": "Megabit pro Sekunde", "fr": "mégabits par seconde",
    "es": "megabits por segundo", "it": "megabit al secondo", "pt": "megabits por segundo",
    "pl": "megabitów na sekundę", "nl": "megabit per seconde",
}  # fmt: skip


def forms(locale: Locale) -> dict[str, Mapping[str, str]]:
    """By what is written: such as "{0} kilometers", by plural form."""
    language = str(locale.language)
    found: dict[str, Mapping[str, str]] = {}
    by_name: dict[str, Mapping[str, str]] = {}
    for sign, name in MEASURES.items():
        if sign in _OF_LANGUAGES.get(language, ()):
            continue
        if name not in by_name:
            by_name[name] = _forms(locale, name)
        if not by_name[name]:
            continue
        found[sign] = by_name[name]
        if sign in _ALSO_LARGE:
            for other in (sign.upper(), sign.capitalize()):
                if other not in MEASURES:
                    found[other] = by_name[name]
    if language == "nl":
        found["km/u"] = found["km/uur"] = by_name["speed-kilometer-per-hour"]
    found["kwh"] = found["KWH"] = found["KWh"] = by_name["energy-kilowatt-hour"]
    found["mV"] = found["mv"] = _thousandths(_forms(locale, "electric-volt"), language)
    for signs, name in (
        (("mbps", "Mbps", "Mbit/s"), "{0} " + _MEGABITS[language]),
        (("gbps", "Gbps", "Gbit/s"), _gigabits(language)),
    ):
        one = name.replace("bits", "bit").replace("bitów", "bit")
        found.update({sign: {"one": one, "other": name} for sign in signs})
    return found


def _gigabits(language: str) -> str:
    return "{0} " + re.sub("^m[eé]ga", "giga", _MEGABITS[language]).replace("Mega", "Giga")


def _thousandths(patterns: Mapping[str, str], language: str) -> Mapping[str, str]:
    """CLDR has the volt, not its parts."""
    prefix = {"de": "Milli", "es": "mili", "pt": "mili", "pl": "mili"}.get(language, "milli")
    return {
        form: re.sub(r"(?<=\} )\w", lambda first: prefix + first[0].lower(), text) for form, text in patterns.items()
    }


_OWN: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "nl": {
        "duration-hour": {"other": "{0} uur"},
        "pressure-pound-force-per-square-inch": {"other": "{0} pond per vierkante inch"},
    },
    "en": {
        "pressure-pound-force-per-square-inch": {
            "one": "{0} pound per square inch", "other": "{0} pounds per square inch",
        },
    },
    "fr": {
        "speed-kilometer-per-hour": {"one": "{0} kilomètre à l'heure", "other": "{0} kilomètres à l'heure"},
    },
    "it": {"concentr-percent": {"other": "{0} percento"}},
}  # fmt: skip
"""Where CLDR or Babel has a gap."""


def _forms(locale: Locale, name: str) -> Mapping[str, str]:
    """Babel gives these patterns only with a number in them; where a language has none, with CLDR's own name."""
    if own := _OWN.get(str(locale.language), {}).get(name):
        return own
    patterns: dict[str, str] = {}
    for number in (2, 0, 1, 5, Decimal("1.5"), 1_000_000):
        form = str(locale.plural_form(number))
        if form in patterns:  # English has two, and Babel takes its time
            continue
        formatted = format_unit(number, name, length="long", locale=locale)
        if name in formatted:
            continue
        pattern = re.sub(r"\d(?:[\d.,\s]*\d)?", "{0}", formatted, count=1)
        patterns[form] = pattern.replace("\u00a0", " ").replace("\u202f", " ")
    if patterns and "other" not in patterns:
        patterns["other"] = next(iter(patterns.values()))
    return patterns
