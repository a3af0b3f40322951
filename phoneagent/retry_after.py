"""`Retry-After`, as other people write it (RFC 9110, section 10.2.3): the one reader of it, which cannot fail.

The standard library reads the dates (`email.utils`), in all the forms that the RFC asks for. urllib3's
`Retry.parse_retry_after` was considered: it raises for what it cannot read, and takes digits of any script and length.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 24 * 3600.0  # seconds; who wants to be left alone for longer refuses for good

LONGEST_DATE = 64  # characters; the longest form of HTTP's dates has 34

MOST_NUMBERS = 8  # in a list: proxies on the way have each added one

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")  # fractions are not the RFC's; OpenAI and others send them


def retry_after(header: str | None, *, now: float) -> float | None:
    """Seconds to wait, from 0 to `LONGEST_WAIT`; None where the header is missing or names no time.

    `now`: seconds since the epoch, for headers that name a date. Of several numbers, the longest wait counts.
    """
    if header is None:
        return None
    text = header.strip()
    numbers = [part.strip() for part in text.split(",", MOST_NUMBERS)]
    if all(map(_SECONDS.fullmatch, numbers)):
        return min(max(map(float, numbers)), LONGEST_WAIT)  # too many digits for a float are infinitely many seconds
    return _until(text, now) if len(text) <= LONGEST_DATE else None


def _until(date: str, now: float) -> float | None:
    if not date.isascii():
        return None
    try:
        at = parsedate_to_datetime(date)
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        seconds = at.timestamp() - now
    except (ValueError, TypeError, OverflowError, LookupError):  # text of strangers: what it raises differs by release
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)
