"""The list of calls that came in, and their ends as the carrier tells them: one contract for every store."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from phoneagent.errors import OrderRefused
from phoneagent.private import Private
from phoneagent.records import CallRecord, Order
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store.expiry import ENDED_TTL, LIVE_TTL
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import PLACES, RedisStore

NOW = 1_790_000_000.0
NUMBER = Private("+15005550006")


def call(number, **changes):
    made = CallRecord(f"CA{number:032x}", "front-desk", "inbound", NUMBER, NUMBER, started=NOW + number)
    return replace(made, **changes)


@pytest.fixture(params=["memory", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def anyio_backend(kind):
    return ("asyncio", {"loop_factory": FastForwardLoop}) if kind == "memory" else "asyncio"


@pytest.fixture
async def store(kind, request):
    store = MemoryStore() if kind == "memory" else RedisStore.from_url(request.getfixturevalue("empty_redis").url)
    yield store
    await store.aclose()


@pytest.fixture
def later(kind, request):
    """Let time pass: the memory's clock jumps, Redis's keys lose as much of their time to live."""
    if kind == "memory":
        return asyncio.sleep
    server = request.getfixturevalue("empty_redis")

    async def age(seconds):
        for key in server.command("KEYS", "*").split("\r\n")[2::2]:
            left = int(server.command("PTTL", key)[1:]) - round(seconds * 1000)
            server.command("PEXPIRE", key, left)  # Redis deletes a key that has none left

    return age


# --- pages


async def test_pages_lead_through_all_calls_newest_first_while_others_come_in(store):
    for number in range(7):
        await store.create_call(call(number))
    pages, cursor = [], ""
    while True:
        page = await store.page_calls(cursor=cursor, limit=3)
        pages.append([record.started - NOW for record in page.records])
        if not (cursor := page.next):
            break
        await store.create_call(call(100 + len(pages)))
    assert pages == [[6, 5, 4], [3, 2, 1], [0]]


async def test_a_record_in_a_page_is_as_it_is_now(store):
    await store.create_call(call(1))
    await store.create_call(call(1))
    await store.update_call(call(1).id, status="in-progress", answered=NOW + 2)
    page = await store.page_calls()
    assert page.records == (call(1, status="in-progress", answered=NOW + 2),)
    assert page.next == ""
    assert page.records[0] == await store.load_record(call(1).id)


async def test_calls_that_were_ordered_are_listed_as_orders(store):
    await store.create_call(call(1, direction="outbound", order="PC" + "1" * 32))
    assert (await store.page_calls()).records == ()


@pytest.mark.parametrize("name", ["CA 1", "anrufe-für-ö", "a-b", "../x", "%41"])
async def test_any_text_may_be_a_call_and_a_cursor(store, name):
    await store.create_call(call(1))
    await store.create_call(call(2, id=name))
    page = await store.page_calls(limit=1)
    assert [record.id for record in page.records] == [name]
    assert [record.id for record in (await store.page_calls(cursor=page.next)).records] == [call(1).id]


async def test_the_cursor_of_one_list_is_good_for_the_other(store):
    """Both are read side by side."""
    order = Order("PC" + "0" * 32, to=NUMBER, caller_id=NUMBER, agent="front-desk", created=NOW + 1.5)
    await store.orders.create(order)
    for number in (1, 2):
        await store.create_call(call(number))
    assert [one.id for one in (await store.orders.page(cursor=call(2).place)).orders] == [order.id]
    assert [one.id for one in (await store.page_calls(cursor=order.place)).records] == [call(1).id]


@pytest.mark.parametrize("cursor", ["x", "1-CA1", "(", "+", "-", "0" * 20 + "-PCg", "0" * 20 + "-a b"])
async def test_a_cursor_of_nobody_is_refused(store, cursor):
    with pytest.raises(OrderRefused) as refused:
        await store.page_calls(cursor=cursor)
    assert refused.value.field == "cursor"


async def test_calls_leave_the_list_when_they_are_forgotten(store, later):
    await store.create_call(call(1))
    await later(LIVE_TTL + 1)
    await store.create_call(call(2))
    assert [record.id for record in (await store.page_calls()).records] == [call(2).id]
    await store.update_call(call(2).id, ended=NOW)
    await later(ENDED_TTL + 1)
    assert await store.load_record(call(2).id) is None
    assert (await store.page_calls()).records == ()


@pytest.mark.parametrize("kind", ["redis"], indirect=True)
async def test_the_list_does_not_grow_for_ever(store, empty_redis):
    longest = ENDED_TTL + LIVE_TTL
    for number in (0, 1, longest + 0.5, longest + 1.5, 2 * longest):
        await store.create_call(call(1, id=f"CA{number}", started=NOW + number))
    assert empty_redis.command("ZCARD", PLACES) == ":3\r\n"


@pytest.mark.parametrize("kind", ["redis"], indirect=True)
async def test_orders_that_are_forgotten_make_room_as_others_come(store, empty_redis):
    def order(number):
        return Order(f"PC{number:032x}", to=NUMBER, caller_id=NUMBER, agent="front-desk", created=NOW + number)

    for number in range(40):
        await store.orders.create(order(number))
        empty_redis.command("DEL", "phoneagent:{orders}:order:" + order(number).id)
    kept = int(empty_redis.command("ZCARD", "phoneagent:{orders}:recent")[1:])
    assert kept <= 11, "each looks at ten others"


# --- what the carrier says of the end


async def test_a_call_that_nobody_ended_ends_when_the_carrier_says_so_and_only_once(store):
    await store.create_call(call(1, status="in-progress"))
    await store.close_call(call(1).id, status="completed", ended=NOW + 60)
    await store.close_call(call(1).id, status="failed", ended=NOW + 90)
    assert await store.load_record(call(1).id) == call(1, status="completed", ended=NOW + 60, ended_reason="carrier")


async def test_what_is_known_of_an_end_stays(store):
    ended = call(1, status="completed", ended=NOW + 30, ended_reason="caller")
    await store.create_call(ended)
    await store.close_call(ended.id, status="failed", ended=NOW + 90)
    assert await store.load_record(ended.id) == ended
    dying = call(2, status="completed", ended_reason="agent")  # it was being hung up when its process died
    await store.create_call(dying)
    await store.close_call(dying.id, status="failed", ended=NOW + 90)
    assert await store.load_record(dying.id) == replace(dying, ended=NOW + 90)


async def test_a_caller_who_was_transferred_goes_on_until_the_carrier_says_so(store):
    transferred = call(1, status="completed", ended=NOW + 30, ended_reason="transfer")
    await store.create_call(transferred)
    for ended in (NOW + 90, NOW + 90, NOW + 10):
        await store.close_call(transferred.id, status="completed", ended=ended)
        assert await store.load_record(transferred.id) == replace(transferred, ended=NOW + 90)


async def test_of_a_call_that_is_unknown_nothing_is_made(store):
    await store.close_call("CA" + "9" * 32, status="completed", ended=NOW)
    assert await store.load_record("CA" + "9" * 32) is None
    assert (await store.page_calls()).records == ()


async def test_a_call_that_ends_twice_at_once_has_one_end(store):
    await store.create_call(call(1))
    await asyncio.gather(
        *(store.close_call(call(1).id, status="completed", ended=NOW + second) for second in range(20))
    )
    first = await store.load_record(call(1).id)
    await store.close_call(call(1).id, status="completed", ended=NOW + 100)
    assert await store.load_record(call(1).id) == first
    assert first.ended_reason == "carrier"
