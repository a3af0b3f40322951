"""Two processes that deliver out of one Redis, in real time: nothing comes twice, and each call's messages in order."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from phoneagent.call.courier import Courier
from phoneagent.deliveries import Webhook
from phoneagent.private import Private
from phoneagent.store.redis import RedisStore
from phoneagent.webhooks.messenger import Messenger
from tests.redis_server import redis_server
from tests.webhooks.receiver import SECRET, receiving

from .test_courier import Ledger, message

CALLS, EACH = 10, 6


@pytest.fixture
def anyio_backend():
    """Redis is another process."""
    return "asyncio"


@asynccontextmanager
async def process(url, webhook):
    store, messenger = RedisStore.from_url(url), Messenger()
    try:
        async with Courier(store.deliveries, messenger, [webhook], Ledger(), shared=True, keep=60) as courier:
            yield store, courier
    finally:
        await messenger.aclose()
        await store.aclose()


async def test_two_processes_share_the_work():
    with redis_server() as redis:
        async with receiving() as receiver, AsyncExitStack() as stack:
            webhook = Webhook(receiver.url, (Private(SECRET),), private=True)
            store, first = await stack.enter_async_context(process(redis.url, webhook))
            _, second = await stack.enter_async_context(process(redis.url, webhook))
            numbers = [(call, number) for number in range(EACH) for call in range(CALLS)]
            for number, (call, _) in enumerate(numbers):
                await store.deliveries.put([message(number, webhook, lane=f"CA{call}")], now=first.now)
            first.wake()
            second.wake()
            async with asyncio.timeout(10):
                await receiver.until(lambda: len(receiver.messages) == len(numbers))
    assert set(Counter(name for name, _ in receiver.attempts).values()) == {1}
    came = [numbers[each["n"]] for each in receiver.messages]
    for call in range(CALLS):
        assert [nth for each, nth in came if each == call] == list(range(EACH))


async def test_one_goes_on_where_the_other_died_in_an_attempt(monkeypatch):
    monkeypatch.setattr("phoneagent.call.courier.LEASE", 0.5)
    with redis_server() as redis:
        async with receiving(None, 200) as receiver, AsyncExitStack() as stack:
            webhook = Webhook(receiver.url, (Private(SECRET),), private=True)
            store, dying = await stack.enter_async_context(process(redis.url, webhook))
            await store.deliveries.put([message(1, webhook), message(2, webhook)], now=dying.now)
            dying.wake()
            await receiver.until(lambda: receiver.attempts)
            for task in filter(None, [dying._service, *dying._tasks]):  # as if it was killed
                task.cancel()
            await stack.enter_async_context(process(redis.url, webhook))
            async with asyncio.timeout(10):
                await receiver.until(lambda: len(receiver.messages) == 2)
    assert [name for name, _ in receiver.attempts] == ["msg_1", "msg_1", "msg_2"]
