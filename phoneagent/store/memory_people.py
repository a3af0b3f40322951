"""Who has called, or was called, in this process."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable

from .expiry import USUAL, Lifetimes
from .people_rules import MOST_CALLS, SECRET, is_somebody, pseudonym

MOST_PEOPLE = 100_000  # about 500 bytes each; past that who was noted first is forgotten


class MemoryPeople:
    """`People` in a dictionary, by the event loop's clock."""

    def __init__(self, *, lifetimes: Lifetimes = USUAL) -> None:
        self._kept = lifetimes.of_people
        self._secret = secrets.token_bytes(SECRET)
        self._calls: dict[str, dict[str, tuple[float, float]]] = {}  # of each person, when they were and until when

    async def pseudonym(self, number: str) -> str:
        return pseudonym(self._secret, number)

    async def note(self, number: str, call: str, *, at: float) -> None:
        if not is_somebody(number):
            return
        calls = self._calls.setdefault(pseudonym(self._secret, number), {})
        calls[call] = at, _now() + self._kept
        if len(calls) > MOST_CALLS:
            del calls[min(calls, key=lambda one: calls[one])]
        if len(self._calls) > MOST_PEOPLE:
            del self._calls[next(iter(self._calls))]

    async def calls(self, number: str) -> tuple[str, ...]:
        known = self._calls.get(pseudonym(self._secret, number), {})
        there = sorted((at, call) for call, (at, until) in known.items() if until > _now())
        return tuple(call for _, call in there)

    async def forget(self, number: str, calls: Iterable[str]) -> None:
        name = pseudonym(self._secret, number)
        known = self._calls.get(name, {})
        for call in calls:
            known.pop(call, None)
        if not known:
            self._calls.pop(name, None)

    def clear(self) -> None:
        self._calls.clear()


def _now() -> float:
    return asyncio.get_running_loop().time()
