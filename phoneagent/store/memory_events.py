"""Event logs in this process: for a machine without Redis."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from phoneagent.records import LAST_STEP, LogEntry, LoggedEvent

from .expiry import ENDED_TTL

MOST_ENTRIES = 10_000  # of one log: an hour of talk has about two thousand

MOST_KEPT = 200_000
"""Of all logs, about 300 bytes each: 60 MB. Past that the log that was not written to for longest goes."""

LOOK = 60.0  # seconds between two looks for logs that have expired

Id = tuple[int, int]


@dataclass(slots=True)
class _Log:
    entries: deque[tuple[Id, LogEntry]] = field(default_factory=deque)
    writers: dict[str, int] = field(default_factory=dict)
    once: set[str] = field(default_factory=set)
    step: int = 0
    last: Id = (0, 0)
    expires: float = 0.0


class MemoryEvents:
    """`ttl`: seconds that a log is kept once its call is over."""

    def __init__(self, *, ttl: float = ENDED_TTL) -> None:
        self._ttl = ttl
        self._logs: OrderedDict[str, _Log] = OrderedDict()  # the one that was written to last is last
        self._kept = 0
        self._readers: dict[str, set[asyncio.Future[None]]] = {}
        self._epoch: float | None = None
        self._look_at = 0.0

    async def append(self, writer: str, first: int, entries: Sequence[LogEntry]) -> None:
        self._forget()
        for number, entry in enumerate(entries, first):
            log = self._open(entry.log)
            if number > log.writers.get(writer, 0):
                log.writers[writer] = number
                if _is_new(log, entry):
                    log.last = self._next_id(log)
                    log.entries.append((log.last, entry))
                    self._kept += 1
                    if len(log.entries) > MOST_ENTRIES:
                        log.entries.popleft()
                        self._kept -= 1
            log.expires = _now() + (self._ttl if log.step >= LAST_STEP else entry.keep)
        for reader in {reader for entry in entries for reader in self._readers.get(entry.log, ())}:
            if not reader.done():
                reader.set_result(None)

    async def read(self, log: str, *, after: str = "", most: int = 100, wait: float = 0.0) -> tuple[LoggedEvent, ...]:
        found = self._read(log, after, most)
        if found or wait <= 0:
            return found
        reader = asyncio.get_running_loop().create_future()
        self._readers.setdefault(log, set()).add(reader)
        try:
            await asyncio.wait([reader], timeout=wait)
        finally:
            self._readers[log].discard(reader)
            if not self._readers[log]:
                del self._readers[log]
        return self._read(log, after, most)

    async def erase(self, log: str) -> int:
        kept = self._logs.pop(log, None)
        gone = len(kept.entries) if kept else 0
        self._kept -= gone
        return gone

    def clear(self) -> None:
        self._logs.clear()
        self._kept = 0

    def _read(self, log: str, after: str, most: int) -> tuple[LoggedEvent, ...]:
        kept = self._logs.get(log)
        if kept is None or kept.expires <= _now():
            return ()
        bound = _parsed(after) if after else (0, 0)
        found: deque[tuple[Id, LogEntry]] = deque()
        for each in reversed(kept.entries):  # whoever follows a call wants the last few
            if each[0] <= bound:
                break
            found.appendleft(each)
        return tuple(
            LoggedEvent(f"{milliseconds}-{nth}", entry.event, entry.data)
            for (milliseconds, nth), entry in list(found)[:most]
        )

    def _open(self, name: str) -> _Log:
        log = self._logs.get(name)
        if log is None or log.expires <= _now():
            self._kept -= len(log.entries) if log else 0
            log = self._logs[name] = _Log()
            log.expires = _now() + self._ttl
        self._logs.move_to_end(name)
        return log

    def _next_id(self, log: _Log) -> Id:
        """Above all ids of a log of this name that an earlier process had, as long as clocks go forward."""
        now = max(time.time(), self._at_start() + _now())
        milliseconds = int(now * 1000)
        return max((milliseconds, 0), (log.last[0], log.last[1] + 1))

    def _at_start(self) -> float:
        """Seconds from the beginning of the loop's clock to that of the epoch."""
        if self._epoch is None:
            self._epoch = time.time() - _now()
        return self._epoch

    def _forget(self) -> None:
        """Drop what has expired, and, of too much, what was not written to for longest."""
        now = _now()
        if now >= self._look_at:
            self._look_at = now + LOOK
            for name in [name for name, log in self._logs.items() if log.expires <= now]:
                self._kept -= len(self._logs.pop(name).entries)
        while self._kept > MOST_KEPT:
            _, log = self._logs.popitem(last=False)
            self._kept -= len(log.entries)


def _is_new(log: _Log, entry: LogEntry) -> bool:
    if entry.step:
        if entry.step <= log.step:
            return False
        log.step = entry.step
    if entry.once:
        if entry.once in log.once:
            return False
        log.once.add(entry.once)
    return True


def _parsed(after: str) -> Id:
    milliseconds, _, nth = after.partition("-")
    return int(milliseconds), int(nth)


def _now() -> float:
    return asyncio.get_running_loop().time()
