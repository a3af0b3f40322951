"""The tasks of one call: leaving the block ends them, in bounded time, whatever hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

import structlog

log = structlog.stdlib.get_logger(__name__)

TEARDOWN = 1.0  # seconds that tasks get to end; half of the two seconds a call may take to be gone


class Scope:
    """Like `asyncio.TaskGroup`, but a task that swallows its cancellation cannot hold up the end of the call.

    A task that fails ends the scope: `failed` is set, and the error is raised when the block is left.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._error: BaseException | None = None
        self.failed = asyncio.Event()

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Begin a task that this scope owns."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """End the scope with this error: for callbacks of the loop, which have nobody else to tell."""
        self._error = self._error or error
        self.failed.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            _, hanging = await asyncio.wait(self._tasks, timeout=TEARDOWN)
            if hanging:
                log.error("tasks_hang", tasks=sorted(task.get_name() for task in hanging))
        if self._error is not None and error is None:
            raise self._error
