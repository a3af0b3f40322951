"""What becomes of the carrier's recordings that must be deleted, in every store."""

from __future__ import annotations

import time

import pytest

from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore

NOW = time.time()  # Redis drops what has long been overdue
DAY = 24 * 3600.0


@pytest.fixture(params=["memory", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def anyio_backend(kind):
    return ("asyncio", {"loop_factory": FastForwardLoop}) if kind == "memory" else "asyncio"


@pytest.fixture
async def expiring(kind, request):
    url = "" if kind == "memory" else request.getfixturevalue("empty_redis").url
    store = RedisStore.from_url(url) if url else MemoryStore()
    yield store.expiring
    await store.aclose()


async def test_they_are_due_when_their_time_is_over_the_longest_overdue_first(expiring):
    for recording, days in (("RE3", 3), ("RE1", 1), ("RE2", 2), ("RE9", 9)):
        await expiring.expire(recording, due=NOW + days * DAY)
    assert await expiring.due(now=NOW, most=10) == ()
    assert await expiring.due(now=NOW + 3 * DAY, most=10) == ("RE1", "RE2", "RE3")
    assert await expiring.due(now=NOW + 9 * DAY, most=2) == ("RE1", "RE2")


async def test_what_is_deleted_is_not_due_again(expiring):
    await expiring.expire("RE1", due=NOW)
    await expiring.gone("RE1")
    await expiring.gone("RE1")
    assert await expiring.due(now=NOW + DAY, most=10) == ()


async def test_the_last_time_counts(expiring):
    await expiring.expire("RE1", due=NOW + DAY)
    await expiring.expire("RE1", due=NOW + 2 * DAY)
    assert await expiring.due(now=NOW + DAY, most=10) == ()
    assert await expiring.due(now=NOW + 2 * DAY, most=10) == ("RE1",)


@pytest.mark.parametrize("kind", ["redis"], indirect=True)
async def test_the_list_has_a_time_to_live_that_its_last_entry_needs(expiring, empty_redis):
    now = time.time()
    await expiring.expire("RE9", due=now + 9 * DAY)
    await expiring.expire("RE1", due=now + DAY)
    left = int(empty_redis.command("TTL", "phoneagent:carrier-recordings")[1:])
    assert left == pytest.approx((9 + 30) * DAY, abs=60)
