"""Whether somebody is there: business hours by the clock on their wall."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from zoneinfo import ZoneInfo

from phoneagent.records import BusinessHours, CallingHours, OpenPeriod

DAY = 24 * 60  # minutes

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PERIOD = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d\d):(\d\d)-(\d\d):(\d\d)")


def periods(text: str) -> Iterator[OpenPeriod]:
    """What `mon-fri 09:00-17:00` means. Raises `ValueError`."""
    found = _PERIOD.fullmatch(text.strip().lower())
    if found and found[1] in WEEKDAYS and (found[2] or found[1]) in WEEKDAYS:
        first, last = WEEKDAYS.index(found[1]), WEEKDAYS.index(found[2] or found[1])
        start, end = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
        if max(int(found[4]), int(found[6])) < 60 and start < DAY and end <= DAY and start != end:
            for offset in range((last - first) % 7 + 1):
                yield OpenPeriod((first + offset) % 7, start, end if end > start else end + DAY)
            return
    raise ValueError(f"expected days and times such as 'mon-fri 09:00-17:00' or 'sat 20:00-02:00', got {text!r}")


def calling_hours(text: str, *, closed: Sequence[str] = (), timezone: str = "") -> CallingHours:
    """Hours as settings and orders have them: `any`, or `mon-fri 08:00-21:00, sat 10:00-18:00`. Raises `ValueError`."""
    parts = ["mon-sun 00:00-24:00"] if text.strip() == "any" else text.split(",")
    return CallingHours(tuple(period for part in parts for period in periods(part)), tuple(closed), timezone)


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


HORIZON = 15  # days for which an opening is looked for: two weeks, whatever days of them are closed


def next_open(hours: BusinessHours, at: float) -> float | None:
    """The first time from `at` on at which it is open; None when that is beyond the horizon."""
    if is_open(hours, at):
        return at
    zone = ZoneInfo(hours.timezone)
    today = datetime.fromtimestamp(at, zone).date()
    for offset in range(HORIZON):
        day = today + timedelta(days=offset)
        if _closed_on(hours, day):
            continue
        starts = sorted(period.start for period in hours.open if period.weekday == day.weekday())
        for start in starts:
            opens = datetime.combine(day, clock_time(start // 60, start % 60), zone).timestamp()
            if opens > at:
                return opens
    return None


def all_open(hours: CallingHours, zones: Sequence[str], at: float) -> float | None:
    """The first time from `at` on at which it is open in all zones; None when there is none within the horizon."""
    until = at + HORIZON * DAY * 60.0
    everywhere = [BusinessHours(zone, hours.open, hours.closed) for zone in _distinct(zones, at, until)]
    while at < until:
        opens = [next_open(each, at) for each in everywhere]
        latest = max((each for each in opens if each is not None), default=at)
        if None in opens:
            return None
        if latest == at:
            return at
        at = latest
    return None


def _distinct(zones: Sequence[str], at: float, until: float) -> tuple[str, ...]:
    """One of each kind of zones whose clocks show the same meanwhile: a country may have forty of them."""
    kinds: dict[tuple[object, ...], str] = {}
    for zone in zones:
        info = ZoneInfo(zone)
        offsets = (datetime.fromtimestamp(when, info).utcoffset() for when in (at, (at + until) / 2, until))
        kinds.setdefault(tuple(offsets), zone)
    return tuple(kinds.values())


def _closed_on(hours: BusinessHours, day: date) -> bool:
    return bool({day.isoformat(), f"{day:%m-%d}"} & set(hours.closed))


def closed_now(hours: Mapping[str, BusinessHours], at: float) -> frozenset[str]:
    """The names of those that are closed at this time."""
    return frozenset(name for name, known in hours.items() if not is_open(known, at))
