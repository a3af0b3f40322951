"""Callers who want to be called back: what is ordered, and what the model is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from phoneagent.agent_file import parse_agent
from phoneagent.call.business_hours import calling_hours
from phoneagent.call.calling_rules import AT_ANY_TIME, CallingRules
from phoneagent.call.contact_limits import NO_LIMITS, ContactLimits
from phoneagent.call.phone_numbers import NumberRules
from phoneagent.do_not_call import DoNotCall
from phoneagent.errors import StoreError, ToolError
from phoneagent.private import Private
from phoneagent.store.memory import MemoryStore
from phoneagent.store.rate_limits import RateLimits
from phoneagent.toolbox import Asked
from phoneagent.toolbox.schedule_callback import MOST, ScheduleCallback

AGENT = """
name = "shop"
built_in = ["schedule_callback"]
timezone = "Europe/Berlin"
instructions = "You help {name}."

[variables]
name = { required = true }
"""
NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC).timestamp()
ANA, SHOP = "+12125550123", "+12125550100"
CALL = Asked("CA1", {"name": "Ana", "call_id": "CA1", "agent": "shop", "caller_number": ANA, "agent_number": SHOP})
ABOUT = {"reason": "her order"}


class Calendar:
    """A tool, and the orders that came of it."""

    def __init__(self, hours=None, limits=NO_LIMITS, **changes):
        self.store = MemoryStore()
        self.book = self.store.orders
        made = replace(parse_agent(AGENT, "shop.toml"), **changes)
        numbers = NumberRules(["US"])
        rules = CallingRules(numbers, self.store.do_not_call, hours=hours) if hours else None
        self.tool = ScheduleCallback(made, self.book, numbers, rules=rules, limits=limits, now=lambda: NOW)

    async def asked(self, **arguments):
        return await self.tool.run({**ABOUT, **arguments}, CALL)

    async def orders(self, status="queued"):
        return [order for order in (await self.book.page()).orders if order.status == status]


async def test_in_the_time_of_the_agent():
    calendar = Calendar()
    told = await calendar.asked(at="2026-11-24T15:30")
    assert told == "Scheduled: they are called back on Tuesday, 24 November 2026, 15:30."
    [order] = await calendar.orders()
    assert order.not_before == datetime(2026, 11, 24, 14, 30, tzinfo=UTC).timestamp()
    assert (order.to.reveal(), order.caller_id.reveal(), order.agent) == (ANA, SHOP, "shop")
    assert order.variables == {"name": "Ana", "purpose": "her order"}
    assert order.metadata == {"callback_of": "CA1"}
    assert order.machine == "ignore"


@pytest.mark.parametrize(
    ("arguments", "spelled"),
    [
        ({"in_minutes": 10}, "Monday, 23 November 2026, 11:25"),
        ({"at": "2026-11-24T15:30Z"}, "Tuesday, 24 November 2026, 16:30"),
        ({"at": "2026-11-24 15:30:00"}, "Tuesday, 24 November 2026, 15:30"),
        ({"at": " 2026-12-23T11:14 "}, "Wednesday, 23 December 2026, 11:14"),
    ],
)
async def test_ways_to_say_when(arguments, spelled):
    assert await Calendar().asked(**arguments) == f"Scheduled: they are called back on {spelled}."


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"at": "2026-11-24T15:30", "in_minutes": 10},
        {"at": "tomorrow at three"},
        {"at": "2026-11-23T11:15"},
        {"at": "2026-11-22T15:30"},
        {"at": "2027-01-24T15:30"},
        {"at": "9999-12-31T23:59:59.999999-23:59"},
        {"at": "0001-01-01T00:00:00+23:59"},
    ],
)
async def test_a_model_that_is_wrong_about_the_time_learns_what_time_it_is(arguments):
    calendar = Calendar()
    with pytest.raises(ToolError, match=r"^Not scheduled: .*it is now Monday, 23 November 2026, 11:15\.$"):
        await calendar.asked(**arguments)
    assert await calendar.orders() == []


@pytest.mark.parametrize("arguments", [{"in_minutes": 0}, {"in_minutes": "soon"}, {"reason": ""}, {"number": ANA}])
async def test_arguments_that_are_none(arguments):
    with pytest.raises(ToolError, match=f"^schedule_callback: {next(iter(arguments))}: "):
        await Calendar().asked(**arguments)


@pytest.mark.parametrize("day", ["2026-11-24", "20261124", "2026-W48-2", " 2026-11-24 "])
async def test_a_day_needs_a_time_of_day(day):
    calendar = Calendar()
    with pytest.raises(ToolError, match=r"^Not scheduled: expected a time of day too, such as .*T15:30\. Ask them"):
        await calendar.asked(at=day)
    assert await calendar.orders() == []


HOURS = calling_hours("mon-sun 08:00-21:00")


@pytest.mark.parametrize("when", [{"at": "2026-11-25T04:30"}, {"in_minutes": 10}, {"at": "2026-11-24T10:00"}])
async def test_an_hour_of_the_night_is_asked_about_and_then_taken(when):
    calendar = Calendar(hours=HOURS)  # half past ten at night, five and four in the morning of New York
    with pytest.raises(ToolError, match=r"outside of the hours .*; the first time .* Ask whether they really want"):
        await calendar.asked(**when)
    assert await calendar.orders() == []
    assert (await calendar.asked(**when, at_this_hour=True)).startswith("Scheduled")
    [order] = await calendar.orders()
    assert order.hours == AT_ANY_TIME


async def test_an_hour_of_the_day_is_not():
    calendar = Calendar(hours=HOURS)
    assert (await calendar.asked(at="2026-11-24T15:30")).startswith("Scheduled")
    [order] = await calendar.orders()
    assert order.hours is None


async def test_who_is_on_the_do_not_call_list_is_not_called_back():
    calendar = Calendar(hours=HOURS)
    await calendar.store.do_not_call.add([DoNotCall(Private(ANA), NOW)])
    with pytest.raises(ToolError, match="on the do-not-call list"):
        await calendar.asked(at="2026-11-24T15:30", at_this_hour=True)
    assert await calendar.orders() == []


async def test_our_own_number_is_not_called_back():
    calendar = Calendar(hours=HOURS)
    with pytest.raises(ToolError, match="our own number"):
        await calendar.tool.run(
            {**ABOUT, "at": "2026-11-24T15:30"}, replace(CALL, variables={**CALL.variables, "caller_number": SHOP})
        )


async def test_a_number_is_called_back_so_often_a_day_whoever_calls_in_its_name():
    calendar = Calendar(limits=ContactLimits("callbacks", RateLimits("3/day")))
    for number in range(3):
        for hour in (15, 16):  # moved, it is one
            await calendar.tool.run({**ABOUT, "at": f"2026-11-24T{hour}:00"}, replace(CALL, call=f"CA{number}"))
    with pytest.raises(ToolError, match="Not scheduled: this number has had 3 today"):
        await calendar.tool.run({**ABOUT, "at": "2026-11-24T15:00"}, replace(CALL, call="CA9"))
    assert len(await calendar.orders()) == 3
    other = {**CALL.variables, "caller_number": "+12125550124"}
    assert await calendar.tool.run({**ABOUT, "at": "2026-11-24T15:00"}, Asked("CA9", other))


UNKNOWN = ["", "No-TN-Validation", "TN-Validation-Failed-A", "TN-Validation-Passed-B", "TN-Validation-Passed-A\n"]


@pytest.mark.parametrize("told", UNKNOWN)
async def test_who_may_be_anybody_is_not_called_back_where_that_is_asked_for(told):
    calendar = Calendar(limits=ContactLimits(attestation="A"))
    said = {**CALL.variables, "caller_attestation": told}
    with pytest.raises(ToolError, match="does not vouch for the number"):
        await calendar.tool.run({**ABOUT, "in_minutes": 5}, Asked("CA1", said))
    assert await calendar.orders() == []


@pytest.mark.parametrize("told", ["TN-Validation-Passed-A", "TN-Validation-Passed-A-Diverted", "placed"])
async def test_whose_carrier_vouches_for_the_number(told):
    calendar = Calendar(limits=ContactLimits(attestation="A"))
    said = {**CALL.variables, "caller_attestation": told}
    assert await calendar.tool.run({**ABOUT, "in_minutes": 5}, Asked("CA1", said))


async def test_who_changes_their_mind_is_called_once():
    calendar = Calendar()
    await calendar.asked(at="2026-11-24T15:30")
    await calendar.asked(at="2026-11-24T15:30")
    await calendar.asked(at="2026-11-24T17:00")
    [order] = await calendar.orders()
    assert order.not_before == datetime(2026, 11, 24, 16, 0, tzinfo=UTC).timestamp()
    assert len(await calendar.orders("canceled")) == 1
    for hour in range(10, 10 + MOST - 1):
        await calendar.asked(at=f"2026-11-25T{hour}:00")
    with pytest.raises(ToolError, match="was moved 5 times in this call, and now is cancelled"):
        await calendar.asked(at="2026-11-26T10:00")
    assert await calendar.orders() == []


async def test_asked_for_twice_at_once():
    calendar = Calendar()
    both = [calendar.asked(at=f"2026-11-24T{hour}:00") for hour in (15, 15, 16)]
    told = await asyncio.gather(*both, return_exceptions=True)
    assert len(await calendar.orders()) == 1, told


async def test_a_message_for_machines_where_the_agent_has_one():
    made = parse_agent(AGENT, "shop.toml")
    calendar = Calendar(phrasing=replace(made.phrasing, voicemail="Please call us back."))
    await calendar.asked(in_minutes=5)
    assert [order.machine for order in await calendar.orders()] == ["voicemail"]


@pytest.mark.parametrize("number", ["", "anonymous", "sip:ana@example.com", "+447400123456"])
async def test_who_cannot_be_called_back(number):
    calendar = Calendar()
    with pytest.raises(ToolError, match="Not scheduled: the number that they call from is withheld, or is not called"):
        await calendar.tool.run({**ABOUT, "in_minutes": 5}, replace(CALL, variables={"caller_number": number}))
    assert await calendar.orders() == []


async def test_the_store_is_away(monkeypatch):
    calendar = Calendar()

    async def away(order):
        raise StoreError("away")

    monkeypatch.setattr(calendar.book, "load", away)
    with pytest.raises(ToolError, match="not known whether the callback was scheduled"):
        await calendar.asked(in_minutes=5)


async def test_without_a_telephone():
    tool = ScheduleCallback(parse_agent(AGENT, "shop.toml"), None, NumberRules(["US"]))
    with pytest.raises(ToolError, match="this is no telephone call"):
        await tool.run({**ABOUT, "in_minutes": 5}, CALL)
