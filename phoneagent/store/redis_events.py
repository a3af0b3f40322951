"""Event logs in Redis: a stream for each call, which every process can write to and follow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import quote

from phoneagent.records import LAST_STEP, LogEntry, LoggedEvent

from .cipher import Cipher
from .redis_answer import answer_of
from .redis_url import Client, Close

MOST_ENTRIES = 10_000  # of one log: an hour of talk has about two thousand
AT_ONCE = 16  # logs that are written to at the same time: calls have the other connections
LOOK = 0.25  # seconds that one blocking look takes: below the client's own limit of half a second for an answer

# KEYS: a log, and what is remembered of it. ARGV: the writer, the most entries, the last step, milliseconds that it is
# kept if nothing follows, and after the last step; then of each entry its number, event, data, step and once.
APPEND = """
local writer = 'writer:' .. ARGV[1]
local written = tonumber(redis.call('HGET', KEYS[2], writer) or '0')
local step = tonumber(redis.call('HGET', KEYS[2], 'step') or '0')
for i = 6, #ARGV, 5 do
  local number = tonumber(ARGV[i])
  if number > written then
    written = number
    local its_step, new = tonumber(ARGV[i + 3]), true
    if its_step > 0 then
      new = its_step > step
      if new then step = its_step end
    end
    if new and ARGV[i + 4] ~= '' then new = redis.call('HSETNX', KEYS[2], 'once:' .. ARGV[i + 4], '1') == 1 end
    if new then
      redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'event', ARGV[i + 1], 'data', ARGV[i + 2])
    end
  end
end
redis.call('HSET', KEYS[2], writer, string.format('%.0f', written), 'step', step)
local kept = ARGV[4]
if step >= tonumber(ARGV[3]) then kept = ARGV[5] end
redis.call('PEXPIRE', KEYS[1], kept)
redis.call('PEXPIRE', KEYS[2], kept)
return 1
"""


class RedisEvents:
    """Keeps a log as `phoneagent:call:{…}:events`, and beside it, in `:events:known`, what must not be written twice.

    `ask` sends a question to Redis and raises `StoreError`. Readers wait on connections of their own, of a client that
    `make_client` makes when there is the first one. `ttl`: seconds that a log is kept once its call is over.
    """

    def __init__(
        self,
        ask: Callable[[Callable[[Client], Any]], Awaitable[Any]],
        make_client: Callable[[], tuple[Client, Close]],
        *,
        ttl: float,
        cipher: Cipher,
    ) -> None:
        self._cipher = cipher
        self._ask = ask
        self._make_client = make_client
        self._ttl = ttl
        self._script: Any = None
        self._client: Client | None = None
        self._close: Close | None = None

    async def append(self, writer: str, first: int, entries: Sequence[LogEntry]) -> None:
        logs: dict[str, list[tuple[int, LogEntry]]] = {}
        for number, entry in enumerate(entries, first):
            logs.setdefault(entry.log, []).append((number, entry))
        places = list(logs.items())
        for begin in range(0, len(places), AT_ONCE):
            await asyncio.gather(
                *(self._append(writer, log, numbered) for log, numbered in places[begin : begin + AT_ONCE])
            )

    async def _append(self, writer: str, log: str, numbered: list[tuple[int, LogEntry]]) -> None:
        key = _key(log)
        keep = _ms(numbered[-1][1].keep)
        arguments: list[object] = [writer, MOST_ENTRIES, LAST_STEP, keep, _ms(self._ttl)]
        for number, entry in numbered:
            arguments += [number, entry.event, self._cipher.seal(entry.data), entry.step, entry.once]

        async def append(client: Client) -> Any:
            if self._script is None:
                self._script = client.register_script(APPEND)
            return await self._script([key, key + ":known"], arguments, client=client)

        await self._ask(append)

    async def read(self, log: str, *, after: str = "", most: int = 100, wait: float = 0.0) -> tuple[LoggedEvent, ...]:
        key, loop = _key(log), asyncio.get_running_loop()
        until = loop.time() + wait
        while True:
            left = until - loop.time()
            block = max(1, round(1000 * min(LOOK, left))) if left > 0 else None
            answer = await self._look(key, after or "0-0", most, block)
            if answer:
                return tuple(
                    LoggedEvent(name, fields["event"], self._cipher.open(fields["data"]))
                    for name, fields in answer[0][1]
                )
            if left <= LOOK:
                return ()

    async def _look(self, key: str, after: str, most: int, block: int | None) -> Any:
        if self._client is None:
            self._client, self._close = self._make_client()
        return await answer_of(self._client.xread({key: after}, count=most, block=block))

    async def erase(self, log: str) -> int:
        key = _key(log)
        count = await self._ask(lambda client: client.xlen(key))
        await self._ask(lambda client: client.delete(key, key + ":known"))
        return int(count)

    def take_close(self) -> Close | None:
        """What closes the readers' connections; later ones are new."""
        close, self._close, self._client = self._close, None, None
        return close


def _key(log: str) -> str:
    return "phoneagent:call:{" + quote(log, safe="", errors="surrogatepass") + "}:events"


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
