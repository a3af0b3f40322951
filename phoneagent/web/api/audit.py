"""Who has read, placed, steered and erased what, to be read by admins."""

from __future__ import annotations

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from phoneagent.audit import AuditEntry, AuditLog

from .bodies import Body, query
from .representations import Representation, Time, answer, moment, page


class AuditWindow(Body):
    """The query of `GET /v1/audit`."""

    limit: int = Field(100, ge=1, le=1000, description="a whole number from 1 to 1000")
    cursor: str = Field("", max_length=250, description="the next_cursor of an earlier page")


class AuditEntryView(Representation):
    """What somebody did. `key`: the name of the API key; `action`: such as read_transcript; `status`: what was
    answered, 403 is a key that may not. `call`: of which call, as it was named; `person`: a hash of who was at its
    other end, the same in all entries about them. `entries_lost` stands for as many as its `status` says.
    """

    id: str
    at: Time | None
    key: str
    action: str
    status: int
    call: str
    person: str

    @classmethod
    def of(cls, entry: AuditEntry) -> AuditEntryView:
        return cls(
            id=entry.id,
            at=moment(entry.at),
            key=entry.key,
            action=entry.action,
            status=entry.status,
            call=entry.call,
            person=entry.person,
        )


class Audit:
    """The endpoint."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    async def index(self, request: Request) -> Response:
        """The newest first."""
        window = query(request, AuditWindow)
        found = await self._log.page(cursor=window.cursor, limit=window.limit)
        return answer(page([AuditEntryView.of(entry) for entry in found.entries], found.next or None))
