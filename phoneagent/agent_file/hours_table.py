"""Business hours as an agent file has them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from phoneagent.call.business_hours import calling_hours, periods
from phoneagent.records import BusinessHours, CallingHours


def _period(text: str) -> str:
    tuple(periods(text))
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


OpenPeriods = tuple[Annotated[str, AfterValidator(_period)], ...]
ClosedDays = tuple[Annotated[str, AfterValidator(_day)], ...]


class HoursTable(BaseModel):
    """`[hours.NAME]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: Timezone
    open: OpenPeriods
    closed: ClosedDays = ()

    def hours(self) -> BusinessHours:
        """The record."""
        return BusinessHours(
            self.timezone, tuple(period for text in self.open for period in periods(text)), self.closed
        )


class CallingHoursTable(BaseModel):
    """`[calling_hours]`. Without a `timezone`, the callee's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    open: Literal["any"] | OpenPeriods = Field(min_length=1)
    closed: ClosedDays = ()
    timezone: Timezone | None = None

    def hours(self) -> CallingHours:
        """The record."""
        text = self.open if isinstance(self.open, str) else ",".join(self.open)
        return calling_hours(text, closed=self.closed, timezone=self.timezone or "")
