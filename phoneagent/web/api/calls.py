"""Calls as resources."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from phoneagent.call.switchboard import Switchboard
from phoneagent.conversation.transcript import Turn
from phoneagent.ports import OrderBook

from .problems import unknown_call
from .representations import CallView, Transcript, TurnView, answer


class Calls:
    """What is known of calls, whichever process has them: by our id, or by the carrier's."""

    def __init__(self, board: Switchboard, book: OrderBook) -> None:
        self._board = board
        self._book = book

    async def show(self, request: Request) -> Response:
        """A call, from the wish to its end."""
        return answer((await self._find(request))[0])

    async def transcript(self, request: Request) -> Response:
        """What was heard so far."""
        view, turns = await self._find(request)
        return answer(Transcript(call=view.id, status=view.status, turns=tuple(map(TurnView.of, turns))))

    async def carrier_id(self, request: Request) -> str:
        """The carrier's id of the call in the path; empty while it has none. Raises `Problem` 404."""
        return (await self._find(request))[0].carrier_id

    async def _find(self, request: Request) -> tuple[CallView, tuple[Turn, ...]]:
        name = request.path_params["call"]
        order = await self._book.load(name)
        call = order.call if order else name
        stored = await self._board.look_up(call) if call else None
        turns = stored.turns if stored else ()
        if order is not None:
            return CallView.of_order(order, stored.record if stored else None), turns
        if stored is None:
            raise unknown_call(name)
        return CallView.of(stored.record), turns
