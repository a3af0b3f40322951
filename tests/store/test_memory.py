"""The memory store has an end, and forgets the right calls first."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from phoneagent.store import memory
from phoneagent.store.memory import MemoryStore

from .test_contract import RECORD


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(memory, "MOST_CALLS", 3)
    monkeypatch.setattr(memory, "MOST_TOKENS", 2)
    return MemoryStore()


async def create(store, call):
    await store.create_call(replace(RECORD, id=call))


async def known(store, *calls):
    return [call for call in calls if await store.load_call(call) is not None]


async def test_when_it_is_full_ended_calls_go_before_live_ones(small):
    for call in ("A", "B", "C"):
        await create(small, call)
        await asyncio.sleep(1)
    await small.update_call("B", ended=1.0)
    await create(small, "D")
    assert await known(small, "A", "B", "C", "D") == ["A", "C", "D"]
    await create(small, "E")
    assert await known(small, "A", "C", "D", "E") == ["C", "D", "E"]


async def test_expired_calls_make_room_first_and_do_not_stay_in_memory():
    small = MemoryStore(ttl=60)
    await create(small, "A")
    await create(small, "B")
    await small.update_call("B", ended=1.0)
    await asyncio.sleep(61)
    await create(small, "C")
    assert set(small._calls) == {"A", "C"}, "a transcript outlived its time because nobody asked for it"


async def test_only_so_many_tokens_wait(small):
    for token in ("a", "b", "c"):
        await small.put_stream_token(token, "CA1", seconds=60)
    assert [await small.take_stream_token(token) for token in ("a", "b", "c")] == [None, "CA1", "CA1"]
