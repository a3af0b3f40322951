"""A tool that changes something runs once, whatever becomes of the process that has begun it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from phoneagent.call.scribe import Scribe
from phoneagent.call.tool_ledger import UNKNOWN, ToolLedger, left_over
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.private import Private
from phoneagent.records import CallRecord, RunningTool
from phoneagent.store.memory import MemoryStore

CALL = "CA" + "1" * 32
RECORD = CallRecord(CALL, "desk", "inbound", Private("+15005550100"), Private("+15005550006"))
BOOKING = ToolCall("call_1", "book_table", '{"people": "2"}')
HOURS = ToolCall("call_2", "look_up_hours", "{}")
ASKED = Turn("caller", "a table for two", 1.0)
BOOKED = Turn("tool", "Booked.", 2.0, tool=BOOKING)


@asynccontextmanager
async def ledger():
    store = MemoryStore()
    await store.create_call(RECORD)
    scribe = Scribe(store, RECORD, "this")
    task = asyncio.create_task(scribe.run())
    yield ToolLedger(scribe, frozenset({"look_up_hours"})), scribe, store
    task.cancel()
    await asyncio.wait([task])


async def found(store):
    """What another process would make of the call now."""
    stored = await store.load_call(CALL)
    return [turn.text for turn in left_over(stored.record, stored.turns, 5.0)]


async def test_what_was_begun_and_has_not_returned_is_not_known_to_be_done():
    async with ledger() as (tools, scribe, store):
        scribe.save(1, ASKED)
        await tools.begin(BOOKING)
        assert await found(store) == [UNKNOWN]


async def test_what_was_returned_is_known_before_its_turn_is_written():
    async with ledger() as (tools, scribe, store):
        await tools.begin(BOOKING)
        tools.returned(BOOKING, "Booked.")
        await scribe.flush(1.0)
        assert await found(store) == ["Booked."]


async def test_what_has_its_turn_is_not_left_over():
    async with ledger() as (tools, scribe, store):
        await tools.begin(BOOKING)
        tools.returned(BOOKING, "Booked.")
        scribe.save(1, BOOKED)
        tools.saved(BOOKED)
        await scribe.flush(1.0)
        stored = await store.load_call(CALL)
        assert (stored.record.tools, stored.turns) == ((), (BOOKED,))
        assert await found(store) == []


async def test_a_tool_without_side_effects_is_not_entered():
    async with ledger() as (tools, scribe, store):
        await tools.begin(HOURS)
        tools.returned(HOURS, "From noon.")
        await scribe.flush(1.0)
        assert await found(store) == []


def test_a_tool_whose_turn_was_written_before_the_record_was_is_not_told_twice():
    record = CallRecord(CALL, "desk", "inbound", Private("+1"), Private("+1"), tools=(RunningTool(BOOKING, "Booked."),))
    assert left_over(record, (ASKED, BOOKED), 5.0) == ()
    assert left_over(record, (ASKED,), 5.0) == (Turn("tool", "Booked.", 5.0, tool=BOOKING),)
