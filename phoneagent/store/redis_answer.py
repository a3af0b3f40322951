"""Waiting for Redis: bounded, with our own errors, and as easily cancelled as anything else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from redis.exceptions import RedisClusterException, RedisError

from phoneagent.errors import StoreError

DEADLINE = 2.0
"""Seconds for one operation: three attempts of half a second and their waits. On a new connection the client would
retry connecting within each retry of the command, nearly five seconds in all."""


async def answer_of(question: Awaitable[Any]) -> Any:
    """Raises `StoreError`.

    redis-py waits for its sockets by `asyncio.wait_for`, which in Python 3.11 loses a cancellation that meets the end
    of what it waits for (bpo-37658): the task went on, for ever if it was a loop. But it still knows that it was told.
    """
    task = asyncio.current_task()
    told = task.cancelling() if task is not None else 0
    try:
        async with asyncio.timeout(DEADLINE):
            answer = await question
    except (RedisError, RedisClusterException, OSError) as exc:
        if task is not None and task.cancelling() > told:
            raise asyncio.CancelledError from exc
        raise StoreError(f"redis: {type(exc).__name__}: {exc}") from exc
    if task is not None and task.cancelling() > told:
        raise asyncio.CancelledError
    return answer
