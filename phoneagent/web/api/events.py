"""What happens in a call, as it happens: server-sent events that can be resumed."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple, Protocol

import msgspec
import structlog
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from phoneagent.call.happenings import CONNECTED, DISCONNECTED, STATUS
from phoneagent.call.switchboard import Switchboard
from phoneagent.errors import StoreError
from phoneagent.ports import EventLog, OrderBook
from phoneagent.records import FINAL_STATUSES, LoggedEvent, Order

from .bodies import Body, query
from .problems import PRIVATE, TRY_AGAIN, Problem, unknown_call
from .resource import HOLDER

log = structlog.stdlib.get_logger(__name__)

MOST_STREAMS = 100  # a process; each has a connection to Redis
MOST_STREAMS_OF_A_KEY = 50  # one for each call that a process takes unless told otherwise; the rest is for other keys
AT_ONCE = 100  # events that are read and sent together
WAIT = 0.5  # seconds for one look; between two it is seen whether the client is there, and the server goes on
HEARTBEAT = 15.0  # seconds of silence after which a comment is sent: proxies close what is silent for 30 to 60
AGAIN_AFTER = 1.0  # seconds; the store is away
LINGER = 3.0  # seconds after the last status for what the conversation still tells: it has two to end
SLOW = 30.0  # seconds in which a client must take what is sent
RETRY = b"retry: 1000\n\n"  # milliseconds until a browser that has lost us asks again
STILL_HERE = b": still here\n\n"

EVENT_ID = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")


class Following(Body):
    """The query of `GET /v1/calls/{id}/events`."""

    after: str = Field("", max_length=50, description="the id of an event")


class EventsTold(Protocol):
    """`call.event_writer.EventWriter`."""

    @property
    def now(self) -> float:
        """Seconds since the epoch."""

    def tell_order(self, order: Order) -> None:
        """Its status, unless it was told."""

    def tell_over(self, call: str, reason: str) -> None:
        """A call that nobody ordered is over, unless that was told."""


class _Ended(NamedTuple):
    """How long ago, in seconds, and how to see to it that this is told."""

    since: float
    tell: Callable[[], None]


class Events:
    """The endpoint. `log` has the events, `told` writes them."""

    def __init__(self, board: Switchboard, book: OrderBook, log: EventLog, told: EventsTold) -> None:
        self._board = board
        self._book = book
        self.log = log
        self._told = told
        self._open: Counter[str] = Counter()  # by who has opened them

    async def follow(self, request: Request) -> Response:
        """All that has happened after the event that the client had last, and then what happens, until the end."""
        after = _after(request)
        name = await self._log_of(request.path_params["call"])
        if request.method == "HEAD":
            return Response(headers=PRIVATE, media_type=EventStream.media_type)
        if after and await self._told_to_the_end(name, after):
            return Response(status_code=204, headers=PRIVATE)  # which tells a browser not to ask again
        again = {"Retry-After": TRY_AGAIN}
        if self.closing:
            raise Problem(503, "server-ends", "No room for a stream", "expected a server that goes on", headers=again)
        who = request.scope[HOLDER].id
        if self._open[who] >= MOST_STREAMS_OF_A_KEY or self._open.total() >= MOST_STREAMS:
            detail = (
                f"expected at most {MOST_STREAMS_OF_A_KEY} streams with one key and {MOST_STREAMS} in all, of one "
                f"process; with this key {self._open[who]} are open: close those that you do not need"
            )
            raise Problem(429, "too-many-streams", "Too many streams", detail, headers=again)
        return EventStream(self, name, after, who)

    @property
    def closing(self) -> bool:
        """Whether streams have to end: the server does."""
        return self._board.closing

    @property
    def now(self) -> float:
        return self._told.now

    def opened(self, who: str) -> None:
        """Somebody has a stream more."""
        self._open[who] += 1

    def closed(self, who: str) -> None:
        """One of somebody's streams is over."""
        self._open[who] -= 1
        if not self._open[who]:
            del self._open[who]

    async def see_to_the_end(self, name: str) -> bool:
        """Should the call be over, have it told: who was to tell may have died. Whether anything is known of it."""
        if (ended := await self._ended(name)) is not None:
            ended.tell()
            return True
        return await self._book.load(name) is not None or await self._board.look_up(name) is not None

    async def _log_of(self, name: str) -> str:
        """By either id. Raises `Problem` 404."""
        if (order := await self._book.load(name)) is not None:
            return order.id
        if (stored := await self._board.look_up(name)) is None:
            raise unknown_call(name)
        return stored.record.order or name

    async def _ended(self, name: str) -> _Ended | None:
        if (order := await self._book.load(name)) is not None:
            if order.status not in FINAL_STATUSES:
                return None
            return _Ended(self.now - (order.ended or 0.0), lambda: self._told.tell_order(order))
        if (stored := await self._board.look_up(name)) is None:
            return None
        record = stored.record
        if record.ended is None or record.ended_reason == "transfer":  # then the caller talks with somebody else
            return None
        return _Ended(self.now - record.ended, lambda: self._told.tell_over(name, record.ended_reason))

    async def _told_to_the_end(self, name: str, after: str) -> bool:
        ended = await self._ended(name)
        return ended is not None and ended.since > LINGER and not await self.log.read(name, after=after, most=1)


