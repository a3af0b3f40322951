"""Numbers that must not be called, in Redis. Like API keys they do not expire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from phoneagent.do_not_call import AT_ONCE, DoNotCall, DoNotCallPage

from .cursor import checked_cursor
from .do_not_call_encoding import decode_entry, encode_entry, new_place
from .redis_url import Client

NUMBERS = "phoneagent:{do-not-call}:numbers"  # a hash: what is known of each
PLACES = "phoneagent:{do-not-call}:places"  # a sorted set of "place:number", which sort by when they were added

# KEYS: numbers, places. ARGV: number, place, what is known of it, and so on. Answers with how many are new.
ADD = """
local new = 0
for at = 1, #ARGV, 3 do
  if redis.call('HSETNX', KEYS[1], ARGV[at], ARGV[at + 2]) == 1 then
    redis.call('ZADD', KEYS[2], 0, ARGV[at + 1] .. ':' .. ARGV[at])
    new = new + 1
  end
end
return new
"""

# KEYS: numbers, places. ARGV: number. Answers with how many were there.
REMOVE = """
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if not stored then return 0 end
redis.call('ZREM', KEYS[2], string.match(stored, '^%S+') .. ':' .. ARGV[1])
return redis.call('HDEL', KEYS[1], ARGV[1])
"""


class RedisDoNotCall:
    """A `DoNotCallList`. `ask` sends a question to Redis and raises `StoreError`."""

    def __init__(self, ask: Callable[[Callable[[Client], Any]], Awaitable[Any]]) -> None:
        self._ask = ask

    async def add(self, entries: Iterable[DoNotCall]) -> int:
        added, left = 0, list(entries)
        while batch := left[:AT_ONCE]:
            del left[:AT_ONCE]
            arguments: list[str] = []
            for entry in batch:
                place = new_place(entry)
                arguments += [entry.number.reveal(), place, encode_entry(entry, place)]
            added += int(await self._run(ADD, arguments))
        return added

    async def remove(self, number: str) -> bool:
        return bool(await self._run(REMOVE, [number]))

    async def find(self, number: str) -> DoNotCall | None:
        stored = await self._ask(lambda client: client.hget(NUMBERS, number))
        return None if stored is None else decode_entry(number, stored)

    async def page(self, *, cursor: str = "", limit: int = 50) -> DoNotCallPage:
        bound = "(" + checked_cursor(cursor) if cursor else "+"
        found = await self._ask(lambda client: client.zrevrangebylex(PLACES, bound, "-", start=0, num=limit + 1))
        shown = [each.partition(":") for each in found[:limit]]
        if not shown:
            return DoNotCallPage(())
        numbers = [number for _, _, number in shown]
        stored = await self._ask(lambda client: client.hmget(NUMBERS, numbers))
        entries = tuple(decode_entry(number, known) for number, known in zip(numbers, stored, strict=True) if known)
        return DoNotCallPage(entries, shown[-1][0] if len(found) > limit else "")

    async def _run(self, script: str, arguments: list[str]) -> Any:
        return await self._ask(lambda client: client.eval(script, 2, NUMBERS, PLACES, *arguments))
