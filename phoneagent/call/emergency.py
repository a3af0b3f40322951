"""Emergency numbers, which are never dialled, transferred to, called back or texted.

An agent that calls for help cannot say where somebody is, cannot be called back, and keeps a line from those who can;
and who means harm has others called. Whoever needs help dials the number themselves. Google's library knows the
numbers of all countries; what is written around them, a switch takes away: so does this.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import unquote

ANYWHERE = frozenset({"000", "110", "112", "119", "911", "999"})
"""Emergency numbers in many countries, which switches and mobile networks in others understand too: 112 and 911 (3GPP
TS 22.101, section 10.1), 999, 000, 110 and 119. Further ones count in their own countries only: 100 is one in Greece,
and an extension in every other office."""

WHAT_TO_SAY = (
    "Emergency numbers are never called. Tell them to hang up and dial the emergency number themselves, at once, from "
    "the telephone they have."
)
"""For the model."""

LONGEST = 6  # digits of an emergency number; the library's have at most six
LONGEST_WITH_CODES = LONGEST + 6  # and 011, and the code of a country
LONGEST_ADDRESS = 200  # characters that are looked at

_SCHEME = re.compile(r"(?:sips?|tel|callto):(?://)?", re.IGNORECASE)
_DIALLED = re.compile(r"\+?[0-9*#]+")
_ABROAD = re.compile(r"^(?:\+|00|011)")
_AFTERWARDS = re.compile(r"[;?:,@wpx]", re.IGNORECASE)  # parameters, a password, a host; pauses, an extension


def dialled(address: str) -> str:
    """What a switch would dial for a number or a `sip:` or `tel:` address: digits and their plus; empty if nothing."""
    text = _SCHEME.sub("", unquote(address[:LONGEST_ADDRESS]).strip(), count=1)
    text = _AFTERWARDS.split(text, maxsplit=1)[0]
    digits = "".join(_as_dialled(char) for char in text)
    return digits if _DIALLED.fullmatch(digits) else ""


def is_emergency(address: str, countries: Collection[str] = ()) -> bool:
    """Whether this number, or `sip:` or `tel:` address, leads to an emergency service.

    With its country code it is looked up there (`+1911`, `+49112`); without, among those of `countries` (ISO codes) and
    those that are known anywhere.
    """
    digits = dialled(address).strip("*#")
    number = digits.removeprefix("+")
    if not number or len(number) > LONGEST_WITH_CODES:
        return False
    outside = number[1:] if number.startswith("0") or number == "9911" else number  # after the key for an outside line
    if any(_is_one(each, countries) for each in {number, outside}):
        return True
    abroad = international(digits)
    return (abroad != number or digits.startswith("+")) and _in_its_country(abroad)


def international(digits: str) -> str:
    """What is dialled after the plus, or after 00 or 011; the digits themselves if there is none of these."""
    return _ABROAD.sub("", digits)


def _as_dialled(char: str) -> str:
    """A digit of any script as a switch has it; nothing for what people write between digits."""
    value = unicodedata.decimal(char, None)
    if value is not None:
        return str(value)
    return "" if char in " ().-/\u00a0\u2010\u2011\u2012\u2013" else unicodedata.normalize("NFKC", char)


def _in_its_country(number: str) -> bool:
    """Whether what follows a country code is an emergency number there."""
    parts = [(number[:length], number[length:]) for length in (1, 2, 3) if number[:length].isdecimal()]
    short = [(int(code), rest) for code, rest in parts if len(rest.lstrip("0")) <= LONGEST]
    if not short:
        return False  # as numbers of people are, which is known without a library of 40 ms
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return any(
        _is_one(national, COUNTRY_CODE_TO_REGION_CODE.get(code, ()))
        for code, rest in short
        if code in COUNTRY_CODE_TO_REGION_CODE
        for national in {rest, rest.lstrip("0")}
    )


def _is_one(number: str, countries: Collection[str]) -> bool:
    if number in ANYWHERE:
        return True
    if not countries or not 2 <= len(number) <= LONGEST:
        return False
    import phonenumbers

    return any(phonenumbers.is_emergency_number(number, each) for each in countries)
