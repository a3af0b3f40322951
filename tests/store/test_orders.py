"""What becomes of orders in every store, in memory and in Redis."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.errors import KeyReused, LeaseLost, MisuseError, OrderRefused
from phoneagent.private import Private
from phoneagent.records import Order
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store.expiry import ENDED_TTL, KEY_TTL, OPEN_ORDER_TTL
from phoneagent.store.memory import MemoryStore
from phoneagent.store.order_rules import changed, over, step
from phoneagent.store.redis import RedisStore

NOW = 1_790_000_000.0
FINAL = ("completed", "busy", "no-answer", "failed", "canceled")


def order(number=1, **changes):
    made = Order(
        id=f"PC{number:032x}",
        to=Private("+12125550123"),
        caller_id=Private("+15005550006"),
        agent="front-desk",
        created=NOW + number,
        variables={"name": "Ana", "größe": "“4”"},
        metadata={"crm": "17"},
        not_before=NOW + number,
    )
    return replace(made, **changes)


@pytest.fixture(params=["memory", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def anyio_backend(kind):
    return ("asyncio", {"loop_factory": FastForwardLoop}) if kind == "memory" else "asyncio"


@pytest.fixture
async def book(kind, request):
    store = MemoryStore() if kind == "memory" else RedisStore.from_url(request.getfixturevalue("empty_redis").url)
    yield store.orders
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
            server.command("PEXPIRE", key, left)

    return age


async def claimed(book, now=NOW + 100):
    (claim,) = await book.claim(now=now, seconds=30, most=10)
    return claim


# --- writing down and finding


async def test_an_order_comes_back_as_it_was_written(book):
    whole = order(machine="voicemail", ring_for=20, max_duration=600, not_after=NOW + 3600)
    assert await book.create(whole) == whole
    loaded = await book.load(whole.id)
    assert loaded == whole
    assert "5550123" not in repr(loaded)


@pytest.mark.parametrize("name", ["", "}:{", "PC/../1", "ü", "\ud83d", "CA1"])
async def test_nobody_knows_an_order_that_was_not_made(book, name):
    await book.create(order())
    assert await book.load(name) is None
    assert await book.change(name, status="failed") is None
    assert await book.cancel(name, now=NOW) is None
    assert not await book.begin(name, token=1, now=NOW)


async def test_an_order_is_found_by_the_carriers_id_too(book):
    await book.create(order())
    await book.change(order().id, call="CA1")
    assert (await book.load("CA1")).id == order().id


async def test_making_an_order_again_does_not_undo_what_has_happened_since(book):
    await book.create(order())
    await book.cancel(order().id, now=NOW)
    assert (await book.create(order())).status == "canceled"


async def test_a_key_tells_the_order_it_was_used_for(book):
    assert await book.known("k", fingerprint="a") is None
    made = await book.create(order(), key="k", fingerprint="a")
    assert await book.known("k", fingerprint="a") == made
    assert await book.known("other", fingerprint="a") is None
    with pytest.raises(KeyReused):
        await book.known("k", fingerprint="b")
    canceled = await book.cancel(order().id, now=NOW)
    assert await book.known("k", fingerprint="a") == canceled


async def test_the_same_key_and_request_are_the_same_order(book):
    first = await book.create(order(1), key="k", fingerprint="a")
    assert await book.create(order(2), key="k", fingerprint="a") == first
    assert await book.load(order(2).id) is None
    assert len((await book.page()).orders) == 1
    assert (await book.create(order(3), key="other", fingerprint="a")).id == order(3).id


async def test_the_same_key_for_another_request_is_refused(book):
    await book.create(order(1), key="k", fingerprint="a")
    with pytest.raises(KeyReused):
        await book.create(order(2), key="k", fingerprint="b")
    assert await book.load(order(2).id) is None


async def test_one_key_used_many_times_at_once_makes_one_order(book):
    made = await asyncio.gather(*(book.create(order(n), key="k:ü", fingerprint="a") for n in range(10)))
    assert len({each.id for each in made}) == 1
    assert len((await book.page()).orders) == 1


async def test_a_key_is_forgotten_after_a_day(book, later):
    await book.create(order(1), key="k", fingerprint="a")
    await later(KEY_TTL - 60)
    assert (await book.create(order(2), key="k", fingerprint="a")).id == order(1).id
    await later(KEY_TTL + 60)
    assert (await book.create(order(3), key="k", fingerprint="b")).id == order(3).id


# --- statuses


async def test_statuses_move_forward_only(book):
    await book.create(order())
    for status in ("dialling", "in-progress", "ringing", "dialling"):  # callbacks overtake one another
        await book.change(order().id, status=status)
    assert (await book.load(order().id)).status == "in-progress"


async def test_what_is_over_stays_as_it_ended(book):
    await book.create(order())
    await book.change(order().id, status="busy", ended=NOW + 9, problem="486")
    for status in FINAL:
        await book.change(order().id, status=status, ended=NOW + 20, problem="another")
    known = await book.load(order().id)
    assert (known.status, known.ended, known.problem) == ("busy", NOW + 9, "486")
    after = await book.change(order().id, answered_by="machine_start", call="CA1", agent="other")
    assert (after.answered_by, after.call, after.agent) == ("machine_start", "CA1", "front-desk")


async def test_the_first_call_of_an_order_is_its_call(book):
    await book.create(order())
    await book.change(order().id, call="CA1")
    await book.change(order().id, call="CA2")
    assert (await book.load(order().id)).call == "CA1"
    assert await book.load("CA2") is None


@pytest.mark.parametrize("changes", [{"colour": "red"}, {"id": "PC2"}, {"status": "asleep"}, {"to": "+1"}])
async def test_what_would_not_load_again_is_a_defect_of_ours(book, changes):
    await book.create(order())
    with pytest.raises(MisuseError):
        await book.change(order().id, **changes)


async def test_callbacks_that_come_together_all_count(book):
    await book.create(order())
    changes = [{"status": "ringing"}, {"answered_by": "human"}, {"call": "CA1"}, {"status": "in-progress"}]
    await asyncio.gather(*(book.change(order().id, **each) for each in changes * 2))
    known = await book.load(order().id)
    assert (known.status, known.answered_by, known.call) == ("in-progress", "human", "CA1")


@given(st.lists(st.sampled_from(["queued", "dialling", "ringing", "in-progress", *FINAL])), st.data())
def test_whatever_the_order_of_callbacks_an_order_never_goes_back(statuses, data):
    known, seen = order(), ["queued"]
    for at, status in enumerate(statuses):
        known = changed(known, {"status": status, "ended": float(at) if status in FINAL else None})
        seen.append(known.status)
        assert changed(known, {"status": status}) is known, "a repeated callback changes nothing"
    assert [step(status) for status in seen] == sorted(step(status) for status in seen)
    first_end = next((status for status in statuses if status in FINAL), None)
    assert known.status == first_end if first_end else not over(known)
    if first_end is None:
        mixed = order()
        for status in data.draw(st.permutations(statuses)):
            mixed = changed(mixed, {"status": status})
        assert mixed == known, "without an end the order they come in does not matter"


# --- pages


async def test_pages_lead_through_all_orders_newest_first(book):
    for number in range(7):
        await book.create(order(number))
    pages, cursor = [], ""
    while True:
        page = await book.page(cursor=cursor, limit=3)
        pages.append([each.created - NOW for each in page.orders])
        if not (cursor := page.next):
            break
        await book.create(order(100 + len(pages)))  # what is new does not shift what is read
    assert pages == [[6, 5, 4], [3, 2, 1], [0]]


async def test_a_full_last_page_is_the_last(book):
    for number in range(3):
        await book.create(order(number))
    assert (await book.page(limit=3)).next == ""
    assert await book.page(limit=2) != await book.page(limit=3)


@pytest.mark.parametrize("cursor", ["x", "1-PC1", "(", "+", "0" * 20 + "-PC" + "g" * 32])
async def test_a_cursor_of_nobody_is_refused(book, cursor):
    with pytest.raises(OrderRefused) as refused:
        await book.page(cursor=cursor)
    assert refused.value.field == "cursor"


# --- claims


async def test_an_order_is_due_from_its_time_on_and_claimed_by_one(book):
    await book.create(order(not_before=NOW + 50))
    assert await book.next_due() == NOW + 50
    assert await book.claim(now=NOW + 49, seconds=30, most=10) == ()
    claim = await claimed(book, NOW + 50)
    assert claim.order.id == order().id
    assert await book.claim(now=NOW + 51, seconds=30, most=10) == ()
    assert await book.next_due() == NOW + 80


async def test_of_many_that_claim_at_once_each_order_goes_to_one(book):
    for number in range(5):
        await book.create(order(number))
    claims = await asyncio.gather(*(book.claim(now=NOW + 100, seconds=30, most=2) for _ in range(6)))
    ids = [claim.order.id for some in claims for claim in some]
    assert sorted(ids) == sorted(order(number).id for number in range(5))
    assert all(len(some) <= 2 for some in claims)


async def test_whoever_waits_longest_is_first(book):
    for number in (3, 1, 2):
        await book.create(order(number))
    assert [c.order.id for c in await book.claim(now=NOW + 100, seconds=30, most=2)] == [order(1).id, order(2).id]


async def test_only_one_begins_to_dial(book):
    await book.create(order())
    claim = await claimed(book)
    begun = await asyncio.gather(*(book.begin(order().id, token=claim.token, now=NOW + 100) for _ in range(5)))
    assert sorted(begun) == [False] * 4 + [True]
    assert (await book.load(order().id)).dialled == NOW + 100


async def test_a_claimer_that_woke_too_late_dials_nothing(book):
    await book.create(order())
    late = await claimed(book)
    new = await claimed(book, NOW + 200)
    assert not await book.begin(order().id, token=late.token, now=NOW + 201)
    with pytest.raises(LeaseLost):
        await book.change(order().id, token=late.token, status="failed", ended=NOW)
    assert await book.begin(order().id, token=new.token, now=NOW + 201)


async def test_an_order_whose_claimer_died_while_dialling_is_found_as_such(book):
    await book.create(order())
    claim = await claimed(book)
    assert await book.begin(order().id, token=claim.token, now=NOW + 100)
    again = await claimed(book, NOW + 200)
    assert (again.order.status, again.order.dialled) == ("dialling", NOW + 100)
    assert not await book.begin(order().id, token=again.token, now=NOW + 201), "it may have reached the carrier"


async def test_who_cancels_before_it_is_dialled_wins_and_later_loses(book):
    await book.create(order(1))
    claim = await claimed(book)
    assert (await book.cancel(order(1).id, now=NOW)).status == "canceled"
    assert not await book.begin(order(1).id, token=claim.token, now=NOW)
    await book.create(order(2))
    claim = await claimed(book)
    assert await book.begin(order(2).id, token=claim.token, now=NOW)
    assert (await book.cancel(order(2).id, now=NOW)).status == "dialling"


async def test_cancelling_and_dialling_at_once_has_one_winner(book):
    for number in range(10):
        await book.create(order(number))
    for claim in await book.claim(now=NOW + 100, seconds=30, most=10):
        begun, after = await asyncio.gather(
            book.begin(claim.order.id, token=claim.token, now=NOW), book.cancel(claim.order.id, now=NOW)
        )
        assert (after.status == "canceled") is not begun


async def test_an_order_is_looked_at_again_when_it_was_said_and_never_after_its_end(book):
    await book.create(order())
    claim = await claimed(book)
    await book.change(order().id, token=claim.token, due=NOW + 500)
    assert await book.next_due() == NOW + 500
    await book.change(order().id, status="failed", ended=NOW, due=NOW + 600)
    assert await book.next_due() is None
    assert await book.claim(now=NOW + 9999, seconds=30, most=10) == ()


# --- pace and time to live


async def test_leave_to_dial_is_given_at_the_accounts_rate(book):
    assert await book.pace(per_second=0.01) == 0.0
    waits = [await book.pace(per_second=0.01) for _ in range(3)]
    assert all(90 < wait <= 100 for wait in waits), "asking does not take a place in the queue"


async def test_leave_to_dial_comes_back(book):
    assert await book.pace(per_second=20) == 0.0
    await asyncio.sleep(await book.pace(per_second=20) + 0.002)
    assert await book.pace(per_second=20) == 0.0


async def test_orders_are_forgotten_in_the_end(book, later):
    await book.create(order(1))
    await book.create(order(2))
    await book.change(order(1).id, status="failed", ended=NOW)
    await later(ENDED_TTL + 60)
    assert await book.load(order(1).id) is None
    assert [each.id for each in (await book.page()).orders] == [order(2).id]
    await later(OPEN_ORDER_TTL)
    assert await book.load(order(2).id) is None
    assert (await book.page()).orders == ()
    assert await book.claim(now=NOW + 10**7, seconds=30, most=10) == ()


async def test_an_order_for_later_is_kept_until_then(book, later):
    await book.create(order(not_before=NOW + 30 * 24 * 3600))
    await later(31 * 24 * 3600)
    assert await book.claim(now=NOW + 31 * 24 * 3600, seconds=30, most=1)
