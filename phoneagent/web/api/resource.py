"""A path of the interface with what is told of it: the route table that the OpenAPI document is made from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from phoneagent.api_keys import Scope
from phoneagent.call.audit_writer import AuditWriter
from phoneagent.private import Private

from .bodies import Body
from .problems import Problem

Handler = Callable[[Request], Awaitable[Response]]

HOLDER = "phoneagent.holder"
"""Where the door puts the `Holder` into a request's scope."""

AUDIT = "phoneagent.audit"
"""Where it puts what writes the audit log."""

SUBJECT = "phoneagent.subject"
"""Where a handler puts the `Subject` of a request."""

IDEMPOTENCY_KEY = "Idempotency-Key"
LAST_EVENT_ID = "Last-Event-ID"
RANGE = "Range"


class Medium(NamedTuple):
    """An answer that is not JSON. `model`: of each event, where it is a stream of them."""

    media_type: str
    model: type[BaseModel] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """What a method does.

    `answers` has the statuses of success: a model, a medium, or None where there is no body.
    `query` and `body` are the models that the handler reads; with `body_optional` the body may be left out. `headers`
    are request headers beside `Authorization`. `problems` are the error statuses that its handler raises beside those
    that follow from the rest: see `document`. `scope` is what a key must have; without it `read` to GET, else `call`.
    `action` is what the audit log calls it; without one it is nobody's business.
    """

    handle: Handler
    summary: str
    answers: Mapping[int, type[BaseModel] | Medium | None]
    query: type[Body] | None = None
    body: type[Body] | None = None
    body_optional: bool = False
    headers: tuple[str, ...] = ()
    problems: tuple[int, ...] = ()
    scope: Scope | None = None
    action: str = ""


class Subject(NamedTuple):
    """Whom a request is about: a call, as it was named or made, and the number of who is at its other end."""

    call: str = ""
    number: Private[str] = Private("")


class Resource(Route):
    """One route with all methods of a path, so that a 405 names all of them."""

    def __init__(self, path: str, operations: Mapping[str, Operation]) -> None:
        self.operations = dict(operations)
        super().__init__(path, self._handle, methods=list(operations))

    async def _handle(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        status = 500
        try:
            answer = await self._answer(request, method)
            status = answer.status_code
            return answer
        except HTTPException as problem:
            status = problem.status_code
            raise
        finally:
            self._note(request, self.operations[method].action, status)

    def _note(self, request: Request, action: str, status: int) -> None:
        """For the audit log; written after the answer."""
        writer: AuditWriter | None = request.scope.get(AUDIT)
        if writer is not None and action:
            subject = request.scope.get(SUBJECT) or Subject(request.path_params.get("call", ""))
            writer.note(request.scope[HOLDER].name, action, status, call=subject.call, number=subject.number)

    async def _answer(self, request: Request, method: str) -> Response:
        wanted, holder = self.scope_of(method), request.scope[HOLDER]
        if wanted not in holder.scopes:
            raise Problem(
                403,
                "scope-missing",
                "The key may not do this",
                f"expected a key with the scope {wanted}; this one has {', '.join(sorted(holder.scopes)) or 'none'}",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{wanted}"'},
            )
        return await self.operations[method].handle(request)

    def scope_of(self, method: str) -> Scope:
        """What a key must have."""
        return self.operations[method].scope or ("read" if method == "GET" else "call")


def resource(path: str, **operations: Operation) -> Resource:
    """By their methods: `resource("/agents", GET=Operation(…))`."""
    return Resource(path, operations)
