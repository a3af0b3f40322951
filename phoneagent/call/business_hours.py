"""Whether somebody is there: business hours by the clock on their wall."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from phoneagent.records import BusinessHours

DAY = 24 * 60  # minutes


def is_open(hours: BusinessHours, at: float) -> bool:
    """Whether it is open `at` this time, in seconds since the epoch. A period past midnight belongs to the day it
    began on.
    """
    there = datetime.fromtimestamp(at, ZoneInfo(hours.timezone))
    minute = there.hour * 60 + there.minute
    today, yesterday = there.date(), there.date() - timedelta(days=1)
    return any(
        (period.weekday == today.weekday() and period.start <= minute < period.end and not _closed_on(hours, today))
        or (period.weekday == yesterday.weekday() and minute + DAY < period.end and not _closed_on(hours, yesterday))
        for period in hours.open
    )


def spelled_out(at: float, timezone: str) -> str:
    """A time in seconds since the epoch as a model reads it without reckoning: `Monday, 23 November 2026, 11:15`."""
    return f"{datetime.fromtimestamp(at, ZoneInfo(timezone)):%A, %-d %B %Y, %H:%M}"


def _closed_on(hours: BusinessHours, day: date) -> bool:
    return bool({day.isoformat(), f"{day:%m-%d}"} & set(hours.closed))


def closed_now(hours: Mapping[str, BusinessHours], at: float) -> frozenset[str]:
    """The names of those that are closed at this time."""
    return frozenset(name for name, known in hours.items() if not is_open(known, at))
