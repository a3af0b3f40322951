"""Errors as problem details (RFC 9457): one shape for whatever goes wrong under /v1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import structlog
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from phoneagent.errors import CarrierError, OrderRefused, StoreError, UnwantedCall

log = structlog.stdlib.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPES = "urn:problem-type:phoneagent:"
NO_TYPE = "about:blank"  # section 4.2.1: the status says it all
TRY_AGAIN = "5"  # seconds; Redis is back, or replaced, within about that
PRIVATE = {"Cache-Control": "no-store"}  # numbers and transcripts have no place in caches


class Misfit(BaseModel):
    """One field that is not as it should be. `field`: its name, inner ones after dots; empty for the whole body."""

    field: str
    detail: str


class ProblemDetails(BaseModel):
    """The body of an error."""

    type: str = NO_TYPE
    title: str
    status: int
    detail: str
    errors: tuple[Misfit, ...] = ()


class Problem(HTTPException):
    """A request that cannot be granted. `kind` names it for programs, `title` is the same for all of its kind."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        *,
        errors: Sequence[Misfit] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.kind = kind
        self.title = title
        self.errors = tuple(errors)


def misfit(field: str, detail: str) -> Problem:
    """One field has a value that nothing can be done with."""
    return misfits([Misfit(field=field, detail=detail)])


def misfits(errors: Sequence[Misfit]) -> Problem:
    """Fields are not as they should be; `detail` tells all of it, for those who print only that."""
    detail = "; ".join(f"{error.field}: {error.detail}" if error.field else error.detail for error in errors)
    return Problem(422, "invalid-field", "A field is not as expected", detail, errors=errors)


def unknown_call(call: str) -> Problem:
    """There is no such call, or it has expired."""
    detail = f"expected the id of a call that is kept here, got {call!r}"
    return Problem(404, "unknown-call", "No such call", detail)


async def refused(_: Request, error: Exception) -> Response:
    """What was raised because of the request: our own problems, and Starlette's 404 and 405."""
    if not isinstance(error, HTTPException):
        raise TypeError(f"expected an HTTPException, got {type(error).__name__}")
    status = error.status_code
    if isinstance(error, Problem):
        details = ProblemDetails(
            type=TYPES + error.kind, title=error.title, status=status, detail=error.detail, errors=error.errors
        )
    else:
        details = ProblemDetails(title=HTTPStatus(status).phrase, status=status, detail=_explained(error))
    return _answer(details, error.headers)


async def not_placed(request: Request, error: Exception) -> Response:
    """A field of an order is not as it should be."""
    field = error.field if isinstance(error, OrderRefused) else ""
    return await refused(request, misfit(field, str(error)))


async def unwelcome(request: Request, error: Exception) -> Response:
    """Somebody who does not want to be called was to be called."""
    problem = Problem(
        409,
        "do-not-call",
        "On the do-not-call list",
        str(error),
        errors=[Misfit(field=error.field if isinstance(error, OrderRefused) else "", detail=str(error))],
    )
    return await refused(request, problem)


async def unavailable(_: Request, error: Exception) -> Response:
    """The store or the carrier is away."""
    log.error("api_unavailable", problem=str(error))
    who = "store" if isinstance(error, StoreError) else "carrier"
    details = ProblemDetails(
        type=f"{TYPES}{who}-away",
        title=f"The {who} is away",
        status=503 if who == "store" else 502,
        detail=f"expected the {who} to answer; the log says what it said",
    )
    return _answer(details, {"Retry-After": TRY_AGAIN} if who == "store" else {})


async def defect(_: Request, __: Exception) -> Response:
    """A defect of ours. Starlette raises it again for the log; a stranger is not told of it."""
    return _answer(
        ProblemDetails(title="Internal Server Error", status=500, detail="a defect of this server; its log has it"), {}
    )


async def gone(_: Request, __: Exception) -> Response:
    """The client has left in the middle of its request: nobody reads this."""
    return _answer(ProblemDetails(title="Bad Request", status=400, detail="expected a whole request"), {})


HANDLERS = {
    HTTPException: refused,
    UnwantedCall: unwelcome,
    OrderRefused: not_placed,
    StoreError: unavailable,
    CarrierError: unavailable,
    ClientDisconnect: gone,
    Exception: defect,
}
"""For Starlette's `exception_handlers`. All are asynchronous: others would each be run in a thread."""


def _explained(error: HTTPException) -> str:
    match error.status_code:
        case 404:
            return "expected a path that this server has"
        case 405:
            return f"expected one of the methods {dict(error.headers or {}).get('Allow', '')}"
        case _:
            return error.detail


def _answer(details: ProblemDetails, headers: Mapping[str, str] | None) -> Response:
    body = details.model_dump_json(exclude=None if details.errors else {"errors"})
    return Response(body, details.status, headers={**PRIVATE, **(headers or {})}, media_type=MEDIA_TYPE)
