"""Calls that nobody carries any more, although the carrier thinks that they talk.

A process that hangs keeps its sockets open: the carrier sees nothing, the caller hears nothing, and the minutes are
paid. Its lease runs out, though, and another process sends the caller to where calls are carried on. A call that
has ended without anybody noticing gets its end.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

import structlog

from phoneagent.errors import CarrierError, StoreError
from phoneagent.ports import CallControl, Documents, Observer, Store
from phoneagent.records import FINAL_STATUSES, CallRecord

from .switchboard import RESUMES

log = structlog.stdlib.get_logger(__name__)

EVERY = 8.0  # seconds between two looks, give or take a quarter
LOOKER = "reaper"
"""The lease of the process that looks: one is enough, and each look is a request to the carrier."""
AWAY = ("transfer", "keys", "handover")
"""Why a call that talks may rightly be with nobody here."""


class Reaper:
    """Looks every `EVERY` seconds, if no other process does. `owner`: this process's name in leases; `mine`: the calls
    that it carries, whatever the store says.
    """

    def __init__(
        self,
        store: Store,
        control: CallControl,
        documents: Documents,
        observer: Observer,
        *,
        owner: str,
        mine: Callable[[str], bool],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._control = control
        self._documents = documents
        self._observer = observer
        self._owner = owner
        self._mine = mine
        self._now = now
        self._suspects: set[str] = set()  # those that nobody had at the last look

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(EVERY * random.uniform(0.75, 1.25))
            try:
                if await self._store.take_lease(LOOKER, self._owner, seconds=3 * EVERY):
                    await self.look()
            except (CarrierError, StoreError) as error:
                log.warning("reaper_hindered", problem=str(error))
            except Exception:  # a defect here must not end what looks after others
                log.exception("reaper_failed")

    async def look(self) -> None:
        """Once. Who is with nobody at two looks in a row is brought back. Raises `CarrierError` and `StoreError`."""
        talking = frozenset(await self._control.in_progress())
        lost = {call for call in talking if await self._is_lost(call)}
        for call in lost & self._suspects:
            await self._rescue(call)
        self._suspects = lost - self._suspects

    async def _is_lost(self, call: str) -> bool:
        if self._mine(call):
            return False
        record = await self._store.load_record(call)  # a call of another application has none
        return record is not None and self._should_talk(record) and not await self._store.is_held(call)

    @staticmethod
    def _should_talk(record: CallRecord) -> bool:
        return record.status not in FINAL_STATUSES and record.ended_reason not in AWAY

    async def _rescue(self, call: str) -> None:
        record = await self._store.load_record(call)
        if record is None:
            return
        hopeless = record.resumed >= RESUMES
        log.warning("call_lost", call=call, resumed=record.resumed, ended=hopeless)
        self._observer.tell(call, 0.0, "call_rescued", {"ended": hopeless})
        if hopeless:
            await self._control.hang_up(call)
            await self._store.close_call(call, status="failed", ended=self._now())
        else:
            await self._control.update(call, self._documents.come_back())
