"""The store goes away, before, during and after calls: nobody on the telephone notices, and nothing is lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from phoneagent.errors import StoreError
from phoneagent.simulator.caller import CallerScript, HangUp, Say
from phoneagent.store.memory import MemoryStore

from .world import HOURS, world

TALK = [
    ("agent", "Trattoria Aurelia, good evening. How can I help you?"),
    ("caller", "What are your opening hours?"),
    ("agent", HOURS),
    ("caller", "Goodbye"),
    ("agent", "Thank you for calling. Goodbye."),
]
CALLER = CallerScript(Say("What are your opening hours?"), Say("Goodbye"), patience=60.0)
CALL_METHODS = (
    "create_call", "update_call", "load_call", "take_lease", "release_lease", "append_turn", "put_stream_token",
    "take_stream_token", "ping",
)  # fmt: skip


class Fickle(MemoryStore):
    """Raises for everything while it is away, at once or, if it hangs, after two seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.away = self.hangs = False
        for name in CALL_METHODS:
            setattr(self, name, self._guarded(getattr(self, name)))

    def _guarded(self, method: Any) -> Any:
        async def ask(*arguments: Any, **named: Any) -> Any:
            if self.away:
                await asyncio.sleep(2.0 if self.hangs else 0.0)
                raise StoreError("away")
            return await method(*arguments, **named)

        return ask


def talk(stored):
    return [(turn.role, turn.text) for turn in stored.turns]


async def until_settled(store, call):
    """The call as the store has it in the end."""
    async with asyncio.timeout(30.0):
        while (stored := await store.load_call(call)) is None or stored.record.ended is None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.1)
    return stored


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_call_is_answered_and_kept_though_the_store_was_away_all_the_time(hangs):
    store = Fickle()
    async with world(store=store) as (running, _):
        store.away, store.hangs = True, hangs
        call = await running.carrier.call(running.voice_url, caller=CALLER)
        store.away = False
        stored = await until_settled(store, call.call)
    record = stored.record
    assert talk(stored) == TALK
    assert call.ended_by == "agent"
    assert (record.status, record.ended_reason, record.direction) == ("completed", "agent", "inbound")


async def test_the_store_goes_away_in_the_middle_and_comes_back():
    store = Fickle()
    async with world(store=store) as (running, told):
        placed = running.carrier.dial(running.voice_url, caller=CALLER)
        await told.until(lambda: len(told.of("turn_ended")) == 1)
        store.away = True
        await told.until(lambda: len(told.of("turn_ended")) == 2)
        store.away = False
        await placed.ended
        stored = await until_settled(store, placed.sid)
    assert talk(stored) == TALK


async def test_a_stream_that_is_lost_while_the_store_is_away_is_carried_on_by_the_same_process():
    store = Fickle()
    async with world(store=store) as (running, told):
        placed = running.carrier.dial(running.voice_url, caller=CALLER)
        await told.until(lambda: len(told.of("turn_ended")) == 1)
        store.away = True
        await told.until(lambda: len(told.of("turn_ended")) == 2)
        await running.app.state.switchboard.live(placed.sid)._stream.aclose("dropped", violation=True)
        call = await placed.ended
        store.away = False
        stored = await until_settled(store, placed.sid)
    record, turns = stored.record, talk(stored)
    assert (turns[:3], turns[-2:]) == (TALK[:3], TALK[3:])
    assert len(turns) == 6, "a bridge is between them"
    assert call.ended_by == "agent"
    assert (record.resumed, record.status) == (1, "completed")


async def test_the_last_words_are_kept_though_the_store_is_away_when_the_caller_hangs_up():
    store = Fickle()
    async with world(store=store) as (running, told):
        script = CallerScript(Say("What are your opening hours?"), HangUp(after=12.0))
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("turn_ended")) == 1)
        store.away = True
        await placed.ended
        await asyncio.sleep(60.0)
        store.away = False
        stored = await until_settled(store, placed.sid)
    assert talk(stored) == TALK[:3]
    assert stored.record.ended_reason == "caller"
