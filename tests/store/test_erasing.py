"""Everything of one person is found and erased, and nothing of anybody else: in memory and in Redis."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial

import pytest

from phoneagent.deliveries import Delivery
from phoneagent.private import Private
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store.expiry import PEOPLE_TTL
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore

from . import populated
from .populated import CAME_IN, HOOK, ORDER, OURS, PERSON, PLACED, SAID, SIGNS, VOICE, populate

NOW = time.time()
SOMEBODY_ELSE = "+13105550199"
THEIRS = "CA000000000000000000000000000000ff"


@pytest.fixture(params=["memory", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def anyio_backend(kind):
    return ("asyncio", {"loop_factory": FastForwardLoop}) if kind == "memory" else "asyncio"


@pytest.fixture
async def store(kind, request):
    make = MemoryStore if kind == "memory" else partial(RedisStore.from_url, request.getfixturevalue("empty_redis").url)
    store = make()
    yield store
    await store.aclose()


@pytest.fixture
async def full(store):
    """With a call of somebody else's beside what there is of a person."""
    await populate(store, NOW)
    theirs = replace(populated.call(THEIRS, NOW), caller=Private(SOMEBODY_ELSE))
    await store.create_call(theirs)
    message = Delivery("msg_theirs", HOOK, "https://a.example/", THEIRS, "call.ended", NOW, "{}")
    await store.deliveries.put([message], now=NOW)
    return store


# --- who it was


async def test_a_person_is_known_by_all_their_calls_in_the_order_of_time(full):
    assert await full.people.calls(PERSON) == (ORDER, CAME_IN, PLACED)
    assert await full.people.calls(SOMEBODY_ELSE) == (THEIRS,)
    assert await full.people.calls(OURS) == (), "our own number is no person: all calls are its"


async def test_a_call_that_is_written_again_is_known_once(full):
    await full.create_call(populated.call(CAME_IN, NOW))
    assert await full.people.calls(PERSON) == (ORDER, CAME_IN, PLACED)


@pytest.mark.parametrize("nobody", ["", "anonymous", "Restricted", "+266696687"])
async def test_who_withholds_their_number_is_nobody(store, nobody):
    await store.create_call(replace(populated.call(CAME_IN, NOW), caller=Private(nobody)))
    assert await store.people.calls(nobody) == ()


async def test_pseudonyms_are_the_same_each_time_and_different_for_each(store):
    first = await store.people.pseudonym(PERSON)
    assert first == await store.people.pseudonym(PERSON)
    assert first != await store.people.pseudonym(SOMEBODY_ELSE)
    assert len(first) == 24
    assert PERSON[1:] not in first


async def test_two_stores_have_different_pseudonyms(store, kind, request):
    mine = await store.people.pseudonym(PERSON)
    if kind == "redis":
        request.getfixturevalue("empty_redis").command("FLUSHALL")
    make = MemoryStore if kind == "memory" else partial(RedisStore.from_url, request.getfixturevalue("empty_redis").url)
    other = make()
    assert await other.people.pseudonym(PERSON) != mine, "whoever has the hash cannot try all numbers elsewhere"
    await other.aclose()


async def test_processes_that_begin_at_once_agree_on_pseudonyms(kind, request):
    if kind == "memory":
        pytest.skip("one process")
    stores = [RedisStore.from_url(request.getfixturevalue("empty_redis").url) for _ in range(5)]
    names = await asyncio.gather(*(store.people.pseudonym(PERSON) for store in stores))
    assert len(set(names)) == 1
    for store in stores:
        await store.aclose()


async def test_people_are_known_for_longer_than_their_calls(full, kind, request):
    if kind == "memory":
        month = 30 * 24 * 3600.0
        store = MemoryStore(longest=month)
        await populate(store, NOW)
        await asyncio.sleep(month - 60)
        assert await store.load_call(CAME_IN) is None
        assert CAME_IN in await store.people.calls(PERSON)
        await asyncio.sleep(61)
        assert await store.people.calls(PERSON) == ()
        await store.aclose()
    else:
        server = request.getfixturevalue("empty_redis")
        name = f"phoneagent:person:{await full.people.pseudonym(PERSON)}"
        assert PEOPLE_TTL - 60 < int(server.command("TTL", name)[1:]) <= PEOPLE_TTL


# --- erased


async def test_a_call_is_erased_with_its_turns(full):
    assert await full.erase_call(CAME_IN) == 2
    assert await full.load_call(CAME_IN) is None
    assert [each.id for each in (await full.page_calls()).records] == [THEIRS]
    assert await full.erase_call(CAME_IN) is None
    assert await full.erase_call("never heard of") is None


async def test_events_and_reports_are_erased(full):
    assert await full.events.erase(CAME_IN) == 2
    assert await full.events.read(CAME_IN) == ()
    assert await full.events.erase(CAME_IN) == 0
    assert await full.reports.erase(CAME_IN)
    assert await full.reports.load(CAME_IN) is None
    assert not await full.reports.erase(CAME_IN)
    assert await full.reports.load(PLACED), "another call's stays"


