"""Business hours as an agent file has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict

from phoneagent.call.business_hours import DAY
from phoneagent.records import BusinessHours, OpenPeriod

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PERIOD = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d\d):(\d\d)-(\d\d):(\d\d)")


def _periods(text: str) -> Iterator[OpenPeriod]:
    """`mon-fri 09:00-17:00`: Monday is 0, times are minutes. Raises `ValueError`."""
    found = _PERIOD.fullmatch(text.strip().lower())
    if found and found[1] in DAYS and (found[2] or found[1]) in DAYS:
        first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
        start, end = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
        if max(int(found[4]), int(found[6])) < 60 and start < DAY and end <= DAY and start != end:
            for offset in range((last - first) % 7 + 1):
                yield OpenPeriod((first + offset) % 7, start, end if end > start else end + DAY)
            return
    raise ValueError(f"expected days and times such as 'mon-fri 09:00-17:00' or 'sat 20:00-02:00', got {text!r}")


def _period(text: str) -> str:
    list(_periods(text))
    return text


def _day(text: str) -> str:
    try:
        date.fromisoformat(text if len(text) == len("2026-12-25") else f"2000-{text}")  # a leap year
    except ValueError as error:
        raise ValueError(f"expected a day such as '12-25', every year, or '2026-11-26', got {text!r}") from error
    return text


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"expected a time zone such as 'Europe/Berlin', got {text!r}") from error
    return text


Timezone = Annotated[str, AfterValidator(_timezone)]


class HoursTable(BaseModel):
    """`[hours.NAME]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: Timezone
    open: tuple[Annotated[str, AfterValidator(_period)], ...]
    closed: tuple[Annotated[str, AfterValidator(_day)], ...] = ()

    def hours(self) -> BusinessHours:
        """The record."""
        return BusinessHours(
            self.timezone, tuple(period for text in self.open for period in _periods(text)), self.closed
        )
