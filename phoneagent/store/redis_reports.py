"""Reports in Redis: whichever process is alive makes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, unquote

from phoneagent.errors import LeaseLost
from phoneagent.report import EndOfCallReport, ReportClaim

from .cipher import Cipher
from .expiry import LIVE_TTL
from .redis_url import Client
from .report_encoding import decode_report, encode_report

PREFIX = "phoneagent:{reports}:"
ITEM = PREFIX + "call:"
DUE = PREFIX + "due"

# What Redis does to the calls that wait for a report, in one step; see `scripts`. All of them are in one slot of a
# Cluster, for a script sees several; the reports, which are large, are beside their calls. Keys: of each call a hash
# with `token` (the fencing token), `failures` and, in the end, `done`; `due`, a sorted set of the calls that wait, by
# when somebody shall look at them. ARGV begins with the call and the milliseconds that this is kept.

_ITEM = """
local item, due, call, ms = KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2])
local function keep()
  redis.call('PEXPIRE', item, ms)
  if redis.call('PTTL', due) < ms then redis.call('PEXPIRE', due, ms) end
end
"""

# ARGV: when it is due.
EXPECT = (
    _ITEM
    + """
if redis.call('HEXISTS', item, 'done') == 1 then return {'ok'} end
local known = redis.call('ZSCORE', due, call)
if not known or tonumber(known) > tonumber(ARGV[3]) then redis.call('ZADD', due, ARGV[3], call) end
redis.call('HSETNX', item, 'token', 0)
keep()
return {'ok'}
"""
)

_CLAIMED = (
    _ITEM
    + """
if redis.call('HGET', item, 'token') ~= ARGV[3] or redis.call('HEXISTS', item, 'done') == 1 then return {'lost'} end
"""
)

# ARGV: token.
STILL_CLAIMED = _CLAIMED + "keep()\nreturn {'ok'}\n"

# ARGV: token, when it is due, `failed` or "". Of each token one failure counts: a client that was not answered repeats.
PUT_OFF = (
    _CLAIMED
    + """
redis.call('ZADD', due, ARGV[4], call)
if ARGV[5] ~= '' and redis.call('HGET', item, 'failed') ~= ARGV[3] then
  redis.call('HSET', item, 'failed', ARGV[3])
  redis.call('HINCRBY', item, 'failures', 1)
end
keep()
return {'ok'}
"""
)

# ARGV: token. Repeated by a client that was not answered, it is done already.
DONE = (
    _ITEM
    + """
if redis.call('HGET', item, 'token') ~= ARGV[3] then return {'lost'} end
redis.call('HSET', item, 'done', 1)
redis.call('ZREM', due, call)
keep()
return {'ok'}
"""
)

# KEYS: due. ARGV: prefix of the calls' keys, milliseconds that they are kept, now, until when they are claimed, how
# many. Answers with call, token, failures, ... What has expired is not there any more.
CLAIM = """
local claimed = {'ok'}
for _, call in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[3], 'LIMIT', 0, ARGV[5])) do
  local item = ARGV[1] .. call
  if redis.call('EXISTS', item) == 1 then
    redis.call('ZADD', KEYS[1], ARGV[4], call)
    redis.call('PEXPIRE', item, ARGV[2])
    claimed[#claimed + 1] = call
    claimed[#claimed + 1] = redis.call('HINCRBY', item, 'token', 1)
    claimed[#claimed + 1] = redis.call('HGET', item, 'failures') or '0'
  else
    redis.call('ZREM', KEYS[1], call)
  end
end
return claimed
"""


# KEYS: as above. ARGV: the call.
ERASE = """
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return {'ok'}
"""


class RedisReports:
    """`ask` sends a question to Redis and raises `StoreError`; `ttl`: seconds that a report is kept."""

    def __init__(self, ask: Callable[[Callable[[Client], Any]], Awaitable[Any]], *, ttl: float, cipher: Cipher) -> None:
        self._cipher = cipher
        self._ask = ask
        self._ttl = ttl
        self._waits = _ms(max(ttl, LIVE_TTL))
        self._scripts: dict[str, Any] = {}

    async def expect(self, call: str, *, due: float) -> None:
        await self._run(EXPECT, call, due)

    async def claim(self, *, now: float, seconds: float, most: int) -> tuple[ReportClaim, ...]:
        answer = await self._script(CLAIM, [DUE], [ITEM, self._waits, now, now + seconds, most])
        triples = zip(*[iter(answer[1:])] * 3, strict=True)
        return tuple(ReportClaim(_named(call), int(token), int(failures)) for call, token, failures in triples)

    async def put_off(self, call: str, *, token: int, due: float, failed: bool = False) -> None:
        await self._run(PUT_OFF, call, token, due, "failed" if failed else "")

    async def keep(self, report: EndOfCallReport, *, token: int) -> None:
        await self._run(STILL_CLAIMED, report.call, token)
        stored = self._cipher.seal(encode_report(report))
        await self._ask(lambda client: client.set(_report(report.call), stored, px=_ms(self._ttl)))

    async def done(self, call: str, *, token: int) -> None:
        await self._run(DONE, call, token)

    async def load(self, call: str) -> EndOfCallReport | None:
        stored = await self._ask(lambda client: client.get(_report(call)))
        return decode_report(self._cipher.open(stored)) if stored else None

    async def next_due(self) -> float | None:
        first = await self._ask(lambda client: client.zrange(DUE, 0, 0, withscores=True))
        return float(first[0][1]) if first else None

    async def erase(self, call: str) -> bool:
        name = _name(call)
        await self._script(ERASE, [ITEM + name, DUE], [name])
        return bool(await self._ask(lambda client: client.delete(_report(call))))

    async def _run(self, script: str, call: str, *arguments: object) -> None:
        name = _name(call)
        answer = await self._script(script, [ITEM + name, DUE], [name, self._waits, *arguments])
        if answer[0] == "lost":
            raise LeaseLost("another process reports on the call")

    async def _script(self, script: str, keys: list[str], arguments: list[Any]) -> list[Any]:
        async def run(client: Client) -> Any:
            if script not in self._scripts:
                self._scripts[script] = client.register_script(script)
            return await self._scripts[script](keys, arguments, client=client)

        answer: list[Any] = await self._ask(run)
        return answer


def _name(call: str) -> str:
    return quote(call, safe="", errors="surrogatepass")


def _named(name: str) -> str:
    return unquote(name, errors="surrogatepass")


def _report(call: str) -> str:
    """Beside what else is kept of the call."""
    return "phoneagent:call:{" + _name(call) + "}:report"


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
