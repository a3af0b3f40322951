"""State in this process: for a machine without Redis. It ends with the process."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from phoneagent.conversation.transcript import Turn
from phoneagent.errors import CallForgotten, LeaseLost
from phoneagent.records import CallPage, CallRecord, CallStatus, Clip, Order, StoredCall

from .call_rules import closed
from .cursor import checked_cursor
from .encoding import checked
from .expiry import AUDIT_TTL, ENDED_TTL, LIVE_TTL, Lifetimes
from .memory_audit import MemoryAudit
from .memory_deliveries import MemoryDeliveries
from .memory_do_not_call import MemoryDoNotCall
from .memory_events import MemoryEvents
from .memory_expiring import MemoryExpiring
from .memory_keys import MemoryKeys
from .memory_orders import MemoryOrders
from .memory_people import MemoryPeople
from .memory_reports import MemoryReports
from .report_rules import SETTLE, due_after, first_look

MOST_CALLS = 10_000
"""About 20 kB each: 200 MB. Past that the ended calls go first, then the oldest."""

MOST_TOKENS = 10_000
"""One for each call that is being connected; past that the oldest go."""


@dataclass(slots=True)
class _Kept:
    expires: float
    record: CallRecord | None = None
    turns: list[Turn] = field(default_factory=list)
    epoch: int = 0
    owner: str = ""
    lease_until: float = 0.0

    @property
    def ended(self) -> bool:
        return self.record is not None and self.record.ended is not None


class MemoryStore:
    """Keeps calls in a dictionary, by the event loop's clock. `ttl`: seconds that a call is kept after its end;
    `longest`: those that anything is kept at most; `audit`: those of the audit log.
    """

    shared = False

    def __init__(self, *, ttl: float = ENDED_TTL, longest: float = math.inf, audit: float = AUDIT_TTL) -> None:
        lifetimes = Lifetimes(ttl, longest)
        ttl = lifetimes.of_ended
        self.orders = MemoryOrders(self._note_order, lifetimes=lifetimes)
        self.events = MemoryEvents(ttl=ttl)
        self.keys = MemoryKeys()
        self.do_not_call = MemoryDoNotCall()
        self.deliveries = MemoryDeliveries(lifetimes=lifetimes)
        self.reports = MemoryReports(ttl=ttl)
        self.expiring = MemoryExpiring()
        self.people = MemoryPeople(lifetimes=lifetimes)
        self.audit = MemoryAudit(keep=audit)
        self._ttl = ttl
        self._calls: dict[str, _Kept] = {}
        self._tokens: dict[str, tuple[str, float]] = {}

    async def _note_order(self, order: Order) -> None:
        await self.people.note(order.to.reveal(), order.id, at=order.created)

    async def create_call(self, record: CallRecord) -> None:
        await self.people.note(record.other_party.reveal(), record.id, at=record.started)
        kept = self._take_or_make(record.id)
        if kept.record is None:
            kept.record = record
        self._keep(kept)
        await self.reports.expect(record.id, due=first_look(record))

    async def update_call(self, call: str, *, token: int = 0, **changes: object) -> None:
        fields: dict[str, Any] = dict(checked(changes))
        kept = self._find(call)
        if kept is None or kept.record is None:
            raise CallForgotten("expected a call that was created and has not expired")
        if 0 < token < kept.epoch:
            raise LeaseLost("another process owns the call")
        kept.record = replace(kept.record, **fields)
        self._keep(kept)
        if (due := due_after(fields)) is not None:
            await self.reports.expect(call, due=due)

    async def load_call(self, call: str) -> StoredCall | None:
        kept = self._find(call)
        return None if kept is None or kept.record is None else StoredCall(kept.record, tuple(kept.turns))

    async def load_record(self, call: str) -> CallRecord | None:
        kept = self._find(call)
        return kept.record if kept else None

    async def close_call(self, call: str, *, status: CallStatus, ended: float) -> None:
        kept = self._find(call)
        if kept is not None and kept.record is not None:
            kept.record = closed(kept.record, status, ended)
            self._keep(kept)
            await self.reports.expect(call, due=ended + SETTLE)

    async def page_calls(self, *, cursor: str = "", limit: int = 50) -> CallPage:
        before, now = checked_cursor(cursor), _now()
        there = [kept.record for kept in self._calls.values() if kept.record is not None and kept.expires > now]
        older = [record for record in there if not record.order and (not before or record.place < before)]
        older.sort(key=lambda record: record.place, reverse=True)
        return CallPage(tuple(older[:limit]), older[limit - 1].place if len(older) > limit else "")

    async def take_lease(self, call: str, owner: str, *, seconds: float, force: bool = False) -> int:
        """See `ports.Store`. The same owner keeps its token, even if the lease ran out and nobody else took it."""
        kept, now = self._take_or_make(call), _now()
        if kept.lease_until > now and kept.owner != owner and not force:
            return 0
        if kept.owner != owner:
            kept.owner = owner
            kept.epoch += 1
        kept.lease_until = now + seconds
        self._keep(kept)
        return kept.epoch

    async def is_held(self, call: str) -> bool:
        kept = self._find(call)
        return kept is not None and kept.lease_until > _now()

    async def release_lease(self, call: str, owner: str, token: int) -> None:
        kept = self._find(call)
        if kept is not None and (kept.owner, kept.epoch) == (owner, token):
            kept.lease_until = 0.0

    async def append_turn(self, call: str, seq: int, turn: Turn, *, token: int) -> None:
        kept = self._find(call)
        epoch = kept.epoch if kept else 0
        if epoch > token:
            raise LeaseLost("another process owns the call")
        if kept is None or not epoch or epoch < token:
            raise CallForgotten("expected a lease that was given out here: the store has lost the call")
        if seq > len(kept.turns) + 1:
            raise CallForgotten(f"expected turn {len(kept.turns) + 1}, got {seq}")
        if seq >= len(kept.turns):
            kept.turns[seq - 1 :] = [turn]
        self._keep(kept)

    async def put_stream_token(self, token: str, call: str, *, seconds: float) -> None:
        now = _now()
        self._tokens = {name: kept for name, kept in self._tokens.items() if kept[1] > now}
        while len(self._tokens) >= MOST_TOKENS:
            del self._tokens[next(iter(self._tokens))]
        self._tokens[token] = call, now + seconds

    async def take_stream_token(self, token: str) -> str | None:
        call, expires = self._tokens.pop(token, (None, 0.0))
        return call if expires > _now() else None

    async def load_clips(self, identity: str, texts: Sequence[str]) -> Mapping[str, Clip]:
        """None: clips are stored for other processes, and nothing here outlives this one, whose cache has them."""
        return {}

    async def recent_clips(self, identity: str, most: int) -> Mapping[str, Clip]:
        """None; see `load_clips`."""
        return {}

    async def save_clip(self, identity: str, text: str, clip: Clip) -> None:
        """Nothing; see `load_clips`."""

    async def erase_clips(self) -> int:
        """None; see `load_clips`."""
        return 0

    async def erase_call(self, call: str) -> int | None:
        kept = self._calls.pop(call, None)
        return None if kept is None or kept.record is None else len(kept.turns)

    async def ping(self) -> None:
        """It is always here."""

    async def aclose(self) -> None:
        self._calls.clear()
        self._tokens.clear()
        self.orders.clear()
        self.events.clear()
        self.deliveries.clear()
        self.reports.clear()
        self.expiring.clear()
        self.people.clear()
        self.audit.clear()

    def _find(self, call: str) -> _Kept | None:
        kept = self._calls.get(call)
        if kept is not None and kept.expires <= _now():
            del self._calls[call]
            return None
        return kept

    def _take_or_make(self, call: str) -> _Kept:
        if (kept := self._find(call)) is None:
            self._make_room()
            kept = self._calls[call] = _Kept(expires=_now() + LIVE_TTL)
        return kept

    def _make_room(self) -> None:
        """Drop what has expired; it is looked at when a call begins, so that no timer outlives a call."""
        now = _now()
        self._calls = {call: kept for call, kept in self._calls.items() if kept.expires > now}
        while len(self._calls) >= MOST_CALLS:
            del self._calls[min(self._calls, key=lambda call: (not self._calls[call].ended, self._calls[call].expires))]

    def _keep(self, kept: _Kept) -> None:
        kept.expires = _now() + (self._ttl if kept.ended else LIVE_TTL)


def _now() -> float:
    return asyncio.get_running_loop().time()