class EventStream(Response):
    """The body goes out as the log grows, and no faster than the client reads it."""

    media_type = "text/event-stream"

    def __init__(self, events: Events, name: str, after: str, who: str) -> None:
        super().__init__(headers={**PRIVATE, "X-Accel-Buffering": "no"}, media_type=self.media_type)
        del self.headers["content-length"]
        self._events = events
        self._name = name
        self._after = after
        self._who = who

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_gone(receive))
        self._events.opened(self._who)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for piece in self._pieces(gone):
                async with asyncio.timeout(SLOW):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            async with asyncio.timeout(SLOW):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            log.warning("events_not_taken", seconds=SLOW)
        finally:
            self._events.closed(self._who)
            gone.cancel()
            await asyncio.wait([gone])

    async def _pieces(self, gone: asyncio.Future[None]) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        sent_at, looked_at = loop.time(), float("-inf")
        end, away = _End(self._after), False
        yield RETRY
        while not (gone.done() or self._events.closing):
            now = loop.time()
            try:
                wait = 0.0 if end.reached(now) else WAIT
                found = await self._events.log.read(self._name, after=self._after, most=AT_ONCE, wait=wait)
                if not found and not end.told and now - looked_at >= HEARTBEAT:
                    looked_at = now
                    if not await self._events.see_to_the_end(self._name):
                        return
                away = False
            except StoreError as error:
                if not away:
                    log.warning("events_not_read", problem=str(error))
                found, away = (), True
                await asyncio.sleep(AGAIN_AFTER)
            if found:
                self._after = found[-1].id
                for event in found:
                    end.take(event, loop.time())
                sent_at = loop.time()
                yield b"".join(map(_wire, found))
            elif end.reached(loop.time()):
                return
            elif loop.time() - sent_at >= HEARTBEAT:
                sent_at = loop.time()
                yield STILL_HERE


class _End:
    """Knows when nothing more is to be expected. The carrier's last status may come before a conversation's last
    words, which another process tells.
    """

    def __init__(self, after: str) -> None:
        self.told = False
        self._told_at = 0.0
        self._talks = bool(after)  # what came before is not known

    def take(self, event: LoggedEvent, now: float) -> None:
        if event.event in (CONNECTED, DISCONNECTED):
            self._talks = event.event == CONNECTED
        elif event.event == STATUS and msgspec.json.decode(event.data)["status"] in FINAL_STATUSES:
            self.told, self._told_at = True, now

    def reached(self, now: float) -> bool:
        return self.told and (not self._talks or now - self._told_at >= LINGER)


def _after(request: Request) -> str:
    """The header goes first: a browser that asks again repeats the query. Raises `Problem` 400."""
    named = query(request, Following).after
    after = request.headers.get("last-event-id", "").strip() or named
    if after and not EVENT_ID.fullmatch(after):
        raise Problem(
            400, "malformed-event-id", "Malformed event id", "expected the id of an event that came in such a stream"
        )
    return after


def _wire(event: LoggedEvent) -> bytes:
    return f"id: {event.id}\nevent: {event.event}\ndata: {event.data}\n\n".encode()


async def _gone(receive: Receive) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
