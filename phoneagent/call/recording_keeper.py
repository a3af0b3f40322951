"""Recordings beside calls: those that a dead process has left are completed, and those that are too old are deleted,
our own and the carrier's.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable

import structlog

from phoneagent.errors import CarrierError, RecordingError, StoreError
from phoneagent.ports import CarrierRecordings, Recordings, Store
from phoneagent.records import RecordingRules

log = structlog.stdlib.get_logger(__name__)

EVERY = 60.0  # seconds between two looks for what was left behind, give or take a quarter
EXPIRE_EVERY = 3600.0  # seconds between two looks for what is too old: it was kept for days
AT_ONCE = 100  # recordings of the carrier's that are looked at
DAY = 24 * 3600.0
EXPIRER = "recording-keeper"
"""The lease of the process that deletes: a bucket has a long list, and one that reads it is enough."""


class RecordingKeeper:
    """Each process looks after the disk that it is on; one of all deletes. `owner`: this process's name in leases.

    Without `recordings` there are none of our own, without `carrier` none of the carrier's. `longest`: seconds that
    recordings are kept at most, whatever was said when they began.
    """

    def __init__(
        self,
        recordings: Recordings | None,
        store: Store,
        *,
        owner: str,
        carrier: CarrierRecordings | None = None,
        longest: float = math.inf,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._longest = longest
        self._recordings = recordings
        self._carrier = carrier
        self._store = store
        self._owner = owner
        self._now = now

    async def run(self) -> None:
        """Look until cancelled, and at once: the process before may have been killed."""
        loop = asyncio.get_running_loop()
        expire_at = loop.time()
        while True:
            try:
                await self.recover()
                mine = await self._store.take_lease(EXPIRER, self._owner, seconds=3 * EVERY)
                if mine and loop.time() >= expire_at:
                    expire_at = loop.time() + EXPIRE_EVERY
                    await self.expire_at_carrier()
                    await self.expire()
            except (CarrierError, RecordingError, StoreError) as error:
                log.warning("recording_keeper_hindered", problem=str(error))
            except Exception:  # a defect here must not end what looks after others
                log.exception("recording_keeper_failed")
            await asyncio.sleep(EVERY * random.uniform(0.75, 1.25))

    async def recover(self) -> None:
        """Complete what was left behind, and say so in the records that are still there."""
        for call in await self._recordings.recover() if self._recordings is not None else ():
            record = await self._store.load_record(call)
            if record is not None and record.recording == "recording":
                await self._store.update_call(call, recording="kept")

    async def expire(self) -> int:
        """Delete what must not be kept any longer; how many files that were."""
        if self._recordings is None:
            return 0
        now = self._now()
        expired = [kept for kept in await self._recordings.all() if kept.expired(now, longest=self._longest)]
        if expired:
            await self._recordings.delete(expired)
            log.info("recordings_expired", files=len(expired))
        return len(expired)

    async def expire_at_carrier(self) -> int:
        """Have the carrier delete what it must not keep any longer; how many recordings that were.

        Raises `CarrierError`: what is left then is overdue the next time too.
        """
        count = 0
        while self._carrier is not None and (due := await self._store.expiring.due(now=self._now(), most=AT_ONCE)):
            for recording in due:
                await self._carrier.delete_recording(recording)
                await self._store.expiring.gone(recording)
                count += 1
        if count:
            log.info("carrier_recordings_expired", recordings=count)
        return count


async def expire_at_carrier(store: Store, rules: RecordingRules, recording: str) -> None:
    """Have a recording of the carrier's deleted when these rules say so. Raises `StoreError`."""
    if rules.keep_days:
        await store.expiring.expire(recording, due=time.time() + rules.keep_days * DAY)
