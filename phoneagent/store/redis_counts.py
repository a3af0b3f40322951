"""Counters of requests in Redis, for all processes together."""

from __future__ import annotations

from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisClusterException, RedisError

from .redis_url import Client, Close, connect

KEYS = "phoneagent:rate-limits"


class RedisCounts:
    """Connects when it is first used, in that loop. Raises `SettingsError` for a URL that is none."""

    failures: tuple[type[Exception], ...] = (RedisError, RedisClusterException, OSError)
    """What `limiter` raises when Redis is away; a `TimeoutError` is an `OSError`."""

    def __init__(self, url: str) -> None:
        connect(url)  # a client that was never used has nothing to close
        self._url = url
        self._limiter: FixedWindowRateLimiter | None = None
        self._close: Close | None = None

    @property
    def limiter(self) -> FixedWindowRateLimiter:
        """Always the same one."""
        if self._limiter is None:
            client, self._close = connect(self._url)
            self._limiter = FixedWindowRateLimiter(_Storage(client))
        return self._limiter

    async def aclose(self) -> None:
        close, self._close, self._limiter = self._close, None, None
        if close is not None:
            await close()


class _Storage(RedisStorage):
    """With our client: for every kind of URL that the store takes, and as impatient."""

    def __init__(self, client: Client) -> None:
        self._client = client
        super().__init__("async+redis://", implementation="redispy", key_prefix=KEYS)

    def configure_bridge(self) -> None:
        """Called by the library, as in its own classes for Sentinel and Cluster."""
        self.bridge.connection_getter = lambda _: self._client  # type: ignore[attr-defined]  # of the one for redis-py