async def test_a_report_that_is_being_made_is_not_kept(full):
    record = populated.call(THEIRS, NOW)
    (claim,) = await full.reports.claim(now=NOW + 1e6, seconds=10, most=10)
    assert claim.call == record.id
    await full.reports.erase(THEIRS)
    with pytest.raises(Exception, match="reports on the call"):
        await full.reports.put_off(THEIRS, token=claim.token, due=NOW)
    assert await full.reports.next_due() is None


async def test_an_order_is_erased_with_the_key_it_was_asked_for_by(full):
    assert await full.orders.known("their key", fingerprint="what was asked for")
    assert await full.orders.erase(ORDER)
    assert await full.orders.load(ORDER) is None
    assert await full.orders.load(PLACED) is None, "nor by the carrier's id"
    assert await full.orders.known("their key", fingerprint="what was asked for") is None
    assert (await full.orders.page()).orders == ()
    assert await full.orders.next_due() is None
    assert not await full.orders.erase(ORDER)


async def test_messages_of_these_calls_are_erased_wherever_they_are(full):
    claims = await full.deliveries.claim({HOOK: 10}, now=NOW + 5, seconds=55)
    waiting = next(each for each in claims if each.delivery.lane == CAME_IN)
    assert await full.deliveries.erase([CAME_IN, ORDER]) == 4
    assert not await full.deliveries.delivered(waiting, now=NOW), "whoever has one in hand has lost it"
    assert (await full.deliveries.dead()).letters == ()
    left = await full.deliveries.claim({HOOK: 10}, now=NOW + 61, seconds=1)
    assert [each.delivery.id for each in left] == ["msg_theirs"]
    assert await full.deliveries.erase([CAME_IN, ORDER]) == 0


async def test_messages_that_stepped_aside_or_are_wanted_again_are_found_too(full):
    for claimed in await full.deliveries.claim({HOOK: 10}, now=NOW, seconds=60):
        await full.deliveries.postpone(claimed, until=NOW + 60, now=NOW, problem="500", aside=True)
    for letter in (await full.deliveries.dead()).letters:
        await full.deliveries.redeliver(letter.delivery.id, now=NOW)
    assert await full.deliveries.erase([CAME_IN, ORDER]) == 4
    left = await full.deliveries.claim({HOOK: 10}, now=NOW + 61, seconds=1)
    assert [each.delivery.id for each in left] == ["msg_theirs"]


async def test_a_lane_goes_on_behind_what_was_erased(store):
    for number, lane in enumerate((CAME_IN, THEIRS, CAME_IN, THEIRS)):
        message = Delivery(f"msg_{number}", HOOK, "https://a.example/", lane, "turn.ended", NOW, "{}")
        await store.deliveries.put([message], now=NOW)
    assert await store.deliveries.erase([CAME_IN]) == 2
    (first,) = await store.deliveries.claim({HOOK: 10}, now=NOW, seconds=1)
    await store.deliveries.delivered(first, now=NOW)
    (second,) = await store.deliveries.claim({HOOK: 10}, now=NOW, seconds=1)
    assert [first.delivery.id, second.delivery.id] == ["msg_1", "msg_3"]


async def test_cached_speech_is_erased(full, kind):
    assert await full.erase_clips() == (0 if kind == "memory" else 1)
    assert await full.load_clips(VOICE, [SAID]) == {}
    assert await full.erase_clips() == 0


async def test_a_person_is_forgotten(full):
    await full.people.forget(PERSON, [ORDER, CAME_IN])
    assert await full.people.calls(PERSON) == (PLACED,)
    await full.people.forget(PERSON, [PLACED])
    assert await full.people.calls(PERSON) == ()
    assert await full.people.calls(SOMEBODY_ELSE) == (THEIRS,)


async def test_nothing_of_them_is_left_anywhere_in_redis(empty_redis, kind):
    if kind == "memory":
        pytest.skip("what a process has in memory is not listed")
    store = RedisStore.from_url(empty_redis.url)
    await populate(store, NOW)
    assert any(sign in dump(empty_redis) for sign in SIGNS), "it was there"
    for call, log in ((CAME_IN, CAME_IN), (PLACED, ORDER)):
        await store.erase_call(call)
        await store.events.erase(log)
        await store.reports.erase(call)
    await store.orders.erase(ORDER)
    await store.deliveries.erase([CAME_IN, PLACED, ORDER])
    await store.erase_clips()
    await store.people.forget(PERSON, [ORDER, CAME_IN, PLACED])
    assert [sign for sign in SIGNS if sign in dump(empty_redis)] == []
    await store.aclose()


def dump(server) -> str:
    """All keys and their values, as text."""
    import redis

    with redis.Redis.from_url(server.url, decode_responses=True, encoding_errors="replace") as client:
        read = {
            "string": client.get,
            "hash": client.hgetall,
            "list": lambda name: client.lrange(name, 0, -1),
            "zset": lambda name: client.zrange(name, 0, -1),
            "set": client.smembers,
            "stream": client.xrange,
        }
        return "\n".join(f"{name} {read[client.type(name)](name)}" for name in client.scan_iter())
