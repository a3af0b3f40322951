"""What becomes of event logs in every store, in memory and in Redis."""

from __future__ import annotations

import asyncio
import re

import pytest

from phoneagent.call.event_writer import EventWriter
from phoneagent.errors import StoreError
from phoneagent.private import Private
from phoneagent.records import LAST_STEP, CallRecord, LogEntry
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store import memory_events, redis_events
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore
from tests.redis_server import free_port, redis_server

CALL, OTHER = "PC" + "1" * 32, "CA/{2} ü"


@pytest.fixture(params=["memory", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def anyio_backend(kind):
    return ("asyncio", {"loop_factory": FastForwardLoop}) if kind == "memory" else "asyncio"


@pytest.fixture
async def log(kind, request):
    store = MemoryStore() if kind == "memory" else RedisStore.from_url(request.getfixturevalue("empty_redis").url)
    yield store.events
    await store.aclose()


def entries(*names, log=CALL, **options):
    return [LogEntry(log, name, f'{{"is": "{name} ü"}}', **options) for name in names]


async def names(log, call=CALL, **options):
    return [event.event for event in await log.read(call, **options)]


async def test_what_was_written_is_read_in_order_with_ids_that_rise(log):
    await log.append("w", 1, entries("a", "b"))
    await log.append("w", 3, entries("c"))
    read = await log.read(CALL)
    assert [(event.event, event.data) for event in read] == [(name, f'{{"is": "{name} ü"}}') for name in "abc"]
    assert all(re.fullmatch(r"\d{1,19}-\d{1,19}", event.id) for event in read)
    places = [tuple(map(int, event.id.split("-"))) for event in read]
    assert places == sorted(set(places))
    assert [await names(log, after=event.id) for event in read] == [["b", "c"], ["c"], []]


async def test_each_call_has_a_log_of_its_own(log):
    await log.append("w", 1, [*entries("a"), *entries("b", log=OTHER), *entries("c")])
    assert (await names(log), await names(log, OTHER), await names(log, "CA3")) == (["a", "c"], ["b"], [])


async def test_no_more_is_read_at_once_than_was_asked_for(log):
    await log.append("w", 1, entries(*"abcde"))
    first = await log.read(CALL, most=2)
    assert await names(log, after=first[-1].id, most=2) == ["c", "d"]


async def test_a_write_that_is_repeated_is_written_once(log):
    await log.append("w", 1, entries("a", "b"))
    await log.append("w", 1, entries("a", "b"))
    await log.append("w", 2, entries("b", "c"))
    await log.append("another", 1, entries("d"))
    assert await names(log) == ["a", "b", "c", "d"]


async def test_steps_only_go_forward(log):
    await log.append("w", 1, [*entries("queued", step=1), *entries("said"), *entries("ringing", step=3)])
    await log.append("another", 1, [*entries("dialling", step=2), *entries("rings too", step=3)])
    await log.append("another", 3, [*entries("said"), *entries("over", step=LAST_STEP)])
    assert await names(log) == ["queued", "said", "ringing", "said", "over"]


async def test_what_happens_once_is_told_once(log):
    await log.append("w", 1, [*entries("answered", once="human"), *entries("answered", once="human")])
    await log.append("another", 1, [*entries("answered", once="machine"), *entries("answered", once="human")])
    assert await names(log) == ["answered", "answered"]


async def test_a_reader_waits_for_what_comes(log):
    await log.append("w", 1, entries("a"))
    (first,) = await log.read(CALL)
    reading = [asyncio.create_task(names(log, after=first.id, wait=5)) for _ in range(3)]
    elsewhere = asyncio.create_task(names(log, OTHER, wait=0.4))
    await asyncio.sleep(0.3)
    assert not any(task.done() for task in reading)
    await log.append("w", 2, entries("b"))
    assert await asyncio.gather(*reading) == [["b"]] * 3
    assert await elsewhere == []


async def test_a_reader_can_be_cancelled(log):
    reading = asyncio.create_task(log.read(CALL, wait=60))
    await asyncio.sleep(0.1)
    reading.cancel()
    await asyncio.wait([reading], timeout=1)
    assert reading.cancelled()


async def test_a_log_is_bounded(log, monkeypatch):
    monkeypatch.setattr(memory_events, "MOST_ENTRIES", 100)
    monkeypatch.setattr(redis_events, "MOST_ENTRIES", 100)
    for begin in range(0, 1000, 100):
        await log.append("w", begin + 1, entries(*(str(number) for number in range(begin, begin + 100))))
    kept = await names(log, most=1000)
    assert 100 <= len(kept) <= 300  # Redis drops whole nodes
    assert kept[-1] == "999"


@pytest.mark.parametrize("kind", ["memory"], indirect=True)
async def test_memory_keeps_a_log_after_its_end_and_not_for_ever(log):
    await log.append("w", 1, entries("queued", step=1, keep=100))
    await log.append("w", 2, entries("a", log=OTHER, keep=10))
    await asyncio.sleep(50)
    assert (await names(log), await names(log, OTHER)) == (["queued"], [])
    await log.append("w", 3, entries("over", step=LAST_STEP, keep=1))
    await asyncio.sleep(23 * 3600)
    assert await names(log) == ["queued", "over"]
    await asyncio.sleep(2 * 3600)
    assert await names(log) == []


@pytest.mark.parametrize("kind", ["memory"], indirect=True)
async def test_memory_of_all_logs_is_bounded(log, monkeypatch):
    monkeypatch.setattr(memory_events, "MOST_KEPT", 10)
    for number in range(1, 8):
        await log.append("w", 2 * number, entries("a", "b", log=f"PC{number}"))
    assert [await names(log, f"PC{number}") for number in (1, 2, 7)] == [[], ["a", "b"], ["a", "b"]]


@pytest.mark.parametrize("kind", ["redis"], indirect=True)
async def test_redis_keeps_a_log_after_its_end_and_not_for_ever(log, empty_redis):
    keys = ["phoneagent:call:{" + CALL + "}:events" + suffix for suffix in ("", ":known")]

    def left():
        return [int(empty_redis.command("PTTL", key)[1:]) / 1000 for key in keys]

    await log.append("w", 1, entries("queued", step=1, keep=100))
    assert left() == [pytest.approx(100, abs=5)] * 2
    await log.append("w", 2, entries("over", step=LAST_STEP, keep=100))
    await log.append("w", 3, entries("afterwards", keep=100))
    assert left() == [pytest.approx(24 * 3600, abs=5)] * 2
    assert sorted(empty_redis.command("KEYS", "*").split("\r\n")[2::2]) == keys


@pytest.mark.parametrize("kind", ["redis"], indirect=True)
async def test_a_redis_that_goes_away_and_comes_back(own_redis):
    store = RedisStore.from_url(own_redis.url)
    await store.events.append("w", 1, entries("a"))
    own_redis.stall()
    with pytest.raises(StoreError):
        await store.events.append("w", 2, entries("b"))
    with pytest.raises(StoreError):
        await store.events.read(CALL, wait=5)
    own_redis.resume()
    await store.events.append("w", 2, entries("b"))  # what was given up may have been written
    assert await names(store.events) == ["a", "b"]
    await store.aclose()


@pytest.mark.parametrize("kind", ["redis"], indirect=True)
async def test_what_one_process_tells_another_reads(empty_redis):
    here, there = RedisStore.from_url(empty_redis.url), RedisStore.from_url(empty_redis.url)
    record = CallRecord(OTHER, "a", "outbound", Private("+1"), Private("+2"), order=CALL)
    await here.create_call(record)
    reading = asyncio.create_task(names(there.events, wait=5))
    async with EventWriter(here, writer="here") as events:
        events.tell(OTHER, 1.0, "muted", {})
        assert await reading == ["muted"]
    for store in (here, there):
        await store.aclose()


@pytest.mark.parametrize("kind", ["redis"], indirect=True)
async def test_a_cluster_keeps_logs(tmp_path):
    as_cluster = ("--cluster-enabled", "yes", "--cluster-config-file", str(tmp_path / "nodes.conf"))
    with redis_server(*as_cluster, "--cluster-port", str(free_port())) as server:
        server.command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        server.wait_for("cluster_state:ok", "CLUSTER", "INFO")
        store = RedisStore.from_url(f"redis+cluster://127.0.0.1:{server.port}")
        reading = asyncio.create_task(names(store.events, wait=5))
        await store.events.append("w", 1, [*entries("a"), *entries("b", log=OTHER)])
        assert (await reading, await names(store.events, OTHER)) == (["a"], ["b"])
        await store.aclose()
