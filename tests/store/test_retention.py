"""However long things are kept by their own settings: no longer than the longest, in every store."""

from __future__ import annotations

import asyncio
import time
from functools import partial

import pytest

from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store.expiry import LIVE_TTL
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore

from .populated import CAME_IN, HOOK, ORDER, PLACED, populate

DAY = 24 * 3600.0
MONTHS = 90 * DAY

NOTHING_PERSONAL = (  # names, ids of what is deleted then, and what hashes are made with
    "phoneagent:{api-keys}:",
    "phoneagent:carrier-recordings",
    "phoneagent:people:secret",
)


@pytest.fixture(params=["memory", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def anyio_backend(kind):
    return ("asyncio", {"loop_factory": FastForwardLoop}) if kind == "memory" else "asyncio"


@pytest.fixture
async def store(kind, request):
    make = MemoryStore if kind == "memory" else partial(RedisStore.from_url, request.getfixturevalue("empty_redis").url)
    store = make(ttl=MONTHS, longest=DAY)
    yield store
    await store.aclose()


async def test_after_the_longest_nothing_of_a_call_is_left(store, kind, request):
    await populate(store, time.time())
    assert await store.load_call(CAME_IN), "it is there before"
    if kind == "memory":
        await asyncio.sleep(DAY + 61)
    else:
        age(request.getfixturevalue("empty_redis"), DAY)
    for name in (CAME_IN, PLACED):
        assert await store.load_call(name) is None
        assert await store.reports.load(name) is None
    for name in (CAME_IN, ORDER):
        assert await store.events.read(name) == ()
    assert await store.orders.load(ORDER) is None
    assert (await store.deliveries.dead()).letters == ()
    assert await store.deliveries.claim({HOOK: 10}, now=time.time() + MONTHS, seconds=1) == ()


def age(server, seconds):
    for key in server.command("KEYS", "*").split("\r\n")[2::2]:
        left = int(server.command("PTTL", key)[1:]) - round(seconds * 1000)
        if not key.startswith(NOTHING_PERSONAL):
            assert left <= LIVE_TTL * 1000, f"{key} would be kept for longer"
            server.command("PEXPIRE", key, left)
