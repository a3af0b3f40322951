"""Who has read, placed, steered and erased what: the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that somebody did. `at`: seconds since the epoch; `key`: the name of the API key, never the key.

    `status`: what was answered, in HTTP's words. `person`: the hash of who was at the other end of the `call`. `id`:
    its place in the log, once it has one.
    """

    at: float
    key: str
    action: str
    status: int
    call: str = ""
    person: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """The newest first. `next` is the cursor of the page that follows; empty on the last page."""

    entries: tuple[AuditEntry, ...]
    next: str = ""


class AuditLog(Protocol):
    """What only grows, until entries are too old. Both methods raise `StoreError`."""

    async def append(self, entries: Sequence[AuditEntry]) -> None: ...

    async def page(self, *, cursor: str = "", limit: int = 100) -> AuditPage:
        """Raises `OrderRefused` for a `cursor` that is none."""
