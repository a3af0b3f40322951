"""What the carrier asks while a caller is connected to somebody else."""

from __future__ import annotations

import structlog
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from phoneagent.audio.hold_music import hold_music
from phoneagent.call.switchboard import Switchboard
from phoneagent.call.transfers import Transfers
from phoneagent.errors import StoreError
from phoneagent.ports import Documents

from .webhooks import Webhooks, seconds_of, text_of, twiml

log = structlog.stdlib.get_logger(__name__)


class TransferHooks:
    """Endpoints for Starlette's `Route`. All but the music check the carrier's signature first."""

    def __init__(self, webhooks: Webhooks, board: Switchboard, transfers: Transfers, documents: Documents) -> None:
        self._webhooks = webhooks
        self._board = board
        self._transfers = transfers
        self._documents = documents

    async def hold(self, request: Request) -> Response:
        """A caller waits in a queue, and has heard all that they were to hear."""
        return await self._webhooks.answer(request, self._hold)

    async def target(self, request: Request) -> Response:
        """Somebody who is to take a call has picked up, or pressed a key."""
        return await self._webhooks.answer(request, self._target)

    async def target_status(self, request: Request) -> Response:
        """The call to somebody has ended."""
        return await self._webhooks.answer(request, self._target_status)

    async def queue(self, request: Request) -> Response:
        """Somebody calls to take the next caller out of a queue: the voice webhook of their number."""
        return await self._webhooks.answer(request, self._queue)

    async def music(self, _: Request) -> Response:
        """What callers hear who wait. Anybody may listen."""
        return Response(hold_music(), media_type="audio/wav", headers={"Cache-Control": "public, max-age=86400"})

    async def _hold(self, request: Request, form: FormData) -> Response:
        call, position = text_of(form, "CallSid"), text_of(form, "QueuePosition")
        if "room" in request.query_params:
            return twiml(self._board.wait(position=position, waited=seconds_of(form, "QueueTime")))
        try:
            record, equipped = await self._board.find(call)
            document = await self._transfers.hold(call, equipped, record, position=position)
        except StoreError as error:  # they wait on; the next time somebody may know more
            log.warning("caller_on_hold_unknown", problem=str(error))
            document = self._documents.hold("")
        return twiml(document)

    async def _target(self, request: Request, form: FormData) -> Response:
        try:
            record, equipped = await self._board.find(request.query_params.get("call", ""))
            key = text_of(form, "Digits")
            if key or "silent" in request.query_params:
                document = await self._transfers.chosen(record, equipped, key)
            else:
                document = await self._transfers.answered(record, equipped)
        except StoreError as error:
            log.exception("transfer_unknown", problem=str(error))
            document = self._documents.hang_up()
        return twiml(document)

    async def _target_status(self, request: Request, form: FormData) -> Response:
        try:
            record, _ = await self._board.find(request.query_params.get("call", ""))
            await self._transfers.leg_over(record, text_of(form, "CallStatus"))
        except StoreError as error:
            log.exception("transfer_unknown", problem=str(error))
            return Response(status_code=503)  # the carrier may say it again
        return Response(status_code=204)

    async def _queue(self, request: Request, _: FormData) -> Response:
        agent = next(iter(self._board.agents.values())).agent
        words = agent.transfer_phrases.nobody
        return twiml(self._documents.join(request.path_params["name"], otherwise=words, language=agent.language))
