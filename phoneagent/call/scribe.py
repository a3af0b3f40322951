"""Writes a call's turns to the store, behind the conversation's back: the caller never waits for it."""

from __future__ import annotations

import asyncio
from collections import deque

import structlog

from phoneagent.conversation.transcript import Turn
from phoneagent.errors import LeaseLost, StoreError
from phoneagent.ports import Store

log = structlog.stdlib.get_logger(__name__)

LEASE = 10.0  # seconds; a process that is silent for so long may be replaced
RENEW = 3.0  # seconds between renewals: two may fail
RETRY = 0.5  # seconds between attempts while the store is away
MOST = 10_000  # turns waiting for a store that is away; a call has some hundred


class Scribe:
    """Owns the call in the store while it runs, and appends its turns in order.

    While the store is away turns wait in memory and are written later. `lease_lost` is set when another process has
    taken the call: then this one must be silent.
    """

    def __init__(self, store: Store, call: str, owner: str) -> None:
        self.lease_lost = asyncio.Event()
        self._store = store
        self._call = call
        self._owner = owner
        self._token = 0
        self._waiting: deque[tuple[int, Turn]] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._away = False

    def save(self, seq: int, turn: Turn) -> None:
        """Have a turn written. Never blocks; past `MOST` waiting turns the newest is lost and logged."""
        if len(self._waiting) >= MOST:
            log.error("turn_lost", seq=seq, reason="the store has been away for too long")
            return
        self._waiting.append((seq, turn))
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Take the lease, by force since the carrier gave us the call, then write and renew until cancelled."""
        loop = asyncio.get_running_loop()
        renew_at = loop.time()
        while not self.lease_lost.is_set():
            try:
                if loop.time() >= renew_at:
                    await self._renew()
                    renew_at = loop.time() + RENEW
                await self._write()
                self._back()
            except LeaseLost:
                log.warning("lease_lost", turns_unwritten=len(self._waiting))
                self.lease_lost.set()
                return
            except StoreError as error:
                self._gone(error)
                await asyncio.sleep(RETRY)
                continue
            try:
                async with asyncio.timeout_at(renew_at):
                    await self._wake.wait()
            except TimeoutError:
                pass  # nothing to write; the lease is due
            self._wake.clear()

    async def flush(self, seconds: float) -> None:
        """Wait until everything is written, but not longer than this."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            log.exception("turns_unwritten", turns=len(self._waiting))

    async def release(self) -> None:
        """Give the call up, so that nobody waits for the lease to run out."""
        if self._token and not self.lease_lost.is_set():
            try:
                await self._store.release_lease(self._call, self._owner, self._token)
            except StoreError as error:
                log.warning("lease_not_released", problem=str(error))

    async def _renew(self) -> None:
        token = await self._store.take_lease(self._call, self._owner, seconds=LEASE, force=self._token == 0)
        if self._token and token != self._token:
            raise LeaseLost(f"call {self._call} has another owner")
        self._token = token

    async def _write(self) -> None:
        while self._waiting:
            seq, turn = self._waiting[0]
            await self._store.append_turn(self._call, seq, turn, token=self._token)
            self._waiting.popleft()
        self._idle.set()

    def _gone(self, error: StoreError) -> None:
        if not self._away:
            log.error("store_away", problem=str(error))
        self._away = True

    def _back(self) -> None:
        if self._away:
            log.info("store_back")
        self._away = False
