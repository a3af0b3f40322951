"""A Redis of one's own, for workers that share their calls there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from .process import LOOK_AGAIN, READY_WITHIN, ServerFailed, stop


@asynccontextmanager
async def redis_server(port: int, folder: Path) -> AsyncIterator[str]:
    """Run Redis on loopback, without a disk; its URL. Raises `ServerFailed`, without the program too."""
    command = ("redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no")
    log_path = folder / "redis.log"
    with log_path.open("wb") as log:
        try:
            process = await asyncio.create_subprocess_exec(
                *command, cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        except FileNotFoundError:
            raise ServerFailed("workers share their calls in Redis: expected the program redis-server") from None
    try:
        try:
            async with asyncio.timeout(READY_WITHIN):
                await _listens(port, process)
        except TimeoutError:
            raise ServerFailed(f"Redis did not listen within {READY_WITHIN:g} s") from None
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        await stop(process)


async def _listens(port: int, process: asyncio.subprocess.Process) -> None:
    while process.returncode is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(LOOK_AGAIN)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise ServerFailed(f"redis-server ended with status {process.returncode}")
