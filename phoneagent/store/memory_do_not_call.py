"""Numbers that must not be called, in this process. `phoneagent dnc` is another one, and says that it needs Redis."""

from __future__ import annotations

from collections.abc import Iterable

from phoneagent.do_not_call import DoNotCall, DoNotCallPage
from phoneagent.errors import StoreError

from .cursor import checked_cursor
from .do_not_call_encoding import new_place

MOST_NUMBERS = 200_000  # of about 400 bytes each: 80 MB


class MemoryDoNotCall:
    """A `DoNotCallList`."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[str, DoNotCall]] = {}

    async def add(self, entries: Iterable[DoNotCall]) -> int:
        before = len(self._entries)
        for entry in entries:
            number = entry.number.reveal()
            if number not in self._entries and len(self._entries) >= MOST_NUMBERS:
                raise StoreError(f"expected at most {MOST_NUMBERS} numbers not to be called: set REDIS_URL for more")
            self._entries.setdefault(number, (new_place(entry), entry))
        return len(self._entries) - before

    async def remove(self, number: str) -> bool:
        return self._entries.pop(number, None) is not None

    async def find(self, number: str) -> DoNotCall | None:
        found = self._entries.get(number)
        return found[1] if found else None

    async def page(self, *, cursor: str = "", limit: int = 50) -> DoNotCallPage:
        before = checked_cursor(cursor)
        places = sorted(
            (place, number) for number, (place, _) in self._entries.items() if not before or place < before
        )[::-1]
        entries = tuple(self._entries[number][1] for _, number in places[:limit])
        return DoNotCallPage(entries, places[limit - 1][0] if len(places) > limit else "")
