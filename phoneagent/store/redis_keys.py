"""API keys in Redis: the only thing there that does not expire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from phoneagent.api_keys import ApiKey
from phoneagent.errors import StoreError

from .redis_url import Client

KEYS = "phoneagent:{api-keys}:by-hash"
NAMES = "phoneagent:{api-keys}:names"  # and the hash of each


class RedisKeys:
    """A `KeyRing`. `ask` sends a question to Redis and raises `StoreError`.

    A name is taken before its key is kept, and given back after the key is gone: whoever dies between the two leaves a
    name that can be revoked, and never a key without a name.
    """

    def __init__(self, ask: Callable[[Callable[[Client], Any]], Awaitable[Any]]) -> None:
        self._ask = ask

    async def add(self, key: ApiKey, hashed: str) -> bool:
        if not await self._ask(lambda client: client.hsetnx(NAMES, key.name, hashed)):
            return False
        await self._ask(lambda client: client.hset(KEYS, hashed, msgspec.json.encode(key).decode()))
        return True

    async def find(self, hashed: str) -> ApiKey | None:
        found = await self._ask(lambda client: client.hget(KEYS, hashed))
        return _decoded(found) if found is not None else None

    async def all(self) -> tuple[ApiKey, ...]:
        found = await self._ask(lambda client: client.hvals(KEYS))
        return tuple(sorted(map(_decoded, found), key=lambda key: key.name))

    async def revoke(self, name: str) -> bool:
        hashed = await self._ask(lambda client: client.hget(NAMES, name))
        if hashed is None:
            return False
        await self._ask(lambda client: client.hdel(KEYS, hashed))
        await self._ask(lambda client: client.hdel(NAMES, name))
        return True


def _decoded(text: str) -> ApiKey:
    try:
        return msgspec.json.decode(text, type=ApiKey)
    except msgspec.DecodeError as error:
        raise StoreError(f"redis: an API key that cannot be read: {error}") from error
