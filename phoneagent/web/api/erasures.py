"""Everything of one person, erased by their telephone number."""

from __future__ import annotations

import structlog
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from phoneagent.call.erasure import ELSEWHERE, Eraser, Erasure
from phoneagent.call.phone_numbers import LONGEST, NumberRules
from phoneagent.private import Private

from .bodies import Body, read
from .representations import Representation, answer
from .resource import SUBJECT, Subject

log = structlog.stdlib.get_logger(__name__)


class WantedErasure(Body):
    """The body of `POST /v1/erasures`. The number is not in the URL: URLs are logged everywhere."""

    number: str = Field(
        min_length=1, max_length=LONGEST, description="a telephone number with its country code, such as +15551234567"
    )


class ErasedView(Representation):
    """How many of each were erased. `messages`: to webhooks, on their way or dead; `speech`: phrases in the shared
    cache, all of them, for nobody can tell whose words are in it; `counts`: of the texts and the callbacks that the
    number had today.
    """

    calls: int = 0
    turns: int = 0
    events: int = 0
    reports: int = 0
    orders: int = 0
    messages: int = 0
    recordings: int = 0
    carrier_recordings: int = 0
    journals: int = 0
    speech: int = 0
    counts: int = 0


class LeftView(Representation):
    """What could not be erased: `what` it is, of which `call`, and why."""

    what: str
    call: str
    reason: str


class ErasureView(Representation):
    """What was `erased`, and what is `left`: with the same request later it may be erased too. `elsewhere`: what cannot
    be reached from here, and is for you to look after.
    """

    erased: ErasedView
    left: tuple[LeftView, ...]
    elsewhere: tuple[str, ...]

    @classmethod
    def of(cls, erasure: Erasure) -> ErasureView:
        left = tuple(LeftView(what=each.what, call=each.call, reason=each.reason) for each in erasure.left)
        return cls(erased=ErasedView.model_validate(erasure.erased), left=left, elsewhere=ELSEWHERE)


class Erasures:
    """The endpoint."""

    def __init__(self, eraser: Eraser, numbers: NumberRules) -> None:
        self._eraser = eraser
        self._numbers = numbers

    async def erase(self, request: Request) -> Response:
        """Now; the answer says what was there."""
        wanted = await read(request, WantedErasure)
        number = Private(self._numbers.possible("number", wanted.number))
        request.scope[SUBJECT] = Subject(number=number)
        erasure = await self._eraser.erase(number)
        log.info("person_erased", calls=erasure.erased.get("calls", 0), left=len(erasure.left))
        return answer(ErasureView.of(erasure))
