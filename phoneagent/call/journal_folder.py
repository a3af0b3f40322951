"""The journals of calls on this machine, which hold what was said: found by call, and deleted when they are too old."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

log = structlog.stdlib.get_logger(__name__)

DAY = 24 * 3600.0
KEPT = 30 * DAY
"""Seconds that a journal is kept where nobody has said: as long as a recording, of which it is the text."""

LOOK = 3600.0  # seconds between two looks for what is too old: it was kept for days
NAME = re.compile(r"(?P<call>[\w~%-]+)\.\d+\.jsonl", re.ASCII)
"""A call, and the turns that it had before. Whatever else is in the folder is not ours to delete."""


class JournalFolder:
    """`keep`: seconds that a journal is kept at most."""

    def __init__(self, folder: Path, *, keep: float = KEPT, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._keep = min(keep, KEPT)
        self._now = now

    async def run(self) -> None:
        """Delete what is too old, at once and from then on, until cancelled."""
        while True:
            try:
                await self.expire()
            except OSError as error:
                log.warning("journals_not_expired", problem=str(error))
            await asyncio.sleep(LOOK)

    async def expire(self) -> int:
        """Delete what is too old; how many files that were. Raises `OSError`."""
        count = await asyncio.to_thread(self._delete_old)
        if count:
            log.info("journals_expired", files=count)
        return count

    async def erase(self, calls: Iterable[str]) -> int:
        """Delete those of these calls; how many files that were. Raises `OSError`."""
        return await asyncio.to_thread(self._delete_of, frozenset(calls))

    def _delete_old(self) -> int:
        oldest = self._now() - self._keep
        return sum(_deleted(path) for path, _ in self._found() if _written(path) < oldest)

    def _delete_of(self, calls: frozenset[str]) -> int:
        return sum(_deleted(path) for path, call in self._found() if call in calls)

    def _found(self) -> list[tuple[Path, str]]:
        try:
            paths = list(self._folder.iterdir())
        except FileNotFoundError:  # nobody has called yet
            return []
        return [(path, named["call"]) for path in paths if (named := NAME.fullmatch(path.name))]


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another process was faster
        return float("inf")


def _deleted(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
