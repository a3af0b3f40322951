"""Everything of one person, erased: whatever is kept of the calls in which their number was at the other end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from phoneagent.errors import CarrierError, RecordingError
from phoneagent.ports import CarrierRecordings, Recordings, Store
from phoneagent.private import Private
from phoneagent.records import FINAL_STATUSES, Order

from .contact_limits import ContactLimits
from .journal_folder import JournalFolder

SETTLING = 60.0
"""Seconds after its end in which a call is not erased yet: its last events, its report and its messages come after it,
and would be written anew."""

Kind = Literal[
    "calls",
    "turns",
    "events",
    "reports",
    "orders",
    "messages",
    "recordings",
    "carrier_recordings",
    "journals",
    "speech",
    "counts",
]

ELSEWHERE = (
    "backups of Redis, recordings and journals",
    "recordings that were not finished, and journals, on other machines than this one",
    "logs, which have ids of calls but neither numbers nor words",
    "what Twilio keeps of calls and text messages, and what Deepgram, the models and the voices keep",
    "what webhooks and tools have told your own systems",
    "an entry on the do-not-call list: it stays, for it protects the person",
)
"""What no request here can reach, or shall not."""


class Left(NamedTuple):
    """Something of a call that could not be erased, and why; asked again later, it may be."""

    what: str
    call: str
    reason: str


@dataclass(slots=True)
class Erasure:
    """What was erased, of each kind how many, and what was not."""

    erased: dict[Kind, int] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)

    def count(self, kind: Kind, number: int) -> None:
        self.erased[kind] = self.erased.get(kind, 0) + number


@dataclass(frozen=True, slots=True)
class _Theirs:
    """A call of a person, with the order that it was placed for; each may be unknown by now. `names`: in the index."""

    call: str
    order: str
    names: frozenset[str]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.order, self.call)))


class Eraser:
    """Erases in a store, in recordings here and at the carrier, and in journals; each of them may not be there.
    `counts`: of how often a number was reached.
    """

    def __init__(
        self,
        store: Store,
        *,
        recordings: Recordings | None = None,
        carrier: CarrierRecordings | None = None,
        journals: JournalFolder | None = None,
        counts: Sequence[ContactLimits] = (),
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._recordings = recordings
        self._carrier = carrier
        self._journals = journals
        self._counts = counts
        self._now = now

    async def erase(self, number: Private[str]) -> Erasure:
        """Everything of whoever has this number, in E.164 form. Raises `StoreError`: asked again, it goes on.

        Calls that go on, or are just over, stay as they are. Orders that nobody has dialled are not dialled any more.
        """
        erasure = Erasure()
        theirs = [each for each in await self._calls_of(number.reveal()) if await self._is_over(each, erasure)]
        ids = frozenset(name for each in theirs for name in each.ids)
        failed = [each for each in theirs if not await self._erase_recordings(each, erasure)]
        erasure.count("messages", await self._store.deliveries.erase(ids) if ids else 0)
        await self._erase_journals(ids, erasure)
        for each in theirs:
            await self._erase_data(each, erasure)
        erasure.count("speech", await self._store.erase_clips() if theirs else 0)
        erasure.count("counts", sum([await counts.forget(number.reveal()) for counts in self._counts]))
        gone = [name for each in theirs if each not in failed for name in each.names]
        await self._store.people.forget(number.reveal(), gone)
        return erasure

    async def _calls_of(self, number: str) -> Sequence[_Theirs]:
        """An order and its call are one, whichever of them is still known."""
        found: dict[str, _Theirs] = {}
        for name in await self._store.people.calls(number):
            order = await self._store.orders.load(name)
            record = None if order is not None else await self._store.load_record(name)
            order_id = order.id if order is not None else record.order if record is not None else ""
            call = order.call if order is not None else "" if name.startswith("PC") else name
            key = order_id or name
            known = found.get(key, _Theirs("", "", frozenset()))
            order_name = order_id or (name if name.startswith("PC") else "")
            found[key] = _Theirs(known.call or call, known.order or order_name, known.names | {name})
        return tuple(found.values())

    async def _is_over(self, theirs: _Theirs, erasure: Erasure) -> bool:
        """Whether it can be erased; an order that waits is taken back first."""
        order = await self._store.orders.load(theirs.order) if theirs.order else None
        if order is not None and order.status not in FINAL_STATUSES:
            order = await self._store.orders.cancel(order.id, now=self._now())
        if order is not None and order.status not in FINAL_STATUSES:
            erasure.left.append(Left("call", theirs.order, "it is being placed or goes on: ask again after its end"))
            return False
        record = await self._store.load_record(theirs.call) if theirs.call else None
        if record is not None and record.ended is None:
            erasure.left.append(Left("call", theirs.call, "it goes on: ask again after its end"))
            return False
        ended = record.ended if record is not None else _over_since(order)
        if ended is not None and self._now() - ended < SETTLING:
            reason = f"it is over for less than {SETTLING:.0f} seconds, and its report is being made: ask again"
            erasure.left.append(Left("call", theirs.call or theirs.order, reason))
            return False
        return True

    async def _erase_recordings(self, theirs: _Theirs, erasure: Erasure) -> bool:
        """Ours and the carrier's. Whether nothing is left of them."""
        if not theirs.call:
            return True
        before = len(erasure.left)
        if self._recordings is not None:
            try:
                kept = await self._recordings.find(theirs.call)
                await self._recordings.delete(kept)
                erasure.count("recordings", len(kept))
            except RecordingError as error:
                erasure.left.append(Left("recording", theirs.call, str(error)))
        if self._carrier is not None:
            try:
                for recording in await self._carrier.recordings_of(theirs.call):
                    await self._carrier.delete_recording(recording)
                    await self._store.expiring.gone(recording)
                    erasure.count("carrier_recordings", 1)
            except CarrierError as error:
                erasure.left.append(Left("carrier_recording", theirs.call, str(error)))
        return len(erasure.left) == before

    async def _erase_journals(self, ids: Iterable[str], erasure: Erasure) -> None:
        if self._journals is None:
            return
        try:
            erasure.count("journals", await self._journals.erase(ids))
        except OSError as error:
            erasure.left.append(Left("journals", "", str(error)))

    async def _erase_data(self, theirs: _Theirs, erasure: Erasure) -> None:
        store = self._store
        for name in theirs.ids:
            erasure.count("events", await store.events.erase(name))
        if theirs.call:
            erasure.count("reports", await store.reports.erase(theirs.call))
            turns = await store.erase_call(theirs.call)
            erasure.count("calls", turns is not None)
            erasure.count("turns", turns or 0)
        if theirs.order:
            erasure.count("orders", await store.orders.erase(theirs.order))


def _over_since(order: Order | None) -> float | None:
    """An order that nobody has dialled has nothing that settles."""
    return order.ended if order is not None and order.call else None
