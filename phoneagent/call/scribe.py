"""Writes what becomes of a call to the store, behind the conversation's back: the caller never waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog

from phoneagent.conversation.transcript import Turn
from phoneagent.do_not_call import DoNotCall
from phoneagent.errors import CallForgotten, LeaseLost, MisuseError, StoreError
from phoneagent.ports import Store
from phoneagent.records import CallRecord, StoredCall

log = structlog.stdlib.get_logger(__name__)

LEASE = 10.0  # seconds; a process that is silent for so long may be replaced
RENEW = 3.0  # seconds between renewals: two may fail
RETRY = 0.5  # seconds between attempts while the store is away


class Scribe:
    """Owns the call in the store while it runs, and writes its turns in order, then what has changed in its record.

    It knows the whole call, `history` being the turns that the store had when it began, unless it did not even have
    the call (`stored`). While the store is away all that is new waits here, and of a turn that was amended only the
    newest form is written; a store that has lost the call gets it anew. `lease_lost` is set when another process has
    taken the call: then this one must be silent.
    """

    def __init__(
        self, store: Store, record: CallRecord, owner: str, *, history: Sequence[Turn] = (), stored: bool = True
    ) -> None:
        self.lease_lost = asyncio.Event()
        self._store = store
        self._record = record
        self._changes: dict[str, Any] = {}  # of the record, not written yet
        self._call = record.id
        self._owner = owner
        self._token = 0
        self._turns = list(history)
        self._written = len(self._turns)  # so many of them are in the store as they are here
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._away = False
        self._forgotten = not stored
        self._after_call = False

    @property
    def known(self) -> StoredCall:
        """The call as it will be in the store."""
        return StoredCall(self._record, tuple(self._turns))

    @property
    def settled(self) -> bool:
        """Whether nothing waits to be written any more."""
        return self._idle.is_set()

    def note(self, **changes: Any) -> None:
        """Have fields of the record changed. Never blocks."""
        self._record = replace(self._record, **changes)
        self._changes |= changes
        self._idle.clear()
        self._wake.set()

    def save(self, seq: int, turn: Turn) -> None:
        """Have a turn written: the next one, or the last one as it is now. Never blocks. Raises `MisuseError`."""
        if not max(1, len(self._turns)) <= seq <= len(self._turns) + 1:
            raise MisuseError(f"expected turn {len(self._turns) + 1}, or {len(self._turns)} amended, got {seq}")
        self._turns[seq - 1 :] = [turn]
        self._written = min(self._written, seq - 1)
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
                log.warning("lease_lost", turns_unwritten=self._unwritten)
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
        """Wait until everything is written, but not longer than this, nor when it never will be."""
        written = asyncio.ensure_future(self._idle.wait())
        lost = asyncio.ensure_future(self.lease_lost.wait())
        try:
            await asyncio.wait([written, lost], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            written.cancel()
            lost.cancel()
        if not self.settled:
            log.warning("call_unwritten", turns=self._unwritten, fields=sorted(self._changes))

    async def settle(self, seconds: float) -> None:
        """After the call: write what is left of it, however long the store is away, up to this."""
        self._after_call = True
        writing = asyncio.create_task(self.run(), name=f"settle {self._call}")
        try:
            await self.flush(seconds)
        finally:
            writing.cancel()
            await asyncio.wait([writing])
        await self.release()

    async def release(self) -> None:
        """Give the call up, so that nobody waits for the lease to run out."""
        if self._token and not self.lease_lost.is_set():
            try:
                await self._store.release_lease(self._call, self._owner, self._token)
            except StoreError as error:
                log.warning("lease_not_released", problem=str(error))

    async def _renew(self) -> None:
        """Tokens only rise: one below ours is the first of a store that has lost its data. Nobody else has the call."""
        force = self._token == 0 and not self._after_call
        token = await self._store.take_lease(self._call, self._owner, seconds=LEASE, force=force)
        if (self._token or self._after_call) and not 0 < token <= self._token:
            raise LeaseLost(f"call {self._call} has another owner")
        if token < self._token:
            self._forget()
        self._token = token

    async def _write(self) -> None:
        if self._forgotten:
            await self._restore()
        try:
            await self._write_all()
        except CallForgotten:
            self._forget()
            await self._renew()
            await self._restore()
            await self._write_all()
        self._idle.set()

    async def _write_all(self) -> None:
        while self._unwritten or self._changes:
            await self._write_turns()
            changes, self._changes = self._changes, {}
            try:
                if changes.get("do_not_call"):
                    await self._store.do_not_call.add([self._unwanted()])
                if changes:
                    await self._store.update_call(self._call, token=self._token, **changes)
            except BaseException:
                self._changes = changes | self._changes
                raise

    def _unwanted(self) -> DoNotCall:
        """Who is on the line, for the do-not-call list. Written again it changes nothing."""
        return DoNotCall(self._record.other_party, time.time(), "callee", self._call)

    async def _write_turns(self) -> None:
        while self._unwritten:
            seq = self._written + 1
            turn = self._turns[seq - 1]
            await self._store.append_turn(self._call, seq, turn, token=self._token)
            if self._turns[seq - 1] is turn:  # not amended while it was written
                self._written = seq

    def _forget(self) -> None:
        if not self._forgotten:
            log.warning("call_forgotten", turns=len(self._turns))
        self._forgotten = True
        self._idle.clear()

    async def _restore(self) -> None:
        """Begin the call anew in the store, as far as it is known here: all its turns are to be written."""
        await self._store.create_call(self._record)
        self._written = 0
        self._forgotten = False

    @property
    def _unwritten(self) -> int:
        return len(self._turns) - self._written

    def _gone(self, error: StoreError) -> None:
        if not self._away:
            log.error("store_away", problem=str(error))
        self._away = True

    def _back(self) -> None:
        if self._away:
            log.info("store_back")
        self._away = False
