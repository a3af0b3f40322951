"""After many calls nothing of them is left but what shall be kept, and that for a time only."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import redis as redis_client

from phoneagent.simulator.caller import AgentSpeaking, CallEnds, CallerScript, HangUp, Press, Say, Wait
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store.redis import RedisStore
from tests.redis_server import redis_server

from .world import world

SCRIPTS: list[Callable[[], CallerScript]] = [
    lambda: CallerScript(Say("Goodbye")),
    lambda: CallerScript(HangUp(after=0.5)),
    lambda: CallerScript(HangUp(after=AgentSpeaking(0.5))),
    lambda: CallerScript(Say("What are your opening hours?"), HangUp(after=AgentSpeaking(0.4))),
    lambda: CallerScript(Say("What are your opening hours?", after=AgentSpeaking(0.3)), HangUp(after=0.1)),
    lambda: CallerScript(Press("1", after=0.5), HangUp(after=0.2)),
    lambda: CallerScript(Wait(1.0), HangUp(after=0.0)),
    lambda: CallerScript(Say("Please book a table for two", after=0.3), HangUp(after=0.6)),
    lambda: CallerScript(Say("Goodbye", after=1.0), HangUp(after=CallEnds())),
]


ONE_BY_ONE = 5 * len(SCRIPTS)


class Elsewhere:
    """A store in another process, for a clock that jumps: it stands still while the store works."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)
        if not inspect.iscoroutinefunction(method):
            return method  # type: ignore[no-any-return]  # what needs no answer of the store's

        async def call(*arguments: Any, **options: Any) -> Any:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, FastForwardLoop)
            with loop.standing_still():
                return await method(*arguments, **options)

        return call


class Left(NamedTuple):
    """What is open, once what is closing has closed. `pool`: connections to the store, whose descriptors are apart."""

    tasks: int
    descriptors: int
    pool: int


async def left(url: str) -> Left:
    await asyncio.sleep(30.0)
    gc.collect()
    with redis_client.Redis.from_url(url) as asking:
        pool = asking.info("clients")["connected_clients"] - 1
    descriptors = len(os.listdir("/proc/self/fd")) - pool  # noqa: PTH208 - no blocking, it is /proc
    return Left(len(asyncio.all_tasks()), descriptors, pool)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="descriptors are counted in /proc")  # noqa: PTH112
async def test_calls_one_after_another_and_twenty_at_once_leave_nothing_behind():
    with redis_server() as redis:
        async with world(store=Elsewhere(RedisStore.from_url(redis.url)), max_calls=50) as (running, told):
            dial = running.carrier.dial

            async def twenty_at_once() -> None:
                calls = [dial(running.voice_url, caller=SCRIPTS[number % len(SCRIPTS)]()) for number in range(20)]
                for call in calls:
                    assert (await call.ended).violations == ()

            await twenty_at_once()  # pools, caches and lazy imports have filled themselves now
            before = await left(redis.url)
            for number in range(ONE_BY_ONE):
                await dial(running.voice_url, caller=SCRIPTS[number % len(SCRIPTS)]()).ended
            after_one_by_one = await left(redis.url)
            await twenty_at_once()
            after = await left(redis.url)
            assert running.app.state.switchboard.calls == 0
        started, ended = told.of("call_started"), told.of("call_left")
        with redis_client.Redis.from_url(redis.url) as client:
            keys = client.keys()
            forever = [key for key in keys if client.pttl(key) < 0]
    assert len(started) == len(ended)
    assert len(started) >= ONE_BY_ONE + 20
    assert after.tasks <= before.tasks, "tasks were left behind"
    # A pool may have grown by a connection or two.
    assert after.descriptors <= before.descriptors + 6, "descriptors were left behind"
    # That to the store keeps what most commands at once have needed: twenty calls may raise it, one may not.
    assert after_one_by_one.pool <= before.pool, "connections to the store were left behind"
    assert keys
    assert forever == []
