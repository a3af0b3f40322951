"""Reports in this process: for a machine without Redis."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from phoneagent.errors import LeaseLost
from phoneagent.report import EndOfCallReport, ReportClaim

from .expiry import ENDED_TTL, LIVE_TTL

MOST_REPORTS = 10_000
"""About 10 kB each, for their turns are also the calls': 100 MB. Past that the oldest go."""


@dataclass(slots=True)
class _Entry:
    due: float
    expires: float
    token: int = 0
    failures: int = 0
    done: bool = False
    report: EndOfCallReport | None = None


class MemoryReports:
    """`ttl`: seconds that a report is kept."""

    def __init__(self, *, ttl: float = ENDED_TTL) -> None:
        self._ttl = ttl
        self._entries: dict[str, _Entry] = {}

    async def expect(self, call: str, *, due: float) -> None:
        entry = self._find(call)
        if entry is None:
            self._make_room()
            entry = self._entries[call] = _Entry(due, expires=0.0)
        if not entry.done:
            entry.due = min(entry.due, due)
            self._keep(entry)

    async def claim(self, *, now: float, seconds: float, most: int) -> tuple[ReportClaim, ...]:
        waiting = sorted((entry.due, call) for call, entry in self._open() if entry.due <= now)[:most]
        claims = []
        for _, call in waiting:
            entry = self._entries[call]
            entry.token += 1
            entry.due = now + seconds
            self._keep(entry)
            claims.append(ReportClaim(call, entry.token, entry.failures))
        return tuple(claims)

    async def put_off(self, call: str, *, token: int, due: float, failed: bool = False) -> None:
        entry = self._claimed(call, token)
        entry.due = due
        entry.failures += failed
        self._keep(entry)

    async def keep(self, report: EndOfCallReport, *, token: int) -> None:
        entry = self._claimed(report.call, token)
        entry.report = report
        self._keep(entry)

    async def done(self, call: str, *, token: int) -> None:
        entry = self._claimed(call, token)
        entry.done = True
        self._keep(entry)

    async def load(self, call: str) -> EndOfCallReport | None:
        entry = self._find(call)
        return entry.report if entry else None

    async def next_due(self) -> float | None:
        return min((entry.due for _, entry in self._open()), default=None)

    async def erase(self, call: str) -> bool:
        entry = self._entries.pop(call, None)
        return entry is not None and entry.report is not None

    def clear(self) -> None:
        self._entries.clear()

    def _claimed(self, call: str, token: int) -> _Entry:
        entry = self._find(call)
        if entry is None or entry.done or entry.token != token:
            raise LeaseLost("another process reports on the call")
        return entry

    def _find(self, call: str) -> _Entry | None:
        entry = self._entries.get(call)
        return entry if entry is not None and entry.expires > _now() else None

    def _open(self) -> list[tuple[str, _Entry]]:
        now = _now()
        return [(call, entry) for call, entry in self._entries.items() if not entry.done and entry.expires > now]

    def _make_room(self) -> None:
        now = _now()
        self._entries = {call: entry for call, entry in self._entries.items() if entry.expires > now}
        while len(self._entries) >= MOST_REPORTS:
            del self._entries[min(self._entries, key=lambda call: self._entries[call].expires)]

    def _keep(self, entry: _Entry) -> None:
        entry.expires = _now() + (self._ttl if entry.report else max(self._ttl, LIVE_TTL))


def _now() -> float:
    return asyncio.get_running_loop().time()
