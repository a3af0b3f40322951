"""What the carrier keeps for us, in Redis, by when it must be deleted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from .expiry import OVERDUE_TTL
from .redis_url import Client

KEY = "phoneagent:carrier-recordings"

# KEYS: a sorted set of ids, by when they are due. ARGV: id, when it is due, seconds that overdue ones are kept. The
# whole set lives as long as the last of them, and then some.
EXPIRE = """
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('EXPIREAT', KEYS[1], math.ceil(tonumber(last[2]) + tonumber(ARGV[3])))
return {'ok'}
"""


class RedisExpiring:
    """`ask` sends a question to Redis and raises `StoreError`."""

    def __init__(self, ask: Callable[[Callable[[Client], Any]], Awaitable[Any]]) -> None:
        self._ask = ask

    async def expire(self, recording: str, *, due: float) -> None:
        await self._ask(lambda client: client.eval(EXPIRE, 1, KEY, recording, due, OVERDUE_TTL))

    async def due(self, *, now: float, most: int) -> tuple[str, ...]:
        found = await self._ask(lambda client: client.zrangebyscore(KEY, "-inf", now, start=0, num=most))
        return tuple(_text(name) for name in found)

    async def gone(self, recording: str) -> None:
        await self._ask(lambda client: client.zrem(KEY, recording))


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
