"""Which numbers may be called: those that exist, in countries that were allowed, and that cost what a call costs.

By Google's library, which knows all numbering plans. It is imported when the first number is checked, in a tenth of a
second: a server that places no calls does without.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from phoneagent.errors import OrderRefused

from .emergency import WHAT_TO_SAY, dialled, international, is_emergency

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

E164 = re.compile(r"\+[1-9][0-9]{6,14}")

UNKNOWN_CALLERS = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""What Twilio writes for callers who hide their number: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE on a
telephone's keys. (twilio.com/docs/voice/twiml, "Request parameters"; support article "Why am I getting calls from these
strange numbers?")"""


def shown_number(*candidates: str) -> str:
    """The first that is a number in E.164 form, as a carrier may show it to whom is called; empty if none is.

    Callers by SIP or Client have an address, others hide their number, and some networks send what is no number.
    """
    return next((one for one in candidates if E164.fullmatch(one) and one not in UNKNOWN_CALLERS), "")


SHORTEST_ABROAD = 7  # digits; fewer are an extension of somebody's switchboard

LONGEST = 40  # characters of a number with all its spaces and brackets

OWN_NUMBER = "expected somebody else's number, got one of our own"

WRITTEN = re.compile(r" *\+[0-9 ().\-\u00a0\u2010\u2011]+", re.ASCII)
"""How a number may be written; the last three are what word processors make of blanks and hyphens.

Letters are not taken for the digits on their keys: an O that was meant as a 0 would call a stranger.
"""


class NumberRules:
    """`countries`: ISO codes such as US and DE; without any, the country of `home`. That is the number that usually
    calls, and is not called itself.
    """

    def __init__(self, countries: Collection[str] = (), *, home: str = "") -> None:
        self._countries = frozenset(country.upper() for country in countries)
        self._home = home
        self._own = {home} if home else set()

    def know_own(self, numbers: Iterable[str]) -> None:
        """Take these for ours too, in E.164 form: whoever called them would hear the agent talk with itself."""
        self._own.update(numbers)

    def is_own(self, number: str) -> bool:
        """Whether a number in E.164 form is ours."""
        return number in self._own

    def load(self) -> None:
        """Import the library now, rather than in a call."""
        import phonenumbers.timezone  # noqa: F401

    def possible(self, field: str, number: str) -> str:
        """In E.164 form. Raises `OrderRefused` for what no number can look like; the carrier knows if it is ours."""
        return _e164(field, number)[0]

    def destination(self, number: str, field: str = "to") -> str:
        """The number to call in E.164 form. Raises `OrderRefused` for one that is none, or must not be called."""
        import phonenumbers

        self._refuse_emergency(field, number)
        checked, parsed = _e164(field, number)
        if not phonenumbers.is_valid_number(parsed):
            raise OrderRefused(field, "expected a number that exists: no country's numbering plan has this one")
        _refuse_kind(field, parsed)
        country = phonenumbers.region_code_for_number(parsed) or ""
        allowed = self._countries or _country(self._home)
        if country not in allowed:
            where = ", ".join(sorted(allowed)) or "an allowed country"
            raise OrderRefused(
                field,
                f"expected a number of {where}, got one of {country or 'no country'}; "
                "PHONEAGENT_ALLOWED_COUNTRIES says which may be called",
            )
        if self.is_own(checked):
            raise OrderRefused(field, f"{OWN_NUMBER}: the agent would call itself")
        return checked

    def target(self, address: str, field: str = "target") -> str:
        """Where a caller may be connected to: a number in E.164 form, or a `sip:` address as it is, whose user part is
        looked at as a number if it is one. Raises `OrderRefused`.
        """
        self._refuse_emergency(field, address)
        scheme, _, rest = address.strip().partition(":")
        if scheme.lower() == "tel":
            return self.destination(rest.partition(";")[0], field)
        if scheme.lower() not in ("sip", "sips"):
            return self.destination(address, field)
        digits = dialled(address).strip("*#")
        if digits.startswith("+") or (abroad := international(digits)) != digits:
            self.destination(digits if digits.startswith("+") else f"+{abroad}", field)
        elif len(digits) >= SHORTEST_ABROAD:
            self._refuse_kinds(field, digits)
        return address

    def is_emergency(self, address: str) -> bool:
        """Whether it leads to an emergency service, in the countries that may be called or in most others."""
        return is_emergency(address, self._countries or _country(self._home))

    def _refuse_emergency(self, field: str, number: str) -> None:
        if self.is_emergency(number):
            raise OrderRefused(field, f"expected an ordinary number, not an emergency number. {WHAT_TO_SAY}")

    def _refuse_kinds(self, field: str, digits: str) -> None:
        """Of digits without a plus nobody knows whether a gateway takes them for a number of its country, or of all."""
        import phonenumbers

        for written, country in ((f"+{digits}", None), *((digits, each) for each in _country(self._home))):
            try:
                parsed = phonenumbers.parse(written, country)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(parsed):
                _refuse_kind(field, parsed)


def _refuse_kind(field: str, parsed: PhoneNumber) -> None:
    import phonenumbers

    if (named := _refused_kinds().get(phonenumbers.number_type(parsed))) is not None:
        raise OrderRefused(field, f"expected an ordinary number, not {named}: these are not called")


def is_number(text: str) -> bool:
    """Whether it is a number in E.164 form: of who withholds theirs, carriers tell other things, or nothing."""
    return bool(shown_number(text))


def time_zones(number: str) -> tuple[str, ...]:
    """Those of the IANA database in which a number in E.164 form may be; none where no numbering plan says so."""
    import phonenumbers
    from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

    found: tuple[str, ...] = time_zones_for_number(phonenumbers.parse(number))
    return tuple(zone for zone in found if zone != UNKNOWN_TIMEZONE)


def _country(number: str) -> frozenset[str]:
    import phonenumbers

    country = phonenumbers.region_code_for_number(phonenumbers.parse(number)) if number else None
    return frozenset([country] if country else [])


def _e164(field: str, number: str) -> tuple[str, PhoneNumber]:
    import phonenumbers

    wanted = "expected a number with its country code, such as +12125550123"
    if len(number) > LONGEST or not number.strip().startswith(("+", "tel:+")):
        raise OrderRefused(field, wanted)
    if not WRITTEN.fullmatch(number):
        raise OrderRefused(
            field,
            f"{wanted}: after the plus only digits, blanks, brackets, dots and hyphens; no letters, and no extension, "
            "whose keys are pressed when the call is answered",
        )
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException as exc:
        raise OrderRefused(field, wanted) from exc
    if not phonenumbers.is_possible_number(parsed):
        raise OrderRefused(field, f"{wanted}; this one has too few or too many digits")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), parsed


def _refused_kinds() -> dict[int, str]:
    """Kinds of numbers that cost more than a call, or lead to no person."""
    from phonenumbers import PhoneNumberType

    return {
        PhoneNumberType.PREMIUM_RATE: "one of premium rate",
        PhoneNumberType.SHARED_COST: "one of shared cost",
        PhoneNumberType.PERSONAL_NUMBER: "a personal number, which costs what its owner wants",
        PhoneNumberType.PAGER: "a pager",
        PhoneNumberType.VOICEMAIL: "a voicemail service",
        PhoneNumberType.UAN: "a company's special number",
    }
