"""Orders in this process: for a machine without Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from phoneagent.errors import KeyReused, LeaseLost, StoreError
from phoneagent.records import Order, OrderClaim, OrderPage

from .cursor import checked_cursor
from .expiry import KEY_TTL, USUAL, Lifetimes
from .order_encoding import checked_changes
from .order_rules import KEY_REUSED, changed, kept_for, over, waits

MOST_ORDERS = 20_000
"""About 2 kB each: 40 MB. Past that those that are over go first, and when all are open no more are taken."""


@dataclass(slots=True)
class _Entry:
    order: Order
    due: float
    expires: float
    token: int = 0


@dataclass(frozen=True, slots=True)
class _Key:
    order: str
    fingerprint: str
    expires: float


class MemoryOrders:
    """An `OrderBook`. `note` writes down whose an order is."""

    def __init__(self, note: Callable[[Order], Awaitable[None]], *, lifetimes: Lifetimes = USUAL) -> None:
        self._note = note
        self._lifetimes = lifetimes
        self._entries: dict[str, _Entry] = {}
        self._keys: dict[str, _Key] = {}
        self._calls: dict[str, str] = {}
        self._next_dial = 0.0

    async def create(self, order: Order, *, key: str = "", fingerprint: str = "") -> Order:
        if key and (known := await self.known(key, fingerprint=fingerprint)) is not None:
            return known
        await self._note(order)
        if order.id not in self._entries:
            self._make_room()
            self._entries[order.id] = entry = _Entry(order, due=order.due, expires=0.0)
            self._keep(entry)
        if key:
            self._keys[key] = _Key(order.id, fingerprint, _now() + KEY_TTL)
        return self._entries[order.id].order

    async def known(self, key: str, *, fingerprint: str) -> Order | None:
        self._forget()
        known = self._keys.get(key)
        if known is None or (entry := self._entries.get(known.order)) is None:
            return None
        if known.fingerprint != fingerprint:
            raise KeyReused("Idempotency-Key", KEY_REUSED)
        return entry.order

    async def load(self, order: str) -> Order | None:
        entry = self._find(order) or self._find(self._calls.get(order, ""))
        return entry.order if entry else None

    async def change(self, order: str, *, token: int = 0, due: float | None = None, **changes: object) -> Order | None:
        fields: dict[str, Any] = dict(checked_changes(changes))
        if (entry := self._find(order)) is None:
            return None
        if token and token != entry.token:
            raise LeaseLost("another process looks after the order")
        entry.order = changed(entry.order, fields)
        if entry.order.call:
            self._calls[entry.order.call] = order
        if due is not None:
            entry.due = due
        self._keep(entry)
        return entry.order

    async def begin(self, order: str, *, token: int, now: float) -> bool:
        entry = self._find(order)
        if entry is None or entry.token != token or not waits(entry.order):
            return False
        await self.change(order, status="dialling", dialled=now, attempts=entry.order.attempts + 1)
        return True

    async def cancel(self, order: str, *, now: float) -> Order | None:
        entry = self._find(order)
        if entry is not None and waits(entry.order):
            return await self.change(order, status="canceled", ended=now)
        return entry.order if entry else None

    async def page(self, *, cursor: str = "", limit: int = 50) -> OrderPage:
        before = checked_cursor(cursor)
        self._forget()
        places = sorted((entry.order.place, name) for name, entry in self._entries.items())
        older = [(place, name) for place, name in reversed(places) if not before or place < before]
        orders = tuple(self._entries[name].order for _, name in older[:limit])
        return OrderPage(orders, older[limit - 1][0] if len(older) > limit else "")

    async def claim(self, *, now: float, seconds: float, most: int) -> tuple[OrderClaim, ...]:
        waiting = sorted((entry for entry in self._open() if entry.due <= now), key=lambda entry: entry.due)
        for entry in waiting[:most]:
            entry.token += 1
            entry.due = now + seconds
        return tuple(OrderClaim(entry.order, entry.token) for entry in waiting[:most])

    async def next_due(self) -> float | None:
        return min((entry.due for entry in self._open()), default=None)

    async def pace(self, *, per_second: float) -> float:
        if (wait := self._next_dial - _now()) > 0:
            return wait
        self._next_dial = _now() + 1 / per_second
        return 0.0

    async def erase(self, order: str) -> bool:
        self._keys = {name: key for name, key in self._keys.items() if key.order != order}
        self._calls = {call: name for call, name in self._calls.items() if name != order}
        return self._entries.pop(order, None) is not None

    def clear(self) -> None:
        self._entries.clear()
        self._keys.clear()
        self._calls.clear()

    def _find(self, order: str) -> _Entry | None:
        entry = self._entries.get(order)
        return entry if entry is not None and entry.expires > _now() else None

    def _open(self) -> list[_Entry]:
        self._forget()
        return [entry for entry in self._entries.values() if not over(entry.order)]

    def _forget(self) -> None:
        now = _now()
        self._entries = {name: entry for name, entry in self._entries.items() if entry.expires > now}
        self._keys = {name: key for name, key in self._keys.items() if key.expires > now}
        self._calls = {call: name for call, name in self._calls.items() if name in self._entries}

    def _make_room(self) -> None:
        if len(self._entries) < MOST_ORDERS:
            return
        ended = [name for name, entry in self._entries.items() if over(entry.order)]
        if not ended:
            raise StoreError(f"expected room for another order, but {MOST_ORDERS} are open: set REDIS_URL for more")
        del self._entries[min(ended, key=lambda name: self._entries[name].expires)]

    def _keep(self, entry: _Entry) -> None:
        entry.expires = _now() + kept_for(entry.order, self._lifetimes)


def _now() -> float:
    return asyncio.get_running_loop().time()
