"""What becomes of messages to operators' systems in every store, in memory and in Redis."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.deliveries import Delivery, Taken
from phoneagent.errors import OrderRefused
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store import memory_deliveries, redis_deliveries
from phoneagent.store.expiry import DELIVERED_TTL, WAITING_TTL
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore

NOW = 1_790_000_000.0
DAY = 24 * 3600.0
CRM, TEAM = "crm", "team"
LEASE = 60.0


def message(number=1, **changes):
    made = Delivery(
        id=f"msg_{number:04x}",
        webhook=CRM,
        url="https://crm.example.com/hook",
        lane="CA1",
        type="turn.ended",
        created=NOW + number,
        body='{"type":"turn.ended","data":{"text":"größe “4”"}}',
    )
    return replace(made, **changes)


@pytest.fixture(params=["memory", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def anyio_backend(kind):
    return ("asyncio", {"loop_factory": FastForwardLoop}) if kind == "memory" else "asyncio"


@pytest.fixture
async def queue(kind, request):
    store = MemoryStore() if kind == "memory" else RedisStore.from_url(request.getfixturevalue("empty_redis").url)
    yield store.deliveries
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


async def claimed(queue, now=NOW, *, room=None):
    return await queue.claim(room or {CRM: 10}, now=now, seconds=LEASE)


async def ids(queue, now=NOW, **options):
    return [each.delivery.id for each in await claimed(queue, now, **options)]


async def one(queue, now=NOW):
    (found,) = await claimed(queue, now)
    return found


async def buried(queue, delivery, now=NOW, **options):
    await queue.put([delivery], now=now)
    found = await one(queue, now)
    assert await queue.bury(found, now=now, keep=30 * DAY, problem="500", **options)


# --- in line


async def test_a_message_is_claimed_as_it_was_put(queue):
    await queue.put([message()], now=NOW)
    found = await one(queue)
    assert found.delivery == message()
    assert (found.attempts, found.disabled, found.wanted) == (0, "", False)


async def test_nobody_else_gets_it_until_the_lease_has_run_out(queue):
    await queue.put([message()], now=NOW)
    first = await one(queue)
    assert await claimed(queue, NOW + LEASE - 1) == ()
    second = await one(queue, NOW + LEASE)
    assert second.delivery == first.delivery
    assert not await queue.delivered(first, now=NOW), "whoever comes back late has lost it"
    assert await queue.delivered(second, now=NOW)
    assert await queue.next_due([CRM]) is None


async def test_what_is_put_again_is_there_once_and_delivered_once(queue, later):
    began = message(type="call.started")
    await queue.put([began], now=NOW)
    await queue.put([began], now=NOW)
    assert await queue.delivered(await one(queue), now=NOW)
    await later(DELIVERED_TTL - 60)
    await queue.put([began], now=NOW + 9)
    assert await ids(queue, NOW + 9) == []
    await queue.put([message(2)], now=NOW)
    assert await queue.delivered(await one(queue), now=NOW)
    await later(60)
    await queue.put([message(2)], now=NOW)
    assert await ids(queue, NOW + 9) == []


async def test_messages_about_a_call_wait_for_the_ones_before(queue):
    await queue.put([message(1), message(2), message(3, lane="CA2")], now=NOW)
    first, other = await claimed(queue)
    assert (first.delivery.id, other.delivery.id) == ("msg_0001", "msg_0003")
    assert await claimed(queue) == ()
    await queue.delivered(first, now=NOW)
    assert await ids(queue) == ["msg_0002"]


async def test_one_that_failed_keeps_its_place_until_it_steps_aside(queue):
    await queue.put([message(1), message(2)], now=NOW)
    await queue.postpone(await one(queue), until=NOW + 5, now=NOW, problem="500", aside=False)
    assert await ids(queue, NOW + 4) == []
    assert await queue.next_due([CRM]) == NOW + 5
    again = await one(queue, NOW + 5)
    assert (again.delivery.id, again.attempts) == ("msg_0001", 1)
    await queue.postpone(again, until=NOW + 300, now=NOW + 5, problem="500", aside=True)
    following = await one(queue, NOW + 5)
    assert following.delivery.id == "msg_0002"
    assert await queue.delivered(following, now=NOW)
    assert await queue.next_due([CRM]) == NOW + 300
    third = await one(queue, NOW + 300)
    assert (third.delivery.id, third.attempts) == ("msg_0001", 2)
    await queue.postpone(third, until=NOW + 900, now=NOW + 300, problem="500", aside=True)
    assert await ids(queue, NOW + 900) == ["msg_0001"]


async def test_each_webhook_has_a_line_of_its_own(queue):
    await queue.put([message(number, lane=f"CA{number}") for number in range(5)], now=NOW)
    await queue.put([message(9, webhook=TEAM)], now=NOW)
    assert await ids(queue, room={CRM: 2}) == ["msg_0000", "msg_0001"]
    assert await ids(queue, room={TEAM: 1, CRM: 1}) == ["msg_0009", "msg_0002"]
    assert await queue.webhooks() == (CRM, TEAM)
    assert await queue.next_due([TEAM]) == NOW + LEASE
    assert await queue.next_due([]) is None


async def test_a_webhook_has_room_for_so_many_and_others_have_theirs(queue, monkeypatch):
    for module in (memory_deliveries, redis_deliveries):
        monkeypatch.setattr(module, "MOST_WAITING", 3)
    assert await queue.put([message(number) for number in range(5)], now=NOW) == Taken(no_room=2)
    assert await queue.put([message(9, webhook=TEAM)], now=NOW) == Taken()
    await queue.delivered(await one(queue), now=NOW)
    assert await queue.put([message(7)], now=NOW) == Taken()


async def test_many_at_once_are_all_there(queue):
    await queue.put([message(number) for number in range(120)], now=NOW)
    found = []
    while again := await claimed(queue):
        found += [each.delivery.id for each in again]
        await queue.delivered(again[0], now=NOW)
    assert found == [message(number).id for number in range(120)]
    assert await queue.webhooks() == ()


async def test_what_nobody_fetches_is_not_kept_for_ever(queue, later):
    await queue.put([message(1), message(2)], now=NOW)
    await later(WAITING_TTL + 120)
    assert await ids(queue, NOW + WAITING_TTL) == []


# --- dead letters


async def test_a_dead_letter_is_shown_with_what_was_wrong(queue):
    await queue.put([message(1), message(2)], now=NOW)
    await queue.postpone(await one(queue), until=NOW, now=NOW, problem="500", aside=False)
    assert await queue.bury(await one(queue), now=NOW + 7, keep=30 * DAY, problem="expected 2xx, got 503")
    (letter,) = (await queue.dead()).letters
    assert letter.delivery == message(1)
    assert (letter.attempts, letter.problem, letter.died) == (2, "expected 2xx, got 503", NOW + 7)
    assert await ids(queue, NOW + 7) == ["msg_0002"], "others do not wait for the dead"


async def test_dead_letters_come_in_pages_the_last_one_first(queue):
    for number in range(5):
        await buried(queue, message(number), NOW + number)
    pages, cursor = [], ""
    for _ in range(3):
        page = await queue.dead(cursor=cursor, limit=2)
        pages.append([letter.delivery.id[-1] for letter in page.letters])
        cursor = page.next
    assert (pages, cursor) == ([["4", "3"], ["2", "1"], ["0"]], "")
    with pytest.raises(OrderRefused, match="cursor"):
        await queue.dead(cursor="(+")


async def test_dead_letters_go_after_a_while_and_when_there_are_too_many(queue, later, monkeypatch):
    for module in (memory_deliveries, redis_deliveries):
        monkeypatch.setattr(module, "MOST_DEAD", 2)
    for number in range(3):
        await buried(queue, message(number), NOW + number)
    assert [letter.delivery.id for letter in (await queue.dead()).letters] == ["msg_0002", "msg_0001"]
    await later(31 * DAY)
    assert (await queue.dead()).letters == ()
    assert not await queue.redeliver("msg_0002", now=NOW)


async def test_a_dead_letter_is_delivered_when_somebody_wants_it(queue):
    await buried(queue, message())
    assert await queue.redeliver("msg_0001", now=NOW + DAY)
    assert (await queue.dead()).letters == ()
    again = await one(queue, NOW + DAY)
    assert (again.delivery, again.attempts, again.wanted) == (message(), 0, True)
    assert await queue.delivered(again, now=NOW)
    assert not await queue.redeliver("msg_0001", now=NOW + DAY)


@pytest.mark.parametrize("name", ["", "msg_0002", "msg_0003", "}:{", "ü", "\ud83d"])
async def test_only_dead_letters_are_delivered_again(queue, name):
    await queue.put([message(1), message(2)], now=NOW)
    await queue.put([message(3, lane="CA3")], now=NOW)
    for each in await claimed(queue):
        await queue.delivered(each, now=NOW)
    assert not await queue.redeliver(name, now=NOW)


# --- webhooks that want no more


async def test_a_disabled_webhook_is_told_nothing_until_an_operator_wants_it_again(queue):
    await queue.put([message(1), message(2)], now=NOW)
    await queue.bury(await one(queue), now=NOW, keep=30 * DAY, problem="410", disable=True)
    assert await queue.put([message(3), message(4, webhook=TEAM)], now=NOW) == Taken(disabled=1)
    waiting = await one(queue)
    assert (waiting.delivery.id, waiting.disabled, waiting.wanted) == ("msg_0002", "410", False)
    await queue.bury(waiting, now=NOW, keep=30 * DAY, problem="410", tried=False)
    assert [letter.attempts for letter in (await queue.dead()).letters] == [0, 1]
    await queue.redeliver("msg_0001", now=NOW)
    wanted = await one(queue)
    assert (wanted.disabled, wanted.wanted) == ("410", True)
    await queue.delivered(wanted, now=NOW)
    assert await queue.put([message(5)], now=NOW) == Taken()


async def test_a_webhook_is_tried_again_after_a_month(queue, later):
    await buried(queue, message(), disable=True)
    await later(30 * DAY + 120)
    assert await queue.put([message(2)], now=NOW + 30 * DAY) == Taken()


@pytest.mark.parametrize("kind", ["redis"])
async def test_everything_expires(queue, empty_redis):
    await queue.put([message(number, lane=f"CA{number % 3}") for number in range(9)], now=NOW)
    one, two, three = await claimed(queue)
    await queue.delivered(one, now=NOW)
    await queue.postpone(two, until=NOW + 9, now=NOW, problem="500", aside=True)
    await queue.bury(three, now=NOW, keep=DAY, problem="410", disable=True)
    keys = empty_redis.command("KEYS", "*").split("\r\n")[2::2]
    assert len(keys) > 12
    assert {
        key: empty_redis.command("PTTL", key) for key in keys if int(empty_redis.command("PTTL", key)[1:]) < 0
    } == {}


# --- whatever happens, nothing is lost and nothing comes twice at the same time

STEPS = st.lists(st.sampled_from(["put", "deliver", "postpone", "aside", "bury", "die"]), max_size=40)


@given(steps=STEPS)
def test_every_message_is_in_one_place(steps):
    """Delivered, dead, or claimed again sooner or later."""
    with asyncio.Runner(loop_factory=FastForwardLoop) as runner:
        runner.run(_every_message_is_in_one_place(steps))


async def _every_message_is_in_one_place(steps):
    queue = MemoryStore().deliveries
    put, delivered, now = 0, [], NOW
    for step in steps:
        now += 1
        if step == "put":
            put += 1
            await queue.put([message(put, lane=f"CA{put % 2}")], now=now)
            continue
        for each in (await queue.claim({CRM: 1}, now=now, seconds=2))[:1]:
            if step == "deliver":
                delivered.append(each.delivery.id)
                await queue.delivered(each, now=now)
            elif step in ("postpone", "aside"):
                await queue.postpone(each, until=now + 3, now=now, problem="500", aside=step == "aside")
            elif step == "bury":
                await queue.bury(each, now=now, keep=DAY, problem="500")
    for _ in range(put + 1):
        now += LEASE
        for each in await queue.claim({CRM: 10}, now=now, seconds=2):
            delivered.append(each.delivery.id)
            await queue.delivered(each, now=now)
    dead = [letter.delivery.id for letter in (await queue.dead()).letters]
    assert sorted(delivered + dead) == [message(number).id for number in range(1, put + 1)]
