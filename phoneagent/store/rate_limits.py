"""How many requests each holder of a key has made: counted by all processes together while Redis is there."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING

import structlog
from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from phoneagent.api_keys import Allowance
from phoneagent.errors import StoreError

if TYPE_CHECKING:
    from .redis_counts import RedisCounts

log = structlog.stdlib.get_logger(__name__)

ANSWER_WITHIN = 0.1  # seconds; a count is not worth more of a request's time
AWAY = 5.0  # seconds for which a Redis that has not answered is not asked again


class RateLimits:
    """`rate` is such as "600/minute", in windows that do not slide: one counter, and its reset is a time that can be
    told. While Redis is away, or without one, each process counts alone.
    """

    def __init__(self, rate: str, together: RedisCounts | None = None) -> None:
        self._rate = parse(rate)
        self._alone = FixedWindowRateLimiter(MemoryStorage())
        self._together = together
        self._away_until = float("-inf")

    async def spend(self, who: str) -> Allowance:
        """Count a request. Raises nothing, and does not take long."""
        together, now = self._together, asyncio.get_running_loop().time()
        if together is not None and now >= self._away_until:
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    return await self._counted(together.limiter, who)
            except together.failures as error:
                self._away_until = now + AWAY
                log.warning("rate_limits_counted_alone", seconds=AWAY, problem=type(error).__name__)
        return await self._counted(self._alone, who)

    async def forget(self, who: str) -> bool:
        """Count anew. Whether there was anything to forget. Raises `StoreError`."""
        gone = await self._cleared(self._alone, who)
        if self._together is None:
            return gone
        try:
            return await self._cleared(self._together.limiter, who) or gone
        except self._together.failures as error:
            raise StoreError(f"redis: {type(error).__name__} while counts were erased") from error

    async def aclose(self) -> None:
        if self._together is not None:
            await self._together.aclose()

    async def _cleared(self, limiter: FixedWindowRateLimiter, who: str) -> bool:
        counted = (await limiter.get_window_stats(self._rate, who)).remaining < self._rate.amount
        await limiter.clear(self._rate, who)
        return counted

    async def _counted(self, limiter: FixedWindowRateLimiter, who: str) -> Allowance:
        granted = await limiter.hit(self._rate, who)
        window = await limiter.get_window_stats(self._rate, who)
        return Allowance(
            granted=granted,
            quota=self._rate.amount,
            window=self._rate.get_expiry(),
            remaining=window.remaining,
            reset=max(1, math.ceil(window.reset_time - time.time())),
        )
