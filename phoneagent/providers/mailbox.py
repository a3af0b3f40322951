"""What an adapter has to say, on its way from socket callbacks to the one task that iterates."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """An ordered queue with an end: `put` never waits, iteration ends or raises after what was put before `close`.

    Not bounded by itself, but by who puts: a turn has few events, and partial transcripts replace one another here;
    speech is as long as the texts that were asked for.
    """

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self.closed = False

    def __len__(self) -> int:
        return len(self._items)

    @property
    def last(self) -> T | None:
        """The newest item nobody has taken yet."""
        return self._items[-1] if self._items else None

    def put(self, item: T) -> None:
        """Append; ignored after `close`."""
        if not self.closed:
            self._items.append(item)
            self._wake()

    def replace_last(self, item: T) -> None:
        """Let a newer item take the place of the newest one that nobody has taken yet."""
        self._items[-1] = item

    def discard(self, unwanted: Callable[[T], bool]) -> None:
        """Take back what nobody has taken yet."""
        self._items = deque(item for item in self._items if not unwanted(item))

    def close(self, error: Exception | None = None) -> None:
        """No more items: end the iteration, or raise `error` from it. The first call counts."""
        if not self.closed:
            self.closed = True
            self._error = error
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def __aiter__(self) -> Mailbox[T]:
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self.closed:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._items.popleft()
