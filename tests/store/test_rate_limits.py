"""Requests are counted, by several processes together, and by each alone while Redis is away."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from phoneagent.store.rate_limits import RateLimits
from phoneagent.store.redis_counts import RedisCounts


@pytest.fixture
def anyio_backend():
    return "asyncio"


@asynccontextmanager
async def counting(rate, server=None):
    limits = RateLimits(rate, RedisCounts(server.url) if server else None)
    try:
        yield limits
    finally:
        await limits.aclose()


async def spent(limits, who, times):
    return [(await limits.spend(who)).granted for _ in range(times)]


@pytest.fixture(params=["memory", "redis"])
def server(request):
    return request.getfixturevalue("empty_redis") if request.param == "redis" else None


async def test_so_many_are_granted_and_each_is_told_what_is_left(server):
    async with counting("3/hour", server) as limits:
        told = [await limits.spend("crm") for _ in range(4)]
        assert [(one.granted, one.remaining) for one in told] == [(True, 2), (True, 1), (True, 0), (False, 0)]
        assert {(one.quota, one.window) for one in told} == {(3, 3600)}
        assert all(3590 <= one.reset <= 3600 for one in told)
        assert (await limits.spend("another")).granted


async def test_the_count_begins_anew(server):
    async with counting("1/second", server) as limits:
        assert await spent(limits, "crm", 2) == [True, False]
        await asyncio.sleep(1.1)
        assert (await limits.spend("crm")).granted


async def test_processes_count_together(empty_redis):
    async with counting("4/hour", empty_redis) as one, counting("4/hour", empty_redis) as other:
        assert await spent(one, "crm", 3) == [True] * 3
        assert await spent(other, "crm", 2) == [True, False]
        assert "phoneagent:rate-limits" in empty_redis.command("KEYS", "*")


async def test_a_redis_that_stands_still_holds_nobody_up(own_redis):
    async with counting("3/hour", own_redis) as limits:
        assert (await limits.spend("crm")).granted
        own_redis.stall()
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await spent(limits, "crm", 4) == [True, True, True, False], "counted by this process alone"
        assert loop.time() - began < 0.5, "and asked for once"
        own_redis.resume()


async def test_a_redis_that_is_gone_holds_nobody_up(own_redis):
    own_redis.stop()
    async with counting("2/hour", own_redis) as limits:
        assert await spent(limits, "crm", 3) == [True, True, False]
