"""An order book whose changes are told: whoever changes an order, and in whatever process."""

from __future__ import annotations

from phoneagent.ports import OrderBook
from phoneagent.records import Order, OrderClaim, OrderPage

from .event_writer import EventWriter
from .happenings import Happening, answered_by, waiting


class ToldOrders:
    """An `OrderBook` around another one, which keeps the orders."""

    def __init__(self, book: OrderBook, events: EventWriter) -> None:
        self._book = book
        self._events = events

    async def create(self, order: Order, *, key: str = "", fingerprint: str = "") -> Order:
        known = self._told(await self._book.create(order, key=key, fingerprint=fingerprint))
        if known.waits_until:
            self._events.tell_of_order(known.id, waiting(known.waits_until))
        return known

    async def known(self, key: str, *, fingerprint: str) -> Order | None:
        return await self._book.known(key, fingerprint=fingerprint)

    async def load(self, order: str) -> Order | None:
        return await self._book.load(order)

    async def change(self, order: str, *, token: int = 0, due: float | None = None, **changes: object) -> Order | None:
        known = await self._book.change(order, token=token, due=due, **changes)
        if known is None:
            return None
        if changes.get("unwanted"):
            self._events.tell_of_order(known.id, Happening("cancel_asked", {}, once="cancel_asked"))
        if who := changes.get("answered_by"):
            self._events.tell_of_order(known.id, answered_by(str(who)))
        if changes.get("waits_until"):
            self._events.tell_of_order(known.id, waiting(known.waits_until))
        if changes.get("dialled", "") is None:
            delayed = Happening("delayed", {"problem": known.problem}, once=f"delayed {known.attempts}")
            self._events.tell_of_order(known.id, delayed)
        return self._told(known)

    async def begin(self, order: str, *, token: int, now: float) -> bool:
        begun = await self._book.begin(order, token=token, now=now)
        if begun:
            self._events.tell_status(order, "dialling")
        return begun

    async def cancel(self, order: str, *, now: float) -> Order | None:
        known = await self._book.cancel(order, now=now)
        return known and self._told(known)

    async def erase(self, order: str) -> bool:
        return await self._book.erase(order)

    async def page(self, *, cursor: str = "", limit: int = 50) -> OrderPage:
        return await self._book.page(cursor=cursor, limit=limit)

    async def claim(self, *, now: float, seconds: float, most: int) -> tuple[OrderClaim, ...]:
        return await self._book.claim(now=now, seconds=seconds, most=most)

    async def next_due(self) -> float | None:
        return await self._book.next_due()

    async def pace(self, *, per_second: float) -> float:
        return await self._book.pace(per_second=per_second)

    def _told(self, order: Order) -> Order:
        self._events.tell_order(order)
        return order
