"""The carrier's own recording of a call: begun, and kept paused while nobody may hear what is said or typed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog

from phoneagent.errors import CarrierError, StoreError
from phoneagent.ports import CarrierRecordings

log = structlog.stdlib.get_logger(__name__)

RETRY = 1.0  # seconds until the carrier is asked again; each second without a pause would be a secret second
FRUITLESS = 5  # times in a row; then it is over, or the carrier is away


class CarrierRecording:
    """Tells the carrier what is wanted, one request after the other. Run it in the call's scope.

    `note` writes fields of the call's record; `expire` has a recording deleted when its time is over, and raises
    `StoreError`; `tell` is told what fails. `sid` is that of a recording that another
    process has begun, and `paused` how it left it.
    """

    def __init__(
        self,
        carrier: CarrierRecordings,
        call: str,
        *,
        sid: str,
        paused: bool,
        by_operator: bool,
        note: Callable[..., None],
        expire: Callable[[str], Awaitable[None]],
        tell: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self._carrier = carrier
        self._call = call
        self._sid = sid
        self._is_paused = paused
        self._by_operator = by_operator
        self._secret = False
        self._begun = False
        self._note = note
        self._expire = expire
        self._expires = bool(sid)
        self._tell = tell
        self._wake = asyncio.Event()

    def start(self) -> None:
        """Record from now on."""
        self._begun = True
        self._wake.set()

    def be_discreet(self, secret: bool) -> None:
        """Whether what is typed or said now must not be heard by anybody."""
        if secret is not self._secret:
            self._secret = secret
            self._wake.set()

    def pause(self, paused: bool) -> None:
        """What an operator wants."""
        self._by_operator = paused
        self._wake.set()

    @property
    def _pause_wanted(self) -> bool:
        return self._secret or self._by_operator

    async def run(self) -> None:
        """Until cancelled, or until the carrier has refused too often."""
        failed = 0
        while failed < FRUITLESS:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._settle()
                failed = 0
            except (CarrierError, StoreError) as error:
                failed += 1
                log.warning("carrier_recording_failed", paused=self._pause_wanted, problem=str(error))
                if failed == 1:
                    self._tell("carrier_recording_failed", {"problem": str(error)})
                await asyncio.sleep(RETRY)
                self._wake.set()

    async def _settle(self) -> None:
        """Until the carrier does what is wanted now: that may change while it is told."""
        if not self._begun:
            return
        if not self._sid:
            if self._pause_wanted:
                return  # it begins when there is something that may be heard
            self._sid = await self._carrier.record(self._call)
            self._note(carrier_recording=self._sid, carrier_recording_status="in-progress")
        while self._is_paused is not (wanted := self._pause_wanted):
            await self._carrier.pause_recording(self._call, self._sid, paused=wanted)
            self._is_paused = wanted
            self._note(carrier_recording_status="paused" if wanted else "in-progress")
        if not self._expires:
            await self._expire(self._sid)
            self._expires = True
