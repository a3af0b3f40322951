"""Whether somebody may be called, and when: asked when a call is ordered, and again before it is dialled."""

from __future__ import annotations

from collections.abc import Mapping

from phoneagent.do_not_call import DoNotCallList
from phoneagent.errors import OrderRefused, UnwantedCall
from phoneagent.records import CallingHours, Order, OrderRefusal

from .business_hours import all_open, calling_hours
from .phone_numbers import OWN_NUMBER, NumberRules, time_zones

AT_ANY_TIME = calling_hours("any")

REFUSALS: Mapping[OrderRefusal, str] = {
    "do_not_call": "expected a number that may be called: this one is on the do-not-call list",
    "own_number": f"{OWN_NUMBER}: the agent would call itself",
}


class CallingRules:
    """`numbers`: which are called at all; `unwanted`: who does not want to be. `hours`: in which people are called,
    unless an agent of `by_agent`, or the order, has others.
    """

    def __init__(
        self,
        numbers: NumberRules,
        unwanted: DoNotCallList,
        *,
        hours: CallingHours = AT_ANY_TIME,
        by_agent: Mapping[str, CallingHours | None] | None = None,
    ) -> None:
        self._numbers = numbers
        self._unwanted = unwanted
        self._hours = hours
        self._by_agent = dict(by_agent or {})

    def checked_number(self, field: str, number: str) -> str:
        """In E.164 form. Raises `OrderRefused` for what is no number, and, of `to`, for what is not called."""
        return self._numbers.destination(number) if field == "to" else self._numbers.possible(field, number)

    async def refusal(self, order: Order) -> OrderRefusal:
        """Why the order's number must not be called now; empty if it may be. Raises `StoreError`."""
        to = order.to.reveal()
        if self._numbers.is_own(to) or to == order.caller_id.reveal():
            return "own_number"
        return "do_not_call" if await self._unwanted.find(to) is not None else ""

    async def expect_welcome(self, order: Order) -> None:
        """Raises `UnwantedCall` for a number on the do-not-call list, `OrderRefused` for our own, and `StoreError`."""
        match await self.refusal(order):
            case "":
                return
            case "do_not_call" as reason:
                raise UnwantedCall("to", REFUSALS[reason])
            case reason:
                raise OrderRefused("to", REFUSALS[reason])

    def hours_of(self, agent: str) -> CallingHours:
        """In which an agent calls people."""
        return self._by_agent.get(agent) or self._hours

    def opens(self, order: Order, at: float) -> float:
        """When it may be dialled, from `at` on: `at` itself within the callee's hours.

        Raises `OrderRefused` when nobody knows where the number is, or when no time is within the hours.
        """
        hours = order.hours or self.hours_of(order.agent)
        if hours.open == AT_ANY_TIME.open and not hours.closed:
            return at
        zones = (hours.timezone,) if hours.timezone else time_zones(order.to.reveal())
        if not zones:
            raise OrderRefused(
                "timezone",
                "missing; expected the callee's time zone, such as Europe/Berlin, for their number does not say where "
                "they are: it decides at what hours they are called",
            )
        if (opens := all_open(hours, zones, at)) is None:
            several = f", in all {len(zones)} time zones that the number may be in" if len(zones) > 1 else ""
            raise OrderRefused(
                "calling_hours",
                f"expected hours that come within two weeks{several}; `timezone` says in which of them the callee is",
            )
        return opens
