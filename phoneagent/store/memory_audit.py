"""The audit log in this process: it ends with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from phoneagent.audit import AuditEntry, AuditPage

from .audit_rules import checked_place, place

MOST = 100_000  # entries of 200 bytes; past that the oldest go


class MemoryAudit:
    """An `AuditLog`. `keep`: seconds that an entry is kept."""

    def __init__(self, *, keep: float) -> None:
        self._keep = keep
        self._entries: deque[AuditEntry] = deque(maxlen=MOST)
        self._written = 0

    async def append(self, entries: Sequence[AuditEntry]) -> None:
        for entry in entries:
            self._written += 1
            self._entries.append(replace(entry, id=f"{round(entry.at * 1000)}-{self._written}"))
            while self._entries[0].at < entry.at - self._keep:
                self._entries.popleft()

    async def page(self, *, cursor: str = "", limit: int = 100) -> AuditPage:
        before = place(checked_place(cursor)) if cursor else None
        older = [each for each in reversed(self._entries) if before is None or place(each.id) < before]
        return AuditPage(tuple(older[:limit]), older[limit - 1].id if len(older) > limit else "")

    def clear(self) -> None:
        self._entries.clear()
