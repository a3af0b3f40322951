"""Cursors of pages of calls: the place of the last one that was shown. The same in every store."""

from __future__ import annotations

import re

from phoneagent.errors import OrderRefused

CURSOR = re.compile(r"\d{20}-(?:PC[0-9a-f]{32}|(?!PC)[\w.~%-]{1,200})", re.ASCII)


def checked_cursor(cursor: str) -> str:
    """Raises `OrderRefused` for what `records.place_of` has not made."""
    if cursor and not CURSOR.fullmatch(cursor):
        raise OrderRefused("cursor", "expected the cursor of an earlier page")
    return cursor
