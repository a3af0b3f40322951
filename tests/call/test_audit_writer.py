"""The audit log is written behind everybody's back: nothing waits for the store, and what is lost is said."""

from __future__ import annotations

import asyncio

import pytest

from phoneagent.call import audit_writer
from phoneagent.call.audit_writer import LOST, AuditWriter
from phoneagent.errors import StoreError
from phoneagent.private import Private
from phoneagent.store.memory import MemoryStore

PERSON = Private("+12125550123")


@pytest.fixture
async def store():
    made = MemoryStore()
    yield made
    await made.aclose()


@pytest.fixture
def away(store, monkeypatch):
    """A switch: while it is on the store is away."""
    switch = {"on": False}
    append = store.audit.append

    async def maybe(entries):
        if switch["on"]:
            raise StoreError("redis: away")
        await append(entries)

    monkeypatch.setattr(store.audit, "append", maybe)
    return switch


async def actions(store):
    return [(each.action, each.status) for each in reversed((await store.audit.page(limit=1000)).entries)]


async def test_a_person_is_a_hash_and_the_same_one_each_time(store):
    async with AuditWriter(store) as writer:
        writer.note("crm", "read_transcript", 200, call="CA1", number=PERSON)
        writer.note("crm", "say", 202, call="CA1", number=PERSON)
        writer.note("crm", "list_calls", 200)
    said, read = (await store.audit.page()).entries[1:], (await store.audit.page()).entries[0]
    assert {each.person for each in said} == {await store.people.pseudonym(PERSON.reveal())}
    assert read.person == ""
    assert "2125550123" not in repr((await store.audit.page()).entries)


async def test_while_the_store_is_away_entries_wait(store, away):
    away["on"] = True
    async with AuditWriter(store) as writer:
        writer.note("crm", "say", 202)
        await asyncio.sleep(10)
        assert await actions(store) == []
        writer.note("crm", "hangup", 202)
        away["on"] = False
        await asyncio.sleep(2)
        assert await actions(store) == [("say", 202), ("hangup", 202)]


async def test_of_too_many_the_oldest_are_dropped_and_that_is_written(store, away, monkeypatch):
    monkeypatch.setattr(audit_writer, "MOST_WAITING", 5)
    away["on"] = True
    async with AuditWriter(store) as writer:
        for status in range(12):
            writer.note("crm", "say", status)
            await asyncio.sleep(0.3)
        away["on"] = False
        await asyncio.sleep(2)
    assert await actions(store) == [(LOST, 7), *(("say", status) for status in range(7, 12))]


async def test_the_last_entries_are_written_at_the_end(store):
    async with AuditWriter(store) as writer:
        for status in range(250):
            writer.note("crm", "say", status)
    assert len(await actions(store)) == 250
