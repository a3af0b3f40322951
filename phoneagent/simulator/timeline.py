"""What the simulated servers did, and when: the injected part of a latency can be read off it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """Something a server did or noticed. `at` is the event loop's time, `connection` counts a server's from 1."""

    at: float
    server: str
    connection: int
    what: str
    data: Mapping[str, Any]


class Timeline:
    """Entries in the order in which they happened, of all servers that were given the same timeline."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def record(self, server: str, connection: int, what: str, data: Mapping[str, Any] | None = None) -> None:
        """Add an entry at the loop's present time."""
        self.entries.append(Entry(asyncio.get_running_loop().time(), server, connection, what, data or {}))

    def find(self, what: str = "", *, server: str = "", connection: int = 0) -> list[Entry]:
        """Entries that match all that is given."""
        return [
            entry
            for entry in self.entries
            if (not what or entry.what == what)
            and (not server or entry.server == server)
            and (not connection or entry.connection == connection)
        ]

    def clear(self) -> None:
        """Forget everything: a long benchmark reads and clears a round at a time."""
        self.entries.clear()
