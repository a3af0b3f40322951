"""Steering over Redis: each process has an inbox, and the lease of a call says whose."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import msgspec
import structlog

from phoneagent.call.steering import Control, Outcome, Receive
from phoneagent.errors import StoreError

from .redis_answer import answer_of
from .redis_url import Client, Close, connect

log = structlog.stdlib.get_logger(__name__)

LOOK = 0.25  # seconds that one blocking look takes: below the client's own limit of half a second for an answer
GRACE = 0.25  # seconds for an acknowledgement of what was taken up in the last moment
AGAIN_AFTER = 0.5  # seconds; Redis is away
REMEMBERED = 3_600_000  # ms that an id is known; who repeats a wish does so within seconds
UNREAD = 60_000  # ms after which the inbox of a process that is gone is forgotten

# KEYS: an inbox. ARGV: the message, ms until it is too late, ms until the inbox is forgotten. Redis' clock is the one
# that all processes share.
POST = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('RPUSH', KEYS[1], string.format('%.0f', now + ARGV[2]) .. ':' .. ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
"""

# KEYS: the id's. ARGV: when it is too late, ms that ids are known.
CLAIM = """
local time = redis.call('TIME')
if time[1] * 1000 + math.floor(time[2] / 1000) > tonumber(ARGV[1]) then return 'late' end
if redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[2]) then return 'mine' end
return 'done'
"""


class _Message(msgspec.Struct):
    call: str
    reply_to: str
    control: Control


class RedisSteering:
    """A `SteeringLine`. Connects when it is first used, in that loop. Raises `SettingsError` for a URL that is none."""

    def __init__(self, url: str) -> None:
        connect(url)  # a client that was never used has nothing to close
        self._url = url
        self._client: Client | None = None
        self._close: Close | None = None

    async def send(self, call: str, control: Control, *, within: float) -> Outcome:
        client, until = self._connected(), asyncio.get_running_loop().time() + within + GRACE
        lease = await answer_of(client.get(f"phoneagent:call:{_slot(call)}:lease"))
        if not lease:
            return "nobody"
        reply_to = f"phoneagent:steering:answer:{_slot(control.id)}"
        message = msgspec.json.encode(_Message(call, reply_to, control)).decode()
        inbox = _inbox(lease.rpartition("/")[0])
        await answer_of(client.eval(POST, 1, inbox, message, str(round(within * 1000)), str(UNREAD)))
        while asyncio.get_running_loop().time() < until:
            answer = await answer_of(client.blpop([reply_to], timeout=LOOK))
            if answer:
                outcome: Outcome = msgspec.convert(answer[1], Outcome)
                return outcome
        return "late"

    async def serve(self, process: str, receive: Receive) -> None:
        away = False
        while True:
            try:
                answer = await answer_of(self._connected().blpop([_inbox(process)], timeout=LOOK))
                if answer:
                    await self._take(answer[1], receive)
                away = False
            except StoreError as error:
                if not away:
                    log.warning("steering_away", problem=str(error))
                away = True
                await asyncio.sleep(AGAIN_AFTER)

    async def _take(self, posted: str, receive: Receive) -> None:
        client = self._connected()
        deadline, _, body = posted.partition(":")
        try:
            message = msgspec.json.decode(body, type=_Message)
        except (msgspec.DecodeError, ValueError) as error:  # of a newer version
            log.warning("steering_unreadable", problem=type(error).__name__)
            return
        known = f"phoneagent:steering:known:{_slot(message.call + ':' + message.control.id)}"
        claimed = await answer_of(client.eval(CLAIM, 1, known, deadline, str(REMEMBERED)))
        outcome: Outcome = claimed
        if claimed == "mine":
            outcome = receive(message.call, message.control)
            if outcome != "done":
                await answer_of(client.delete(known))  # it was not carried out, and may be wanted again
        await answer_of(client.rpush(message.reply_to, outcome))
        await answer_of(client.pexpire(message.reply_to, UNREAD))

    async def aclose(self) -> None:
        close, self._close, self._client = self._close, None, None
        if close is not None:
            await answer_of(close())

    def _connected(self) -> Client:
        if self._client is None:
            self._client, self._close = connect(self._url)
        return self._client


def _inbox(process: str) -> str:
    return f"phoneagent:steering:inbox:{_slot(process)}"


def _slot(name: str) -> str:
    return "{" + quote(name, safe="", errors="surrogatepass") + "}"
