"""Who has called, or was called, in Redis: of each person's hash a sorted set of calls, by time."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable
from operator import methodcaller
from typing import Any
from urllib.parse import quote, unquote

from phoneagent.errors import StoreError

from .cipher import Cipher
from .expiry import Lifetimes
from .people_rules import MOST_CALLS, SECRET, is_somebody, pseudonym
from .redis_url import Client

PERSON = "phoneagent:person:"
HASHED_WITH = "phoneagent:people:secret"
SECRET_TTL = 800 * 24 * 3600  # seconds since a call was noted with it: then no hash is left that was made with it
DAY = 24 * 3600.0
AT_ONCE = 500

# KEYS: a person's calls. ARGV: the time, the call, the time from when on they are kept, seconds, the most of them.
NOTE = """
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[3])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[5]) - 1)
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""


class RedisPeople:
    """`People`. `ask` sends a question to Redis and raises `StoreError`."""

    def __init__(
        self, ask: Callable[[Callable[[Client], Any]], Awaitable[Any]], *, lifetimes: Lifetimes, cipher: Cipher
    ) -> None:
        self._cipher = cipher
        self._ask = ask
        self._kept = round(lifetimes.of_people)
        self._secret: bytes | None = None
        self._renew_at = 0.0
        self._note: Any = None

    async def pseudonym(self, number: str) -> str:
        return pseudonym(await self._key(), number)

    async def note(self, number: str, call: str, *, at: float) -> None:
        if not is_somebody(number):
            return
        name = await self._name(number)

        async def note(client: Client) -> Any:
            if self._note is None:
                self._note = client.register_script(NOTE)
            return await self._note([name], [at, _named(call), at - self._kept, self._kept, MOST_CALLS], client=client)

        await self._ask(note)

    async def calls(self, number: str) -> tuple[str, ...]:
        name, found = await self._name(number), list[str]()
        for begin in range(0, MOST_CALLS, AT_ONCE):
            piece = await self._ask(methodcaller("zrange", name, begin, begin + AT_ONCE - 1))
            found += piece
            if len(piece) < AT_ONCE:
                break
        return tuple(dict.fromkeys(unquote(each, errors="surrogatepass") for each in found))

    async def forget(self, number: str, calls: Iterable[str]) -> None:
        name, gone = await self._name(number), [_named(call) for call in calls]
        for begin in range(0, len(gone), AT_ONCE):
            await self._ask(methodcaller("zrem", name, *gone[begin : begin + AT_ONCE]))

    async def _name(self, number: str) -> str:
        return PERSON + await self.pseudonym(number)

    async def _key(self) -> bytes:
        """The secret that all processes share; whoever comes first makes it."""
        now = asyncio.get_running_loop().time()
        if self._secret is None:
            made = self._cipher.seal(secrets.token_hex(SECRET))
            await self._ask(lambda client: client.set(HASHED_WITH, made, nx=True, ex=SECRET_TTL))
            found = self._cipher.open(await self._ask(lambda client: client.get(HASHED_WITH)) or "")
            # Once more by the key in use: an old key is taken away when the data is gone that it encrypts; this stays.
            again = self._cipher.seal(found)
            await self._ask(lambda client: client.set(HASHED_WITH, again, xx=True, ex=SECRET_TTL))
            try:
                self._secret = bytes.fromhex(found)
            except ValueError as error:
                raise StoreError(f"redis: expected hexadecimal digits under {HASHED_WITH}") from error
        if now >= self._renew_at:
            await self._ask(lambda client: client.expire(HASHED_WITH, SECRET_TTL))
            self._renew_at = now + DAY
        return self._secret


def _named(call: str) -> str:
    """Any text may be a call's name."""
    return quote(call, safe="", errors="surrogatepass")
