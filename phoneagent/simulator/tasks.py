"""Tasks that are ended before their time."""

from __future__ import annotations

import asyncio
from typing import Any


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task if it still runs; raise what it raised."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()
