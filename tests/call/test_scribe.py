"""What was said is in the store in the end, whatever the store goes through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from phoneagent.call.scribe import RENEW, RETRY, Scribe
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import MisuseError, StoreError
from phoneagent.private import Private
from phoneagent.records import CallRecord
from phoneagent.store.memory import MemoryStore

CALL = "CA" + "1" * 32
RECORD = CallRecord(CALL, "desk", "inbound", Private("+15005550100"), Private("+15005550006"))
HISTORY = (Turn("agent", "Hello.", 1.0), Turn("caller", "hi", 2.0))
TABLE = Turn("caller", "a table", 3.0)
FOR_TWO = Turn("caller", "a table for two", 4.0)
SURE = Turn("agent", "Sure.", 5.0)


class Moody(MemoryStore):
    """A store that can be slow, away, or without memory of what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.appended: list[tuple[int, str]] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.away = False

    async def take_lease(self, call: str, owner: str, *, seconds: float, force: bool = False) -> int:
        self._be_there()
        return await super().take_lease(call, owner, seconds=seconds, force=force)

    async def create_call(self, record: CallRecord) -> None:
        self._be_there()
        await super().create_call(record)

    async def append_turn(self, call: str, seq: int, turn: Turn, *, token: int) -> None:
        self._be_there()
        self.appended.append((seq, turn.text))
        await super().append_turn(call, seq, turn, token=token)
        await self.answers.wait()

    def forget(self) -> None:
        self._calls.clear()

    def _be_there(self) -> None:
        if self.away:
            raise StoreError("away")


@asynccontextmanager
async def writing(store: Moody, history: tuple[Turn, ...] = ()) -> AsyncIterator[Scribe]:
    """A scribe at work on a call that was created, and has had two owners if it has a history."""
    await store.create_call(RECORD)
    if history:
        for token, owner in enumerate(("first", "second"), start=1):
            await store.take_lease(CALL, owner, seconds=10, force=True)
            await store.append_turn(CALL, token, history[token - 1], token=token)
    scribe = Scribe(store, RECORD, "this", history=history)
    task = asyncio.create_task(scribe.run())
    await asyncio.sleep(0.01)
    try:
        yield scribe
    finally:
        task.cancel()
        await asyncio.wait([task])


async def texts(store: MemoryStore) -> list[str]:
    stored = await store.load_call(CALL)
    return [turn.text for turn in stored.turns] if stored else []


async def test_turns_are_written_in_order_after_those_that_were_there():
    store = Moody()
    async with writing(store, HISTORY) as scribe:
        scribe.save(3, TABLE)
        scribe.save(4, SURE)
        await scribe.flush(1.0)
        assert await texts(store) == ["Hello.", "hi", "a table", "Sure."]


async def test_a_turn_that_was_written_is_amended():
    store = Moody()
    async with writing(store) as scribe:
        scribe.save(1, TABLE)
        await scribe.flush(1.0)
        scribe.save(1, FOR_TWO)
        scribe.save(2, SURE)
        await scribe.flush(1.0)
    assert await texts(store) == ["a table for two", "Sure."]


async def test_of_a_turn_that_waits_only_the_newest_form_is_written():
    store = Moody()
    async with writing(store) as scribe:
        store.away = True
        scribe.save(1, TABLE)
        await asyncio.sleep(2.0)
        scribe.save(1, FOR_TWO)
        scribe.save(2, SURE)
        store.away = False
        await scribe.flush(1.0)
    assert store.appended == [(1, "a table for two"), (2, "Sure.")]


async def test_a_turn_that_is_amended_while_it_is_written_is_written_again_before_the_next():
    store = Moody()
    async with writing(store) as scribe:
        store.answers.clear()
        scribe.save(1, TABLE)
        await asyncio.sleep(0.1)
        scribe.save(1, FOR_TWO)
        scribe.save(2, SURE)
        store.answers.set()
        await scribe.flush(1.0)
    assert store.appended == [(1, "a table"), (1, "a table for two"), (2, "Sure.")]
    assert await texts(store) == ["a table for two", "Sure."]


@pytest.mark.parametrize("history", [(), HISTORY])
async def test_a_store_that_lost_everything_gets_the_call_anew(history):
    store = Moody()
    async with writing(store, history) as scribe:
        seq = len(history) + 1
        scribe.save(seq, TABLE)
        scribe.note(status="in-progress")
        await scribe.flush(1.0)
        store.forget()
        scribe.save(seq + 1, SURE)
        await scribe.flush(RETRY / 2)
        assert not scribe.lease_lost.is_set()
        assert await texts(store) == [*(turn.text for turn in history), "a table", "Sure."]
        stored = await store.load_call(CALL)
        assert stored is not None
        assert stored.record.status == "in-progress"
        assert stored.record.caller == RECORD.caller
        assert await store.take_lease(CALL, "somebody", seconds=10) == 0, "the call has no owner"


async def test_a_call_that_had_other_owners_is_restored_without_waiting_for_the_next_turn():
    store = Moody()
    async with writing(store, HISTORY):
        store.forget()
        await asyncio.sleep(RENEW + 0.1)
        assert await texts(store) == ["Hello.", "hi"]


async def test_a_store_that_comes_back_empty_gets_the_call_when_it_is_back():
    store = Moody()
    async with writing(store, HISTORY) as scribe:
        store.forget()
        original = store.create_call

        async def refuse(record: CallRecord) -> None:
            raise StoreError("loading the dataset in memory")

        store.create_call = refuse  # type: ignore[method-assign]
        await asyncio.sleep(2 * RENEW)
        assert await texts(store) == []
        store.create_call = original  # type: ignore[method-assign]
        await asyncio.sleep(RENEW)
        assert await texts(store) == ["Hello.", "hi"]
        assert not scribe.lease_lost.is_set()


async def test_who_has_the_call_after_the_store_lost_it_keeps_it():
    store = Moody()
    async with writing(store, HISTORY) as scribe:
        store.forget()
        await store.create_call(RECORD)
        await store.take_lease(CALL, "another", seconds=10, force=True)
        scribe.save(3, TABLE)
        async with asyncio.timeout(1.0):
            await scribe.lease_lost.wait()
        assert await texts(store) == []


async def test_a_call_that_another_has_taken_is_given_up():
    store = Moody()
    async with writing(store) as scribe:
        await store.take_lease(CALL, "another", seconds=10, force=True)
        scribe.save(1, TABLE)
        async with asyncio.timeout(1.0):
            await scribe.lease_lost.wait()
        assert await texts(store) == []


@pytest.mark.parametrize("seq", [0, 1, 4])
async def test_a_turn_out_of_its_place_is_a_defect_of_ours(seq):
    scribe = Scribe(Moody(), RECORD, "this", history=HISTORY)
    with pytest.raises(MisuseError):
        scribe.save(seq, TABLE)
