"""Of lines that anybody can cause there are few: a stranger must fill neither the disk nor the log's reader's day.

`log.warning("webhook_refused", path=path, stranger=True)` says that a line is one of these. So does whatever uvicorn
complains of. When too many of a kind have come, the others are counted, and the count is told.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from structlog.typing import EventDict, WrappedLogger

from .presentable import presentable

LINES = 10  # of a kind that pass
WINDOW = 10.0  # seconds, in which so many pass
MOST_KINDS = 100  # there are a dozen; past that all others are one
LONGEST = 200  # characters of a value: the longest path that Twilio asks for has half of it
MARK = "stranger"
OTHERS = ("uvicorn.error",)  # loggers whose complaints anybody can cause: malformed requests, upgrades to nothing

log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class _Window:
    began: float
    passed: int = 0
    left_out: int = 0


class FewOfStrangers:
    """For one log: a structlog processor, and a filter for what the standard library logs."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        if not event.pop(MARK, False):
            return event
        if not self._passes(str(event["event"])):
            raise structlog.DropEvent
        return {name: presentable(value, LONGEST) if isinstance(value, str) else value for name, value in event.items()}

    def lets_pass(self, record: logging.LogRecord) -> bool:
        """For `Handler.addFilter`."""
        return record.name not in OTHERS or isinstance(record.msg, dict) or self._passes(str(record.msg)[:LONGEST])

    def _passes(self, kind: str) -> bool:
        now, later = _clock()
        if kind not in self._windows and len(self._windows) >= MOST_KINDS:
            kind = "other"
        window = self._windows.get(kind)
        if window is None or not 0 <= now - window.began < WINDOW:
            if window is not None:
                self._tell(kind, window)
            window = self._windows[kind] = _Window(now)
        if window.passed < LINES:
            window.passed += 1
            return True
        if not window.left_out and later is not None:
            later(window.began + WINDOW - now, self._tell, kind, window)
        window.left_out += 1
        return False

    def _tell(self, kind: str, window: _Window) -> None:
        if window.left_out:
            count, window.left_out = window.left_out, 0
            log.warning("lines_left_out", kind=kind, count=count, seconds=WINDOW)


def _clock() -> tuple[float, Callable[..., object] | None]:
    """What time it is, and who calls later; nobody outside of an event loop."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return time.monotonic(), None
    return loop.time(), loop.call_later
