"""Who does not want to be called. Numbers come in bodies, never in paths: those stand in logs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

from pydantic import FailFast, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from phoneagent.call.phone_numbers import NumberRules
from phoneagent.do_not_call import DoNotCall, DoNotCallList, Source
from phoneagent.errors import OrderRefused
from phoneagent.private import Private

from .bodies import Body, query, read
from .problems import PRIVATE, Misfit, Problem
from .representations import Representation, Time, answer, moment, page
from .resource import SUBJECT, Subject

REMOVED = 204
MOST_AT_ONCE = 1000  # numbers in one request
NUMBER = "a telephone number with its country code, such as +15551234567"

Number = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class OneNumber(Body):
    """The body of what is about one number."""

    number: Number = Field(description=NUMBER)


class ManyNumbers(Body):
    """The body of `import`."""

    numbers: Annotated[tuple[Number, ...], FailFast()] = Field(
        min_length=1, max_length=MOST_AT_ONCE, description=f"a list of 1 to {MOST_AT_ONCE} telephone numbers"
    )


class Numbers(Body):
    """The query of the list."""

    limit: int = Field(100, ge=1, le=1000, description="a whole number from 1 to 1000")
    cursor: str = Field("", max_length=250, description="the next_cursor of an earlier page")


class DoNotCallView(Representation):
    """A number that is not called. `source`: an `operator`, an `import`, or the `callee`, who said it in a `call`."""

    number: str
    added_at: Time | None
    source: Source
    call: str

    @classmethod
    def of(cls, entry: DoNotCall) -> DoNotCallView:
        return cls(number=entry.number.reveal(), added_at=moment(entry.added), source=entry.source, call=entry.call)


class ImportView(Representation):
    """What has become of several numbers: how many were `added`, how many were there already, and which are none."""

    added: int
    already: int
    refused: tuple[Misfit, ...]


class DoNotCallEndpoints:
    """Endpoints."""

    def __init__(self, unwanted: DoNotCallList, *, now: Callable[[], float] = time.time) -> None:
        self._unwanted = unwanted
        self._numbers = NumberRules()
        self._now = now

    async def index(self, request: Request) -> Response:
        """The newest first."""
        window = query(request, Numbers)
        found = await self._unwanted.page(cursor=window.cursor, limit=window.limit)
        return answer(page([DoNotCallView.of(entry) for entry in found.entries], found.next or None))

    async def add(self, request: Request) -> Response:
        """Never call a number again. Who is on the list already stays there as they are."""
        number = await self._number(request)
        entry = DoNotCall(Private(number), self._now())
        await self._unwanted.add([entry])
        return answer(DoNotCallView.of(await self._unwanted.find(number) or entry))

    async def bring(self, request: Request) -> Response:
        """Several at once: the good ones are added, the others told of."""
        wanted = await read(request, ManyNumbers)
        entries: list[DoNotCall] = []
        refused: list[Misfit] = []
        for index, text in enumerate(wanted.numbers):
            field = f"numbers.{index}"
            try:
                number = self._numbers.possible(field, text)
            except OrderRefused as error:
                refused.append(Misfit(field=field, detail=str(error)))
            else:
                entries.append(DoNotCall(Private(number), self._now(), "import"))
        added = await self._unwanted.add(entries)
        return answer(ImportView(added=added, already=len(entries) - added, refused=tuple(refused)))

    async def look_up(self, request: Request) -> Response:
        """What is known of a number on the list."""
        if (entry := await self._unwanted.find(await self._number(request))) is None:
            raise _not_listed()
        return answer(DoNotCallView.of(entry))

    async def remove(self, request: Request) -> Response:
        """Let a number be called again."""
        if not await self._unwanted.remove(await self._number(request)):
            raise _not_listed()
        return Response(status_code=REMOVED, headers=PRIVATE)

    async def _number(self, request: Request) -> str:
        number = self._numbers.possible("number", (await read(request, OneNumber)).number)
        request.scope[SUBJECT] = Subject(number=Private(number))
        return number


def _not_listed() -> Problem:
    return Problem(
        404, "not-listed", "Not on the do-not-call list", "expected a number that is on the do-not-call list"
    )
