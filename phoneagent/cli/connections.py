"""How many connections and requests a process keeps, and who has to go when there are more."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Connection(Protocol):
    """One of those that are counted."""

    transport: asyncio.Transport


class Connections:
    """The HTTP connections of a process: those that wait for their other side, and those that wait for us.

    A connection waits until a whole request has come from it, while it does not take the answer, and when it has it.
    Only such connections are limited: whoever comes is let in, and the one that has waited longest goes. So no number
    of idle ones and of requests by halves keeps a call out, or an orchestrator. Media streams are no part of this: the
    switchboard limits calls.
    """

    def __init__(self, most_waiting: int, most_served: int) -> None:
        """`most_waiting`: connections without a request; `most_served`: requests, past which `crowded` is true."""
        self._most_waiting = most_waiting
        self._most_served = most_served
        self._waiting: dict[Connection, None] = {}  # the longest first
        self._served: set[Connection] = set()
        self.dropped = 0

    @property
    def crowded(self) -> bool:
        """Whether so many requests are being answered that one more must be refused, if it can be."""
        return len(self._served) >= self._most_served

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def waits(self, connection: Connection) -> None:
        """It is new, does not take what it asked for, or has it."""
        self._served.discard(connection)
        self._waiting.setdefault(connection)
        if len(self._waiting) > self._most_waiting:
            self._drop(next(iter(self._waiting)))

    def is_served(self, connection: Connection) -> None:
        """A whole request has come from it, or it takes the answer again."""
        self._waiting.pop(connection, None)
        self._served.add(connection)

    def gone(self, connection: Connection) -> None:
        """It is closed, or no HTTP any more."""
        self._waiting.pop(connection, None)
        self._served.discard(connection)

    def _drop(self, connection: Connection) -> None:
        self.gone(connection)
        self.dropped += 1
        transport = connection.transport
        if transport.get_write_buffer_size():  # who does not read would hold a polite end up for ever
            transport.abort()
        else:
            transport.close()
