"""Writes the audit log behind everybody's back: no request waits for it, and no call."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import Self

import structlog

from phoneagent.audit import AuditEntry
from phoneagent.errors import StoreError
from phoneagent.ports import Store
from phoneagent.private import Private

log = structlog.stdlib.get_logger(__name__)

MOST_WAITING = (
    10_000  # entries of 200 bytes that wait while the store is away; past that the oldest go, and are counted
)
BATCH = 100  # entries that are written at once
RETRY = 1.0  # seconds between attempts while the store is away
FINISHING = 1.0  # seconds that the store gets for the last entries when the process ends
NOBODY = Private("")
LOST = "entries_lost"
"""The action of an entry that stands for others: its status is how many."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did; see `AuditEntry`. `number`: of the person, empty if it is about none."""

    at: float
    key: str
    action: str
    status: int
    call: str = ""
    number: Private[str] = NOBODY


class AuditWriter:
    """Use as an asynchronous context manager: inside it entries are written, a few moments after `note`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[Deed] = deque()
        self._lost = 0
        self._news = asyncio.Event()
        self._service: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._service = asyncio.create_task(self._serve(), name="audit writer")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._service is not None:
            self._service.cancel()
            await asyncio.wait([self._service])
        try:
            async with asyncio.timeout(FINISHING):
                await self._write()
        except (TimeoutError, StoreError) as error:
            log.error(  # noqa: TRY400  # a store that is away needs no traceback
                "audit_unwritten", entries=len(self._waiting), problem=str(error) or "no answer"
            )

    def note(self, key: str, action: str, status: int, *, call: str = "", number: Private[str] = NOBODY) -> None:
        """Somebody did this. Never waits, never raises."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(Deed(time.time(), key, action, status, call, number))
        self._news.set()

    async def _serve(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._write()
            except StoreError as error:
                log.warning("audit_away", waiting=len(self._waiting), problem=str(error))
                await asyncio.sleep(RETRY)
                self._news.set()

    async def _write(self) -> None:
        """Raises `StoreError`: then they are still waiting. What was written although nobody said so is there twice."""
        while self._waiting:
            batch = [self._waiting[place] for place in range(min(BATCH, len(self._waiting)))]
            entries = [await self._entry(deed) for deed in batch]
            if lost := self._lost:
                log.error("audit_entries_lost", entries=lost)
                entries.insert(0, AuditEntry(batch[0].at, "", LOST, lost))
            await self._store.audit.append(entries)
            self._lost -= lost
            for deed in batch:
                if self._waiting and self._waiting[0] is deed:  # else it was dropped meanwhile
                    self._waiting.popleft()

    async def _entry(self, deed: Deed) -> AuditEntry:
        number = deed.number.reveal()
        person = await self._store.people.pseudonym(number) if number else ""
        return AuditEntry(deed.at, deed.key, deed.action, deed.status, deed.call, person)
