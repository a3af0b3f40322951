"""The audit log in Redis: a stream, to which all processes append, and from which only its age takes away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from operator import methodcaller
from typing import Any

import msgspec

from phoneagent.audit import AuditEntry, AuditPage
from phoneagent.errors import StoreError

from .audit_rules import checked_place
from .redis_url import Client

KEY = "phoneagent:audit"
MOST = 1_000_000  # entries of 200 bytes; past that the oldest go

# KEYS: the log. ARGV: the most entries, seconds that they are kept, then entries. By the server's clock.
APPEND = """
for i = 3, #ARGV do redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'entry', ARGV[i]) end
local oldest = (redis.call('TIME')[1] - ARGV[2]) * 1000
redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f', math.max(0, oldest)))
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""


class RedisAudit:
    """An `AuditLog`. `ask` sends a question to Redis and raises `StoreError`; `keep`: seconds that an entry is kept."""

    def __init__(self, ask: Callable[[Callable[[Client], Any]], Awaitable[Any]], *, keep: float) -> None:
        self._ask = ask
        self._keep = round(keep)

    async def append(self, entries: Sequence[AuditEntry]) -> None:
        if entries:
            stored = [msgspec.json.encode(entry).decode() for entry in entries]
            await self._ask(lambda client: client.eval(APPEND, 1, KEY, MOST, self._keep, *stored))

    async def page(self, *, cursor: str = "", limit: int = 100) -> AuditPage:
        newest = f"({checked_place(cursor)}" if cursor else "+"
        found = await self._ask(methodcaller("xrevrange", KEY, max=newest, min="-", count=limit + 1))
        entries = tuple(_decoded(name, fields["entry"]) for name, fields in found[:limit])
        return AuditPage(entries, entries[-1].id if len(found) > limit else "")


def _decoded(name: str, stored: str) -> AuditEntry:
    try:
        return replace(msgspec.json.decode(stored, type=AuditEntry), id=name)
    except msgspec.DecodeError as error:
        raise StoreError(f"redis: an entry of the audit log that cannot be read: {error}") from error
