"""Writes what happens in calls into their event logs, behind everybody's back: nobody waits for it."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple, Self

import msgspec
import structlog

from phoneagent.errors import StoreError
from phoneagent.ports import Store
from phoneagent.private import Private
from phoneagent.records import LAST_STEP, LOG_KEPT, LogEntry, Order

from .happenings import GAP, STATUS, Happening, happenings, status_step
from .outbox import Outbox

log = structlog.stdlib.get_logger(__name__)

MOST_WAITING = 20_000
"""Entries that wait for the store, about 500 bytes each: a hundred calls of half an hour. Past that the oldest go."""

MOST_KNOWN = 10_000  # calls and orders of which something is remembered
BATCH = 200  # entries that are written at once
GATHER = 0.02  # seconds: what happens within them is written together
RETRY = 0.5  # seconds between attempts while the store is away
FINISHING = 1.0  # seconds that the store gets for the last entries when the process ends

PLANNED_KEEP = 7 * 24 * 3600.0
"""Seconds that the log of an order is kept past its planned time while nobody dials it: as long as the order."""


class _Told(NamedTuple):
    """Waits to be written. `name`: an order's id, or the carrier's of a call, which may have an order."""

    name: str
    ordered: bool
    at: float
    seconds: float | None
    happening: Happening
    keep: float


class _Batch(NamedTuple):
    first: int
    entries: list[LogEntry]


class EventWriter:
    """An `Observer`, and what tells of orders. Use as an asynchronous context manager: inside it entries are written.

    `writer` is unique to this start of this process. While the store is away entries wait; of too many the oldest are
    dropped, and those who read are told how many they missed. `outbox` is given each entry that was written.
    `planned_keep`: seconds that the log of an order is kept past its planned time, at most the usual.
    """

    def __init__(
        self, store: Store, *, writer: str, outbox: Outbox | None = None, planned_keep: float = PLANNED_KEEP
    ) -> None:
        self._store = store
        self._planned_keep = min(planned_keep, PLANNED_KEEP)
        self._writer = writer
        self._outbox = outbox
        self._number = 1
        self._waiting: deque[_Told] = deque()
        self._dropped: dict[str, int] = {}
        self._batch: _Batch | None = None  # what is being written, until it is
        self._news = asyncio.Event()
        self._service: asyncio.Task[None] | None = None
        self._away = False
        self._logs: OrderedDict[str, str] = OrderedDict()  # of the carrier's ids, the names of their logs
        self._steps: OrderedDict[str, int] = OrderedDict()  # of orders, the last step that was told here
        self._callers_turn: OrderedDict[str, None] = OrderedDict()  # calls whose last turn is the caller's
        # By the loop's clock, as everything that waits; then nobody who lets it jump has to wait either.
        self._epoch = time.time() - asyncio.get_running_loop().time()

    async def __aenter__(self) -> Self:
        self._service = asyncio.create_task(self._serve(), name="event writer")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._service is not None:
            self._service.cancel()
            await asyncio.wait([self._service])
        try:
            async with asyncio.timeout(FINISHING):
                await self._write()
        except (TimeoutError, StoreError) as error:
            log.warning("events_unwritten", entries=len(self._waiting), problem=str(error) or "no answer")

    @property
    def now(self) -> float:
        """Seconds since the epoch. The loop's clock stands still while a machine sleeps."""
        return max(time.time(), self._epoch + asyncio.get_running_loop().time())

    # -- what is told -------------------------------------------------------------------------------

    def tell(self, call: str, at: float, name: str, values: Mapping[str, Any]) -> None:
        """See `ports.Observer`. `order` among the values says for which one the call was placed."""
        found = happenings(name, values)
        if not found or not call:
            return
        if "order" in values:
            _remember(self._logs, call, values["order"] or call)
        for happening in found:
            if happening.event == "turn":
                self._note_turn(call, happening.fields)
            self._put(call, happening, seconds=at)

    def tell_order(self, order: Order) -> None:
        """The status of an order is this, as far as it was not told yet."""
        fields = {"carrier_id": order.call} if order.call else {}
        if order.problem and status_step(order.status) == LAST_STEP:
            fields["problem"] = order.problem
        planned = max(0.0, order.not_before - self.now) + self._planned_keep if order.status == "queued" else None
        self.tell_status(order.id, order.status, keep=planned, **fields)

    def tell_status(self, order: str, status: str, *, keep: float | None = None, **fields: str) -> None:
        """See `tell_order`. `keep`: seconds that its log is kept if nothing follows, other than the usual."""
        step = status_step(status)
        if self._steps.get(order, 0) >= step:
            return
        _remember(self._steps, order, step)
        self._put(order, Happening(STATUS, {"status": status, **fields}, step=step), ordered=True, keep=keep)

    def tell_of_order(self, order: str, happening: Happening) -> None:
        """Something else has happened to an order."""
        self._put(order, happening, ordered=True)

    def tell_over(self, call: str, reason: str) -> None:
        """A call that nobody ordered is over, should nobody have told so: its process may have died."""
        over = Happening(STATUS, {"status": "completed", "reason": reason}, step=LAST_STEP, unordered=True)
        self._put(call, over)

    def _note_turn(self, call: str, fields: dict[str, Any]) -> None:
        """A caller who goes on before anything of the agent was heard makes one turn, told again as a whole."""
        if fields["role"] == "caller":
            fields["amended"] = call in self._callers_turn
            _remember(self._callers_turn, call, None)
        else:
            self._callers_turn.pop(call, None)

    def _put(
        self,
        name: str,
        happening: Happening,
        *,
        ordered: bool = False,
        seconds: float | None = None,
        keep: float | None = None,
    ) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._drop(self._waiting.popleft())
        self._waiting.append(_Told(name, ordered, self.now, seconds, happening, LOG_KEPT if keep is None else keep))
        self._news.set()

    def _drop(self, told: _Told) -> None:
        if not self._dropped:
            log.warning("events_dropped", waiting=len(self._waiting))
        self._dropped[told.name] = self._dropped.get(told.name, 0) + 1
        self._steps.pop(told.name, None)  # its status may be told again
        if len(self._dropped) > MOST_KNOWN:
            del self._dropped[next(iter(self._dropped))]

    # -- writing ------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHER)
            self._news.clear()
            try:
                await self._write()
            except StoreError as error:
                if not self._away:
                    log.warning("events_wait", problem=str(error))
                self._away = True
                await asyncio.sleep(RETRY)
                self._news.set()
            except Exception:  # a defect with one event must not stop all others
                log.exception("events_lost", entries=len(self._batch.entries) if self._batch else 0)
                self._batch = None
                self._news.set()
            else:
                if self._away:
                    log.info("events_written", missed=sum(self._dropped.values()))
                self._away = False

    async def _write(self) -> None:
        """Write all that waits. Raises `StoreError`; then the same is tried again, with the same numbers."""
        while self._batch or self._waiting or self._dropped:
            if self._batch is None:
                self._batch = await self._next_batch()
            await self._store.events.append(self._writer, self._batch.first, self._batch.entries)
            if self._outbox is not None:
                await self._outbox.append(self._writer, self._batch.first, self._batch.entries, now=self.now)
            self._batch = None

    async def _next_batch(self) -> _Batch:
        """Nothing is taken out of what waits before it is known where it belongs."""
        names = [*self._dropped, *(told.name for told in islice(self._waiting, BATCH) if not told.ordered)]
        for name in dict.fromkeys(names):
            if name not in self._logs:
                _remember(self._logs, name, await self._log_of(name))
        dropped, self._dropped = self._dropped, {}
        entries = [self._gap(name, missed) for name, missed in dropped.items()]
        for _ in range(min(BATCH, len(self._waiting))):
            if not self._waiting[0].ordered and self._waiting[0].name not in self._logs:
                break  # what was there before it has been dropped meanwhile
            told = self._waiting.popleft()
            name, happening = self._name(told.name), told.happening
            if happening.unordered and name != told.name:
                continue
            try:
                data = _data(told)
            except ValueError as error:  # half a character, which no encoding has; its text may be private
                log.warning("event_lost", told=happening.event, error=type(error).__name__)
                continue
            entries.append(LogEntry(name, happening.event, data, happening.step, happening.once, keep=told.keep))
        first, self._number = self._number, self._number + len(entries)
        return _Batch(first, entries)

    def _name(self, name: str) -> str:
        return self._logs.get(name, name)

    def _gap(self, name: str, missed: int) -> LogEntry:
        return LogEntry(self._name(name), GAP, _json({"at": _moment(self.now), "missed": missed}))

    async def _log_of(self, call: str) -> str:
        """The name of a call's log, for a process that was not told of its order."""
        try:
            stored = await self._store.load_call(call)
        except StoreError as error:
            await self._store.ping()  # if it is away
            log.warning("events_without_record", problem=str(error))
            return call
        return (stored.record.order if stored else "") or call


def _data(told: _Told) -> str:
    """Made when it is written, not while somebody waits for whoever tells."""
    times: dict[str, Any] = {"at": _moment(told.at)}
    if told.seconds is not None:
        times["seconds"] = round(told.seconds, 3)
    shown = {name: str(value) if isinstance(value, Private) else value for name, value in told.happening.fields.items()}
    return _json(times | shown)


def _moment(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(values: Mapping[str, Any]) -> str:
    return msgspec.json.encode(values, enc_hook=str).decode()


def _remember(known: OrderedDict[str, Any], name: str, value: Any) -> None:
    known[name] = value
    known.move_to_end(name)
    if len(known) > MOST_KNOWN:
        known.popitem(last=False)
