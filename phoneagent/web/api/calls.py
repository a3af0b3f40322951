"""Calls as resources."""

from __future__ import annotations

import asyncio
from typing import Literal, get_args

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from phoneagent.call.switchboard import Switchboard
from phoneagent.conversation.transcript import Turn
from phoneagent.ports import OrderBook
from phoneagent.records import CallRecord, Order, OrderPage, OrderStatus

from .bodies import Body, query
from .problems import unknown_call
from .representations import CallView, Transcript, TurnView, answer, page
from .resource import SUBJECT, Subject

SCANNED = 20  # pages that a filter looks through for one answer; the cursor goes on where it stopped


class Window(Body):
    """The query of `GET /v1/calls`."""

    limit: int = Field(20, ge=1, le=100, description="a whole number from 1 to 100")
    cursor: str = Field("", max_length=250, description="the next_cursor of an earlier page")
    direction: Literal["inbound", "outbound"] | None = Field(None, description="inbound or outbound")
    status: OrderStatus | None = Field(None, description=f"one of {', '.join(get_args(OrderStatus))}")
    agent: str | None = Field(None, description="the name of an agent")

    def shows(self, one: Order | CallRecord) -> bool:
        direction = one.direction if isinstance(one, CallRecord) else "outbound"
        return (
            self.direction in (None, direction)
            and self.status in (None, one.status)
            and self.agent in (None, one.agent)
        )


class Calls:
    """What is known of calls, whichever process has them: by our id, or by the carrier's."""

    def __init__(self, board: Switchboard, book: OrderBook) -> None:
        self._board = board
        self._book = book

    async def show(self, request: Request) -> Response:
        """A call, from the wish to its end."""
        return answer((await self._find(request))[0])

    async def index(self, request: Request) -> Response:
        """Calls that came in and calls that were asked for, the newest first.

        A page may be shorter than its limit and not be the last. What comes in meanwhile does not shift what follows.
        """
        window = query(request, Window)
        found: list[Order | CallRecord] = []
        cursor = window.cursor
        for _ in range(SCANNED):
            piece, cursor = await self._piece(window, cursor)
            found += filter(window.shows, piece)
            if len(found) > window.limit:
                found = found[: window.limit]
                cursor = found[-1].place
            if not cursor or len(found) == window.limit:
                break
        views = await asyncio.gather(*map(self._view, found))
        return answer(page(views, cursor or None))

    async def transcript(self, request: Request) -> Response:
        """What was heard so far."""
        view, turns = await self._find(request)
        return answer(Transcript(call=view.id, status=view.status, turns=tuple(map(TurnView.of, turns))))

    async def carrier_id(self, request: Request) -> str:
        """The carrier's id of the call in the path; empty while it has none. Raises `Problem` 404."""
        return (await self._find(request))[0].carrier_id

    async def transfer_targets(self, call: str) -> tuple[str, ...]:
        """Whom its agent can transfer it to, by name. Raises `StoreError`."""
        record = await self._board.look_up_record(call)
        equipped = self._board.agents.get(record.agent) if record else None
        return tuple(equipped.agent.transfer_targets) if equipped else ()

    async def _piece(self, window: Window, cursor: str) -> tuple[list[Order | CallRecord], str]:
        """The calls from a cursor on, down to where one of both lists was read; and that place, if more follow."""
        orders = OrderPage(())
        if window.direction != "inbound":
            orders = await self._book.page(cursor=cursor, limit=window.limit)
        others = await self._board.page(cursor=cursor, limit=window.limit)
        read_to = max(orders.next, others.next)
        both: list[Order | CallRecord] = [*orders.orders, *others.records]
        both.sort(key=lambda one: one.place, reverse=True)
        return [one for one in both if one.place >= read_to], read_to

    async def _view(self, one: Order | CallRecord) -> CallView:
        if isinstance(one, CallRecord):
            return CallView.of(one)
        return CallView.of_order(one, await self._board.look_up_record(one.call) if one.call else None)

    async def _find(self, request: Request) -> tuple[CallView, tuple[Turn, ...]]:
        name = request.path_params["call"]
        order = await self._book.load(name)
        if order is not None:
            request.scope[SUBJECT] = Subject(name, order.to)
        call = order.call if order else name
        stored = await self._board.look_up(call) if call else None
        turns = stored.turns if stored else ()
        if order is not None:
            return CallView.of_order(order, stored.record if stored else None), turns
        if stored is None:
            raise unknown_call(name)
        request.scope[SUBJECT] = Subject(name, stored.record.other_party)
        return CallView.of(stored.record), turns
