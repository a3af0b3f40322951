"""The built-in tool that has a caller called back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from pydantic import Field

from phoneagent.call.built_in import FARTHEST_CALLBACK, LONGEST_REASON, RUN, SCHEDULE_CALLBACK
from phoneagent.call.business_hours import spelled_out
from phoneagent.call.calling_rules import AT_ANY_TIME, CallingRules
from phoneagent.call.contact_limits import NO_LIMITS, ContactLimits
from phoneagent.call.emergency import WHAT_TO_SAY
from phoneagent.call.phone_numbers import NumberRules
from phoneagent.call.variables import KNOWN, PURPOSE
from phoneagent.errors import KeyReused, OrderRefused, StoreError, ToolError
from phoneagent.ports import OrderBook
from phoneagent.private import Private
from phoneagent.records import Agent, Order, ToolSpec

from .arguments import Arguments, read
from .box import Asked

log = structlog.stdlib.get_logger(__name__)

MOST = 5  # times that one call may have its callback moved
SOONEST = 60.0  # seconds: the call that it is asked for in must be over


class _Callback(Arguments):
    at: str = ""
    in_minutes: int | None = Field(None, ge=1, le=FARTHEST_CALLBACK * 24 * 60)
    at_this_hour: bool = False
    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class ScheduleCallback:
    """Implements `Tool`. It orders one call, by the same agent, to nobody but the other party of this one.

    Without a `book` there is no carrier, and the model is told so. `numbers`: who may be called; `rules`: and when;
    `limits`: how often a day. `now`: seconds since the epoch.
    """

    spec: ToolSpec = RUN[SCHEDULE_CALLBACK]

    def __init__(
        self,
        agent: Agent,
        book: OrderBook | None,
        numbers: NumberRules,
        *,
        rules: CallingRules | None = None,
        limits: ContactLimits = NO_LIMITS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._agent = agent
        self._book = book
        self._numbers = numbers
        self._rules = rules
        self._limits = limits
        self._now = now

    async def run(self, arguments: dict[str, Any], asked: Asked) -> str:
        """See `Tool`."""
        wanted = read(SCHEDULE_CALLBACK, arguments, _Callback)
        due = self._due(wanted)
        if self._book is None:
            raise ToolError("Not scheduled: this is no telephone call, so there is nobody to call back.")
        caller = asked.variables.get("caller_number", "")
        if self._numbers.is_emergency(caller):
            raise ToolError(f"Not scheduled. {WHAT_TO_SAY}")
        try:
            to = self._numbers.destination(caller)
        except OrderRefused as error:
            log.info("callback_refused", call=asked.call, problem=str(error))
            raise ToolError("Not scheduled: the number that they call from is withheld, or is not called.") from error
        self._limits.expect_attested(asked.variables.get("caller_attestation", ""), "Not scheduled")
        try:
            order = await self._allowed(self._ordered(asked, to, wanted.reason, due), at_this_hour=wanted.at_this_hour)
            await self._order(self._book, order)
        except StoreError as error:
            log.warning("callback_uncertain", call=asked.call, problem=str(error))
            raise ToolError("It is not known whether the callback was scheduled: our own system is away.") from error
        return f"Scheduled: they are called back on {spelled_out(due, self._agent.timezone)}."

    async def _allowed(self, order: Order, *, at_this_hour: bool) -> Order:
        """The order, if its number may be called then. Raises `ToolError` and `StoreError`."""
        if self._rules is None:
            return order
        match await self._rules.refusal(order):
            case "do_not_call":
                raise ToolError(
                    "Not scheduled: their number is on the do-not-call list, and nobody on it is called. Tell them so."
                )
            case "own_number":
                raise ToolError("Not scheduled: they call from our own number.")
        if at_this_hour:  # they were asked, and want it so
            return replace(order, hours=AT_ANY_TIME)
        try:
            opens = self._rules.opens(order, order.not_before)
        except OrderRefused:
            first = "it is not known what time it is where they are"
        else:
            if opens <= order.not_before:
                return order
            first = f"the first time within them is {spelled_out(opens, self._agent.timezone)}"
        then = spelled_out(order.not_before, self._agent.timezone)
        raise ToolError(
            f"Not scheduled: {then} may be outside of the hours at which people are called where they are; {first}. "
            "Ask whether they really want to be called then: if they say yes, ask for this again with at_this_hour, "
            "else agree on another time."
        )

    def _due(self, wanted: _Callback) -> float:
        """Seconds since the epoch. Raises `ToolError` saying what time it is, for the model reckons with it."""
        now = self._now()
        it_is = f"it is now {spelled_out(now, self._agent.timezone)}"
        if (wanted.in_minutes is None) == (not wanted.at):
            raise ToolError(f"Not scheduled: expected either at or in_minutes; {it_is}.")
        if wanted.in_minutes is not None:
            return now + 60.0 * wanted.in_minutes
        if _is_date(wanted.at):
            raise ToolError(
                f"Not scheduled: expected a time of day too, such as {wanted.at}T15:30. Ask them for it; {it_is}."
            )
        try:
            at = datetime.fromisoformat(wanted.at)
        except ValueError as error:
            raise ToolError(f"Not scheduled: expected `at` such as 2030-01-31T15:30; {it_is}.") from error
        due = (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(self._agent.timezone))).timestamp()
        if not now + SOONEST <= due <= now + FARTHEST_CALLBACK * 24 * 3600.0:
            raise ToolError(
                f"Not scheduled: expected a time to come within {FARTHEST_CALLBACK} days, a minute from now at the "
                f"soonest; {it_is}."
            )
        return due

    def _ordered(self, asked: Asked, to: str, reason: str, due: float) -> Order:
        known = {name: value for name, value in asked.variables.items() if name not in KNOWN}
        return Order(
            id="",
            to=Private(to),
            caller_id=Private(asked.variables.get("agent_number", "")),
            agent=self._agent.name,
            created=self._now(),
            variables={**known, PURPOSE: reason},
            metadata={"callback_of": asked.call},
            machine="voicemail" if self._agent.phrasing.voicemail else "ignore",
            not_before=due,
        )

    async def _order(self, book: OrderBook, order: Order) -> None:
        """Write it down in place of the one that this call has had; what was ordered twice is one call."""
        for number in range(MOST + 1):
            name = "PC" + sha256(f"callback {number} of {order.metadata['callback_of']}".encode()).hexdigest()[:32]
            earlier = await book.load(name)
            if earlier is None:
                if number == 0:  # one that is moved is the same
                    await self._limits.spend(order.to.reveal(), "Not scheduled")
                await self._create(book, order, name)
                return
            if earlier.not_before == order.not_before and earlier.status == "queued":
                return
            await book.cancel(earlier.id, now=self._now())
        raise ToolError(f"Not scheduled: the callback was moved {MOST} times in this call, and now is cancelled.")

    async def _create(self, book: OrderBook, order: Order, name: str) -> None:
        try:
            await book.create(replace(order, id=name), key=name, fingerprint=f"{order.not_before}")
        except KeyReused as error:  # asked for twice at once, with two times
            raise ToolError("Not scheduled: another time was given in the same answer.") from error
        log.info("callback_scheduled", call=order.metadata["callback_of"], order=name)


def _is_date(text: str) -> bool:
    """A day without a time of day: it would be midnight, and wake them."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
