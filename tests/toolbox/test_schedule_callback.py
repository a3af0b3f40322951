"""Callers who want to be called back: what is ordered, and what the model is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from phoneagent.agent_file import parse_agent
from phoneagent.call.phone_numbers import NumberRules
from phoneagent.errors import StoreError, ToolError
from phoneagent.store.memory import MemoryStore
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

    def __init__(self, **changes):
        self.book = MemoryStore().orders
        made = replace(parse_agent(AGENT, "shop.toml"), **changes)
        self.tool = ScheduleCallback(made, self.book, NumberRules(["US"]), now=lambda: NOW)

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
