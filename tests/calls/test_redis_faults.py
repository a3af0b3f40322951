"""A real Redis is full, or its master dies and a sentinel names another, in the middle of a call."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from phoneagent.simulator.caller import AgentFinished, CallerScript, Say
from phoneagent.store.redis import RedisStore
from tests.redis_server import redis_server

from .world import AT_ONCE, world

SETTLED = 20.0  # seconds after its return in which a store is given what it missed
TALK = [
    ("agent", "Trattoria Aurelia, good evening. How can I help you?"),
    ("caller", "Yes please"),
    ("agent", "Very good."),
    ("caller", "Goodbye"),
    ("agent", "Thank you for calling. Goodbye."),
]
CALLER = CallerScript(Say("Yes please"), Say("Goodbye", after=AgentFinished(0.3)), patience=60.0)


@pytest.fixture
def anyio_backend():
    """Other processes take real time."""
    return "asyncio"


@asynccontextmanager
async def opened(url):
    store = RedisStore.from_url(url)
    try:
        yield store
    finally:
        await store.aclose()


async def when_settled(url, call):
    """The call as the store has it in the end."""
    async with opened(url) as store, asyncio.timeout(SETTLED):
        while (stored := await store.load_call(call)) is None or stored.record.ended is None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.1)
    return stored


def talk(stored):
    return [(turn.role, turn.text) for turn in stored.turns]


async def test_a_redis_that_is_full_for_the_rest_of_a_call_gets_all_of_it_when_there_is_room_again():
    with redis_server() as redis:
        async with opened(redis.url) as store, world(store=store, latencies=AT_ONCE) as (running, told):
            placed = running.carrier.dial(running.voice_url, caller=CALLER)
            await told.until(lambda: len(told.of("turn_ended")) == 1)
            redis.command("CONFIG", "SET", "maxmemory", "1")  # every write is refused from now on, reads are not
            result = await placed.ended
            assert "OOM" in redis.command("SET", "anything", "1")
            redis.command("CONFIG", "SET", "maxmemory", "0")
            stored = await when_settled(redis.url, result.call)
    assert (result.ended_by, result.violations) == ("agent", ())
    assert talk(stored) == TALK
    assert stored.record.ended_reason == "agent"


async def test_a_call_outlives_the_master_of_its_redis(tmp_path):
    with redis_server() as master, redis_server("--replicaof", f"127.0.0.1 {master.port}") as replica:
        replica.wait_for("master_link_status:up", "INFO", "replication")
        configuration = tmp_path / "sentinel.conf"
        configuration.write_text(
            f"sentinel monitor front 127.0.0.1 {master.port} 1\n"
            "sentinel down-after-milliseconds front 500\n"
            "sentinel failover-timeout front 3000\n"
        )
        with redis_server(str(configuration), "--sentinel") as sentinel:
            sentinel.wait_for(str(replica.port), "SENTINEL", "replicas", "front")
            url = f"redis+sentinel://127.0.0.1:{sentinel.port}/front/0"
            async with opened(url) as store, world(store=store, latencies=AT_ONCE) as (running, told):
                placed = running.carrier.dial(running.voice_url, caller=CALLER)
                await told.until(lambda: len(told.of("turn_ended")) == 1)
                master.stop()
                result = await placed.ended
                stored = await when_settled(url, result.call)
            assert "role:master" in replica.command("INFO", "replication")
    assert (result.ended_by, result.violations) == ("agent", ())
    assert talk(stored) == TALK
