"""Messages on their way to operators' systems, in Redis: whichever process is alive delivers them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from phoneagent.deliveries import Claimed, DeadLetter, DeadPage, Delivery, Taken
from phoneagent.records import place_of

from . import delivery_scripts as scripts
from .cipher import Cipher
from .cursor import checked_cursor
from .delivery_encoding import decode_delivery, encode_delivery
from .delivery_rules import MOST_DEAD, MOST_WAITING, known_for, own_lane
from .expiry import Lifetimes
from .redis_url import Client

PREFIX = "phoneagent:{webhooks}:"
HOOKS = PREFIX + "hooks"
PAGE = 200  # deliveries that are looked through in one step
AT_ONCE = 50  # deliveries that are written in one step, which nothing else in Redis can interrupt


class RedisDeliveries:
    """`ask` sends a question to Redis and raises `StoreError`."""

    def __init__(
        self, ask: Callable[[Callable[[Client], Any]], Awaitable[Any]], *, lifetimes: Lifetimes, cipher: Cipher
    ) -> None:
        self._cipher = cipher
        self._ask = ask
        self._waiting = _ms(lifetimes.of_waiting)
        self._longest = lifetimes.longest
        self._scripts: dict[str, Any] = {}

    async def put(self, deliveries: Sequence[Delivery], *, now: float) -> Taken:
        no_room = disabled = 0
        for start in range(0, len(deliveries), AT_ONCE):
            arguments: list[Any] = [now, MOST_WAITING]
            for delivery in deliveries[start : start + AT_ONCE]:
                arguments += [
                    delivery.id,
                    delivery.webhook,
                    delivery.lane,
                    self._cipher.seal(encode_delivery(delivery)),
                ]
            _, more, others = await self._run(scripts.PUT_DELIVERIES, *arguments)
            no_room, disabled = no_room + int(more), disabled + int(others)
        return Taken(no_room, disabled)

    async def claim(self, room: Mapping[str, int], *, now: float, seconds: float) -> tuple[Claimed, ...]:
        pairs = [part for pair in room.items() for part in pair]
        answer = iter((await self._run(scripts.CLAIM_DELIVERIES, now, now + seconds, *pairs))[1:])
        fives = zip(answer, answer, answer, answer, answer, strict=True)
        return tuple(
            Claimed(self._opened(stored), int(token), int(attempts), why, bool(wanted))
            for stored, token, attempts, wanted, why in fives
        )

    async def next_due(self, webhooks: Sequence[str]) -> float | None:
        firsts = await asyncio.gather(*(self._first(webhook) for webhook in webhooks))
        return min((first for first in firsts if first is not None), default=None)

    async def _first(self, webhook: str) -> float | None:
        found = await self._ask(lambda client: client.zrange(f"{PREFIX}due:{webhook}", 0, 0, withscores=True))
        return float(found[0][1]) if found else None

    async def webhooks(self) -> tuple[str, ...]:
        return tuple(sorted(await self._ask(lambda client: client.smembers(HOOKS))))

    async def delivered(self, claimed: Claimed, *, now: float) -> bool:
        known = [_ms(known_for(claimed.delivery.type)), "wanted" if claimed.wanted else ""]
        return await self._settle(scripts.DELIVERED, claimed, now, *known)

    async def postpone(self, claimed: Claimed, *, until: float, now: float, problem: str, aside: bool) -> bool:
        lane = own_lane(claimed.delivery.id) if aside else ""
        return await self._settle(scripts.POSTPONE, claimed, now, until, problem, lane)

    async def bury(
        self, claimed: Claimed, *, now: float, keep: float, problem: str, tried: bool = True, disable: bool = False
    ) -> bool:
        keep = min(keep, self._longest)
        places = [place_of(now, claimed.delivery.id), place_of(max(0.0, now - keep), "")]
        end = [_ms(keep), problem, "disable" if disable else "", MOST_DEAD, claimed.attempts + tried]
        return await self._settle(scripts.BURY, claimed, now, *places, *end)

    async def dead(self, *, cursor: str = "", limit: int = 50) -> DeadPage:
        bound = "(" + checked_cursor(cursor) if cursor else "+"
        _, following, *values = await self._run(scripts.DEAD_DELIVERIES, bound, limit)
        parts = iter(values)
        letters = tuple(
            DeadLetter(self._opened(stored), int(attempts), problem, float(died))
            for stored, attempts, problem, died in zip(parts, parts, parts, parts, strict=True)
        )
        return DeadPage(letters, following)

    async def redeliver(self, delivery: str, *, now: float) -> bool:
        name = quote(delivery, safe="", errors="surrogatepass")  # a stranger may have written it; ours stay as they are
        answer = await self._run(scripts.REDELIVER, name, now, own_lane(name))
        return bool(answer[0] == "ok")

    async def erase(self, calls: Collection[str]) -> int:
        theirs = [each.id async for each in self._all() if each.lane in calls]
        count = 0
        for start in range(0, len(theirs), AT_ONCE):
            count += int((await self._run(scripts.ERASE_DELIVERIES, 0, *theirs[start : start + AT_ONCE]))[1])
        return count

    async def _all(self) -> AsyncIterator[Delivery]:
        """What waits and what is dead, in pages: JSON is looked into here, for there it may be encrypted."""
        for webhook in await self.webhooks():
            for first in range(0, MOST_WAITING, PAGE):
                parts = iter((await self._run(scripts.WAITING_DELIVERIES, PAGE, webhook, first))[1:])
                page = list(zip(parts, parts, strict=True))
                for _, stored in page:
                    if stored:  # else it has expired
                        yield self._opened(stored)
                if len(page) < PAGE:
                    break
        cursor = ""
        while True:
            dead = await self.dead(cursor=cursor, limit=PAGE)
            for letter in dead.letters:
                yield letter.delivery
            if not (cursor := dead.next):
                return

    def _opened(self, stored: str) -> Delivery:
        return decode_delivery(self._cipher.open(stored))

    async def _settle(self, script: str, claimed: Claimed, now: float, *arguments: Any) -> bool:
        answer = await self._run(script, claimed.delivery.id, claimed.token, now, *arguments)
        return bool(answer[0] == "ok")

    async def _run(self, script: str, *arguments: Any) -> list[Any]:
        async def run(client: Client) -> Any:
            if script not in self._scripts:
                self._scripts[script] = client.register_script(script)
            return await self._scripts[script]([HOOKS], [PREFIX, self._waiting, *arguments], client=client)

        answer: list[Any] = await self._ask(run)
        return answer


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
