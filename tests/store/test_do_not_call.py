"""Numbers that must not be called, in every store, in memory and in Redis."""

from __future__ import annotations

import asyncio

import pytest

from phoneagent.do_not_call import AT_ONCE, DoNotCall
from phoneagent.errors import OrderRefused, StoreError
from phoneagent.private import Private
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore

NOW = 1_790_000_000.0
ANA, BEN = "+12125550123", "+12125550124"


def entry(number=ANA, **changes):
    return DoNotCall(Private(number), **{"added": NOW, **changes})


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(params=["memory", "redis"])
async def known(request):
    if request.param == "memory":
        yield MemoryStore().do_not_call
        return
    store = RedisStore.from_url(request.getfixturevalue("empty_redis").url)
    yield store.do_not_call
    await store.aclose()


async def test_a_number_is_on_the_list_until_it_is_removed(known):
    said = entry(source="callee", call="CA1")
    assert await known.find(ANA) is None
    assert await known.add([said]) == 1
    assert await known.find(ANA) == said
    assert await known.find(BEN) is None
    assert await known.remove(ANA)
    assert not await known.remove(ANA)
    assert await known.find(ANA) is None
    assert (await known.page()).entries == ()


async def test_what_was_known_first_stays(known):
    assert await known.add([entry(source="callee", call="CA1")]) == 1
    assert await known.add([entry(added=NOW + 5), entry(BEN), entry(BEN)]) == 1
    assert (await known.find(ANA)).call == "CA1"
    assert len((await known.page()).entries) == 2


async def test_removed_and_added_again(known):
    await known.add([entry(), entry(BEN, added=NOW + 1)])
    await known.remove(ANA)
    await known.add([entry(added=NOW + 2)])
    assert [each.number.reveal() for each in (await known.page()).entries] == [ANA, BEN]


async def test_several_at_once_are_one(known):
    assert sum(await asyncio.gather(*(known.add([entry()]) for _ in range(10)))) == 1


async def test_pages_show_each_number_once_and_no_number_is_in_a_cursor(known):
    numbers = [f"+1212555{n:04d}" for n in range(7)]
    await known.add([entry(number, added=NOW) for number in numbers])
    seen, cursor = [], ""
    while True:
        page = await known.page(cursor=cursor, limit=3)
        seen += [each.number.reveal() for each in page.entries]
        if not (cursor := page.next):
            break
        assert "212555" not in cursor
    assert sorted(seen) == numbers
    assert (await known.page(limit=7)).next == ""


async def test_a_cursor_that_nobody_gave(known):
    with pytest.raises(OrderRefused) as refused:
        await known.page(cursor="guessed")
    assert refused.value.field == "cursor"


async def test_more_than_are_written_in_one_step(known):
    numbers = [f"+1212{n:07d}" for n in range(2 * AT_ONCE + 1)]
    assert await known.add(entry(number) for number in numbers) == len(numbers)
    assert await known.find(numbers[-1]) is not None


async def test_numbers_are_not_printed(known):
    await known.add([entry()])
    assert "5550123" not in repr(await known.page())


async def test_the_list_outlives_the_process_and_a_redis_that_is_away_is_said(own_redis):
    for number in (ANA, BEN):
        store = RedisStore.from_url(own_redis.url)
        await store.do_not_call.add([entry(number)])
        await store.aclose()
    store = RedisStore.from_url(own_redis.url)
    assert len((await store.do_not_call.page()).entries) == 2
    assert own_redis.command("TTL", "phoneagent:{do-not-call}:numbers").startswith(":-1"), "it does not expire"
    own_redis.stop()
    with pytest.raises(StoreError):
        await store.do_not_call.find(ANA)
    await store.aclose()
