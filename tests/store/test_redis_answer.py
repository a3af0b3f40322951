"""What becomes of a task that is cancelled while Redis answers. redis-py may swallow that on Python 3.11."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from phoneagent.errors import StoreError
from phoneagent.store.redis_answer import DEADLINE, answer_of


async def swallows(error: Exception | None = None) -> str:
    """As `asyncio.wait_for` does when what it waits for has just ended."""
    try:
        await asyncio.sleep(1.0)
    except asyncio.CancelledError:
        if error is not None:
            raise error from None
    return "an answer"


@pytest.mark.parametrize("error", [None, RedisConnectionError("gone")], ids=["answered", "failed"])
async def test_a_cancellation_is_not_lost(error):
    rounds = 0

    async def forever() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            try:
                await answer_of(swallows(error))
            except StoreError:
                continue

    task = asyncio.create_task(forever())
    await asyncio.sleep(0.5)
    task.cancel()
    await asyncio.wait([task], timeout=10.0)
    assert task.cancelled()
    assert rounds == 1


async def test_who_cleans_up_after_a_cancellation_gets_an_answer():
    answers = []

    async def work() -> None:
        try:
            await asyncio.sleep(10.0)
        finally:
            answers.append(await answer_of(swallows()))

    task = asyncio.create_task(work())
    await asyncio.sleep(0.5)
    task.cancel()
    await asyncio.wait([task])
    assert answers == ["an answer"]


async def test_an_answer_that_does_not_come_is_an_error_in_time():
    began = asyncio.get_running_loop().time()
    with pytest.raises(StoreError, match="redis: TimeoutError"):
        await answer_of(asyncio.sleep(60.0))
    assert asyncio.get_running_loop().time() - began == pytest.approx(DEADLINE)
