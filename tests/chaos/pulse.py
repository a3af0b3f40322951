"""`python -m tests.chaos.pulse PORT PID`: how a process answers its health, until our input ends.

Prints one JSON object: the seconds of each answer, the problems, and how much memory the process had at most.
"""

from __future__ import annotations

import asyncio
import json
import sys

import uvloop

from phoneagent.bench.process import Processes

EVERY = 0.05  # seconds
ANSWERED_WITHIN = 5.0  # seconds
PATHS = ("/healthz", "/readyz")


async def beat(port: int, path: str) -> str:
    """Ask on a new connection; the status."""
    try:
        async with asyncio.timeout(ANSWERED_WITHIN):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                line = await reader.readline()
            finally:
                writer.close()
        return line.split()[1].decode() if line else "cut"
    except TimeoutError:
        return "late"
    except OSError as error:
        return type(error).__name__


async def pulse(port: int, pid: int) -> dict[str, object]:
    """Ask again and again."""
    loop = asyncio.get_running_loop()
    told = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), sys.stdin)
    process, most = Processes(pid), 0
    seconds: list[float] = []
    problems: list[str] = []
    number = 0
    while not told.at_eof():
        path = PATHS[number % len(PATHS)]
        began = loop.time()
        status = await beat(port, path)
        seconds.append(loop.time() - began)
        if status != "200":
            problems.append(f"{path}: {status}")
        number += 1
        most = max(most, process.resident_bytes())
        await asyncio.sleep(EVERY)
    return {"seconds": seconds, "problems": problems, "memory": most}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.write(json.dumps(runner.run(pulse(int(sys.argv[1]), int(sys.argv[2])))))
