"""Who has answered a call that we placed, from whatever process the carrier tells it to the one that holds the call."""

from __future__ import annotations

import asyncio

import structlog

from phoneagent.errors import StoreError
from phoneagent.ports import Store

from .steering import WITHIN, Control, SteeringLine

log = structlog.stdlib.get_logger(__name__)

ATTEMPTS = 20
BETWEEN = 0.5
"""Seconds between attempts: the verdict may be there before the media stream is, and a call may be on its way from one
process to another. After ten seconds nobody will come."""


class Verdicts:
    """Where the carrier's word goes in. It is kept in the record too, for a conversation that has yet to begin."""

    def __init__(self, line: SteeringLine, store: Store) -> None:
        self._line = line
        self._store = store

    async def tell(self, call: str, answered_by: str) -> bool:
        """Whether a process holds the call, and was told."""
        await self._keep(call, answered_by)
        control = Control("detected", answered_by)
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(BETWEEN)
            try:
                outcome = await self._line.send(call, control, within=WITHIN)
            except StoreError as error:
                log.warning("verdict_not_sent", problem=str(error))
                continue
            if outcome in ("done", "over"):
                return True
        return False

    async def _keep(self, call: str, answered_by: str) -> None:
        """What the conversation has found out by itself stays."""
        try:
            stored = await self._store.load_call(call)
            if stored is not None and not stored.record.answered_by:
                await self._store.update_call(call, answered_by=answered_by)
        except StoreError as error:
            log.warning("verdict_not_kept", problem=str(error))
