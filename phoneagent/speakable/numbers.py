"""Numbers in words: num2words knows how they are said, CLDR how they are written."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from babel import Locale

from . import ordinals
from .agreement import agree
from .number_words import converter
from .vocabulary import Vocabulary

SPACES = "\u00a0\u202f\u2009"  # that join the groups of a number: no-break, narrow no-break, thin
GROUPED_BY_SPACE = frozenset({"fr", "pl", "es", "pt"})  # who writes 1 200, also with the space of the keyboard
LONGEST = 18  # digits; num2words gives up in some languages, and nobody follows
_KEPT = 4096  # numbers whose words are remembered: prices, years and minutes come again


class Numbers:
    """How one language writes and says numbers."""

    def __init__(self, locale: Locale, vocabulary: Vocabulary) -> None:
        self.language = locale.language
        self._vocabulary = vocabulary
        self._words = lru_cache(_KEPT)(self._in_words)
        brazilian = locale.language == "pt" and locale.territory in (None, "BR")
        self._converter = converter("pt_BR" if brazilian else locale.language)
        self._without_and = locale.language == "en" and locale.territory in (None, "US")
        self._plural = locale.plural_form
        symbols = locale.number_symbols["latn"]
        self._decimal = symbols["decimal"]
        comma = self._decimal == ","
        group = "." if comma else ","
        groups = rf"[{re.escape(group)}{SPACES}{' ' if locale.language in GROUPED_BY_SPACE else ''}]"
        self._groups = re.compile(groups)
        decimals = (
            r"(?:,\d+|\.\d{1,2}(?!\d))" if comma else r"(?:\.\d+|,\d\d(?![\d,]))"
        )  # models write 3.50 in every language
        either = r"\d{1,3}(?:(?:,\d{3})+\.|(?:\.\d{3})+,)\d\d?(?!\d)"  # of both signs the second is for decimals
        twice = r"\d{1,3}(?:(?:,\d{3}){2,}|(?:\.\d{3}){2,})(?![\d]|[.,]\d)"  # 1.234.567 can be nothing else anywhere
        self.pattern = rf"(?:{either}|{twice}|\d{{1,3}}(?:{groups}\d{{3}})+(?!\d)(?:{decimals})?|\d+(?:{decimals})?)"
        """A written number, without sign."""

    # -- read ---------------------------------------------------------------------------------------

    def plain(self, written: str) -> str:
        """The digits of a written number, with a point before the decimals: "1.200,50" is "1200.50"."""
        if re.fullmatch(r"\d+[.,]\d{1,2}", written):
            return written.replace(",", ".")
        if both := re.fullmatch(r"(\d+(?:([.,])\d{3})+)(?!\2)[.,](\d\d?)", written):
            return re.sub("[.,]", "", both[1]) + "." + both[3]
        if re.fullmatch(r"\d{1,3}(?:(?:,\d{3}){2,}|(?:\.\d{3}){2,})", written):
            return re.sub("[.,]", "", written)
        return self._groups.sub("", written).replace(self._decimal, ".")

    # -- say ----------------------------------------------------------------------------------------

    def cardinal(self, number: int) -> str:
        return self._words(number, "cardinal")

    def ordinal(self, number: int) -> str:
        return self._words(number, "ordinal")

    def year(self, number: int) -> str:
        """1984 is "nineteen eighty-four" where years are said so."""
        if self.language == "pl":
            return self._polish_year(number)
        if self.language == "nl" and 1100 <= number < 2000 and number % 1000:
            century, rest = divmod(number, 100)
            return f"{self.cardinal(century)}honderd{self.cardinal(rest) if rest else ''}"
        return self._words(number, "year") if self.language in ("en", "de") else self.cardinal(number)

    def number(self, written: str) -> str:
        """A written number in words, decimals included."""
        whole, _, decimals = self.plain(written).partition(".")
        if not whole:  # .5
            return f"{self._vocabulary.point} {self.digits(decimals)}"
        words = self.cardinal(int(whole))
        return f"{words} {self._vocabulary.point} {self._decimals(decimals)}" if decimals else words

    def count(self, written: str, noun: str = "", earlier: str = "") -> str:
        """A written number before what is counted. `earlier` is the text before it."""
        if not noun:
            return self._vocabulary.one if written == "1" else self.number(written)
        plain = self.plain(written)
        if "." in plain:
            return self.number(written)
        return agree(self.language, self.number(written), int(plain), noun, earlier)

    def digits(self, text: str) -> str:
        """The digits in a text one by one."""
        return " ".join(self.cardinal(int(digit)) for digit in text if digit.isdecimal())

    def plural(self, written: str) -> str:
        """CLDR's name of the form that a noun takes after this number: one, few, many, other."""
        return str(self._plural(Decimal(self.plain(written))))

    def _decimals(self, digits: str) -> str:
        if self._vocabulary.point_digits or (len(digits) == 3 and "0" in digits[0]):
            return self.digits(digits)
        if len(digits) == 3 and self.language == "fr":
            return self.cardinal(int(digits))
        return " ".join(self._pair(digits[at : at + 2]) for at in range(0, len(digits), 2))

    def _pair(self, digits: str) -> str:
        return self.digits(digits) if digits.startswith("0") else self.cardinal(int(digits))

    def _in_words(self, number: int, kind: str) -> str:
        if len(str(number)) > LONGEST:
            return self.digits(str(number))
        if kind == "ordinal" and self.language == "es":
            return ordinals.spanish(number, self.cardinal)
        words = str(getattr(self._converter, f"to_{kind}")(number)).replace(",", "")
        if self._without_and:
            words = words.replace(" and ", " ")
        if self.language == "nl":
            words = words.replace("éé", "ee") if number != 1 else words
            words = re.sub(r"duizend(?=\w)(?!ste)", "duizend ", words)
        return words

    def _polish_year(self, number: int) -> str:
        century, rest = divmod(number, 100)
        if not rest:
            return genitive(self.ordinal(number))
        return f"{self.cardinal(century * 100)} {genitive(self.ordinal(rest))}"


def genitive(ordinal: str) -> str:
    """Polish ordinals in the case of dates: "drugi" is "drugiego"."""
    return re.sub(r"i\b", "iego", re.sub(r"y\b", "ego", ordinal))


def locative(year: str) -> str:
    """A Polish year after "w": dwa tysiące dwudziestym szóstym."""
    return re.sub(r"ego\b", "ym", re.sub(r"iego\b", "im", year))
