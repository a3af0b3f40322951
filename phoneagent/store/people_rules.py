"""By what people are known: a keyed hash of their telephone number. The same in every store."""

from __future__ import annotations

import hashlib
import hmac
import re

SECRET = 32  # bytes
SHOWN = 24  # hexadecimal digits of a hash: enough to tell all people of the world apart

MOST_CALLS = 10_000
"""Of one person; past that the oldest are forgotten here. Nobody has so many; a switchboard behind one number may."""

NUMBER = re.compile(r"(?:\+?\d{3,15}|sips?:[^\s@]+@[^\s@]+)", re.ASCII)

WITHHELD = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""What carriers write in place of a number that is not told: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE on
a telephone's keys (https://help.twilio.com/articles/223179988)."""


def is_somebody(number: str) -> bool:
    """Whether a number, or a SIP address, is that of somebody."""
    return bool(NUMBER.fullmatch(number)) and number not in WITHHELD


def pseudonym(secret: bytes, number: str) -> str:
    """Without the secret nobody can try all numbers until one has this hash."""
    return hmac.new(secret, number.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[:SHOWN]
