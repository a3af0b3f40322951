"""An event loop whose clock jumps to the next timer whenever nobody has anything to do.

Real sockets on loopback, real protocols, real frames every 20 ms of the loop's time, and yet a call of a minute passes
in a second. That works because everything the product waits for is a timer or a socket of this same process, and
loopback delivers at once: if no socket is ready, only time can make something happen. Work handed to a thread counts as
taking no time: the clock stands still until it is back.

Another process (a Redis server, say) takes real time to answer, and this clock would run away: talk to it within
`standing_still`.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class FastForwardLoop(asyncio.SelectorEventLoop):
    """Use as a loop factory: `asyncio.run(main(), loop_factory=...)` or `Runner(loop_factory=FastForwardLoop)`."""

    def __init__(self) -> None:
        self._now = 0.0
        self._elsewhere = 0  # what threads and other processes work on
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self._now

    def skip(self, seconds: float) -> None:
        self._now += seconds

    @property
    def waits_for_others(self) -> bool:
        """Something happens outside this thread, which only real time can bring to an end."""
        return self._elsewhere > 0

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """The clock does not jump while this block is open."""
        self._elsewhere += 1
        try:
            yield
        finally:
            self._elsewhere -= 1

    def run_in_executor(  # type: ignore[override]  # typeshed's Unpack of the arguments cannot be repeated here
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        self._elsewhere += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_returned)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # asyncio's own
        """Threads end in real time: `timeout`, which Python has set since 3.12, would be over before they can."""
        with self.standing_still():
            await super().shutdown_default_executor()

    def _thread_returned(self, _: asyncio.Future[Any]) -> None:
        self._elsewhere -= 1


class _Selector(selectors.BaseSelector):
    """The machine's selector, with waiting replaced by skipping."""

    def __init__(self, loop: FastForwardLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None or self._loop.waits_for_others:
            return self._real.select(None)
        self._loop.skip(timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.get_key(fileobj)
