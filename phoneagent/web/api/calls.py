"""Calls as resources."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from phoneagent.call.switchboard import Switchboard
from phoneagent.records import StoredCall

from .problems import unknown_call
from .representations import CallView, Transcript, answer


class Calls:
    """What is known of calls, whichever process has them."""

    def __init__(self, board: Switchboard) -> None:
        self._board = board

    async def show(self, request: Request) -> Response:
        """A call's record."""
        return answer(CallView.of((await self._find(request)).record))

    async def transcript(self, request: Request) -> Response:
        """What was heard so far."""
        return answer(Transcript.of(await self._find(request)))

    async def _find(self, request: Request) -> StoredCall:
        call = request.path_params["call"]
        if (stored := await self._board.look_up(call)) is None:
            raise unknown_call(call)
        return stored
