"""Recordings beside calls: those that a dead process has left are completed, and those that are too old are deleted."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

import structlog

from phoneagent.errors import RecordingError, StoreError
from phoneagent.ports import Recordings, Store

log = structlog.stdlib.get_logger(__name__)

EVERY = 60.0  # seconds between two looks for what was left behind, give or take a quarter
EXPIRE_EVERY = 3600.0  # seconds between two looks for what is too old: it was kept for days
EXPIRER = "recording-keeper"
"""The lease of the process that deletes: a bucket has a long list, and one that reads it is enough."""


class RecordingKeeper:
    """Each process looks after the disk that it is on; one of all deletes. `owner`: this process's name in leases."""

    def __init__(
        self, recordings: Recordings, store: Store, *, owner: str, now: Callable[[], float] = time.time
    ) -> None:
        self._recordings = recordings
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
                    await self.expire()
            except (RecordingError, StoreError) as error:
                log.warning("recording_keeper_hindered", problem=str(error))
            except Exception:  # a defect here must not end what looks after others
                log.exception("recording_keeper_failed")
            await asyncio.sleep(EVERY * random.uniform(0.75, 1.25))

    async def recover(self) -> None:
        """Complete what was left behind, and say so in the records that are still there."""
        for call in await self._recordings.recover():
            record = await self._store.load_record(call)
            if record is not None and record.recording == "recording":
                await self._store.update_call(call, recording="kept")

    async def expire(self) -> int:
        """Delete what must not be kept any longer; how many files that were."""
        now = self._now()
        expired = [kept for kept in await self._recordings.all() if kept.expired(now)]
        if expired:
            await self._recordings.delete(expired)
            log.info("recordings_expired", files=len(expired))
        return len(expired)
