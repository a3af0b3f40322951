"""The audit log only grows, until entries are too old: in memory and in Redis."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import pytest

from phoneagent.audit import AuditEntry
from phoneagent.errors import OrderRefused
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore
from phoneagent.store.redis_audit import KEY

NOW = round(time.time(), 3)
DAY = 24 * 3600.0


def entry(number: int, at: float = NOW) -> AuditEntry:
    return AuditEntry(at + number, "crm", "read_transcript", 200, f"CA{number}", "0123456789abcdef01234567")


@pytest.fixture(params=["memory", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def anyio_backend(kind):
    return ("asyncio", {"loop_factory": FastForwardLoop}) if kind == "memory" else "asyncio"


@pytest.fixture
async def store(kind, request):
    make = MemoryStore if kind == "memory" else partial(RedisStore.from_url, request.getfixturevalue("empty_redis").url)
    store = make(audit=7 * DAY)
    yield store
    await store.aclose()


async def test_entries_come_back_as_they_were_written_the_newest_first(store):
    await store.audit.append([])
    assert (await store.audit.page()).entries == ()
    await store.audit.append([entry(1), entry(2)])
    await store.audit.append([entry(3)])
    found = (await store.audit.page()).entries
    assert [replace(each, id="") for each in found] == [entry(3), entry(2), entry(1)]
    assert len({each.id for each in found}) == 3


async def test_pages_are_not_shifted_by_what_comes_in_meanwhile(store):
    await store.audit.append([entry(number) for number in range(10)])
    seen, cursor = [], ""
    while True:
        page = await store.audit.page(cursor=cursor, limit=4)
        seen += [each.call for each in page.entries]
        await store.audit.append([entry(100)])
        if not (cursor := page.next):
            break
    assert seen == [f"CA{number}" for number in reversed(range(10))]


@pytest.mark.parametrize("cursor", ["x", "1", "-", "1-", "1-2-3", "٣-1", "9" * 19 + "-1", "1" * 5000 + "-1", "(1-1"])
async def test_a_cursor_that_is_none_is_refused(store, cursor):
    with pytest.raises(OrderRefused):
        await store.audit.page(cursor=cursor)


async def test_what_is_too_old_is_not_kept(store, kind, request):
    if kind == "memory":
        await store.audit.append([entry(0, NOW - 8 * DAY)])
        await store.audit.append([entry(0)])
        assert len((await store.audit.page()).entries) == 1
        return
    server = request.getfixturevalue("empty_redis")
    for number in range(300):  # Redis takes away whole nodes, of a hundred or so
        server.command("XADD", KEY, f"{round((NOW - 8 * DAY) * 1000)}-{number + 1}", "entry", "{}")
    await store.audit.append([entry(0)])
    assert int(server.command("XLEN", KEY)[1:]) < 110
    assert 0 < int(server.command("TTL", KEY)[1:]) <= 7 * DAY
