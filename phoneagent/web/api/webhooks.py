"""Messages to the operator's systems that could not be delivered."""

from __future__ import annotations

import time
from collections.abc import Callable

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from phoneagent.deliveries import DeadLetter, DeliveryQueue

from .bodies import Body, query
from .problems import PRIVATE, Problem
from .representations import Representation, Time, answer, moment, page

TAKEN_UP = 202


class DeadWindow(Body):
    """The query of `GET /v1/webhooks/dead`."""

    limit: int = Field(20, ge=1, le=100, description="a whole number from 1 to 100")
    cursor: str = Field("", max_length=250, description="the next_cursor of an earlier page")


class DeadLetterView(Representation):
    """A message that is not delivered any more. `id` is its `webhook-id`, `type` what it tells, `call` of which call.

    `url`: where it was to go, without a query; `problem`: what was wrong the last time.
    """

    id: str
    type: str
    call: str
    url: str
    created_at: Time | None
    died_at: Time | None
    attempts: int
    problem: str

    @classmethod
    def of(cls, letter: DeadLetter) -> DeadLetterView:
        delivery = letter.delivery
        return cls(
            id=delivery.id,
            type=delivery.type,
            call=delivery.lane,
            url=delivery.url,
            created_at=moment(delivery.created),
            died_at=moment(letter.died),
            attempts=letter.attempts,
            problem=letter.problem,
        )


class DeadLetters:
    """Endpoints. `wake` is called when there is something to deliver, by this process; others look by themselves."""

    def __init__(self, queue: DeliveryQueue, wake: Callable[[], None] | None = None) -> None:
        self._queue = queue
        self._wake = wake

    async def index(self, request: Request) -> Response:
        """The ones that died last first."""
        window = query(request, DeadWindow)
        found = await self._queue.dead(cursor=window.cursor, limit=window.limit)
        return answer(page([DeadLetterView.of(letter) for letter in found.letters], found.next or None))

    async def redeliver(self, request: Request) -> Response:
        """Attempt one again, from now on."""
        message = request.path_params["message"]
        if not await self._queue.redeliver(message, now=time.time()):
            raise Problem(
                404,
                "unknown-message",
                "No such message",
                f"expected the id of a message in GET /v1/webhooks/dead, got {message!r}",
            )
        if self._wake is not None:
            self._wake()
        return Response(status_code=TAKEN_UP, headers=PRIVATE)
