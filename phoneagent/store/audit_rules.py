"""Places in the audit log: a time in milliseconds and a number. The same in every store."""

from __future__ import annotations

import re

from phoneagent.errors import OrderRefused

PLACE = re.compile(r"\d{1,19}-\d{1,19}", re.ASCII)
LARGEST = 2**63


def checked_place(cursor: str) -> str:
    """Raises `OrderRefused` for what no page has given."""
    if not PLACE.fullmatch(cursor) or max(place(cursor)) >= LARGEST:
        raise OrderRefused("cursor", "expected the cursor of an earlier page")
    return cursor


def place(name: str) -> tuple[int, int]:
    milliseconds, _, number = name.partition("-")
    return int(milliseconds), int(number)
