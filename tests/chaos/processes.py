"""Processes that are started, killed and started again: the product's, and Redis."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from phoneagent.bench.process import Processes

READY_WITHIN = 60.0  # seconds; on two cores that carry fifty calls a start takes a while
STOPPED_WITHIN = 10.0
LOOK_AGAIN = 0.05  # seconds


class Program:
    """One program that can be run again and again; its output goes to one file."""

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self._command = command
        self._environment = None if environment is None else dict(environment)
        self.log = log
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; it is not ready yet."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self._command, env=self._environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )

    async def kill(self) -> None:
        """As `kill -9` does."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def end(self, within: float = STOPPED_WITHIN) -> int:
        """Ask it to end, and make it if it does not; its status, -9 if it was made to."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(within):
                return await self.process.wait()
        except TimeoutError:
            await self.kill()
            return -9


class Serving(Program):
    """One `phoneagent serve`."""

    def __init__(
        self, port: int, folder: Path, environment: Mapping[str, str], *, journals: Path | None = None
    ) -> None:
        command = [sys.executable, "-m", "phoneagent", "serve"]
        if journals is not None:
            command += ["--journals", str(journals)]
        own = {**environment, "PHONEAGENT_PORT": str(port)}
        super().__init__(command, folder / f"serve-{port}.log", own)
        self.port = port

    async def ready(self) -> None:
        """Wait until it takes calls."""
        async with asyncio.timeout(READY_WITHIN), aiohttp.ClientSession() as session:
            while True:
                assert self.process is not None
                if self.process.returncode is not None:
                    raise AssertionError(f"it ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")
                try:
                    async with session.get(f"http://127.0.0.1:{self.port}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass  # it does not listen yet
                await asyncio.sleep(LOOK_AGAIN)

    def workers(self) -> list[int]:
        """The processes that it has started."""
        assert self.process is not None
        lists = [path.read_text() for path in Path(f"/proc/{self.process.pid}/task").glob("*/children")]
        return [int(pid) for children in lists for pid in children.split()]

    async def metrics(self) -> dict[str, float]:
        """What it counts, by the samples' names; of samples with labels one."""
        return {sample.name: sample.value for sample in await self._samples()}

    async def lags(self) -> dict[float, float]:
        """How often its event loop was late by at most so many seconds, and by more than the next fewer."""
        counts = [
            (float(sample.labels["le"]), sample.value)
            for sample in await self._samples()
            if sample.name == "phoneagent_event_loop_lag_seconds_bucket"
        ]
        return {bound: count - before for (_, before), (bound, count) in pairwise([(0.0, 0.0), *sorted(counts)])}

    async def _samples(self) -> list[Sample]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}/metrics") as answer,
        ):
            families = text_string_to_metric_families(await answer.text())
            return [sample for family in families for sample in family.samples]

    @property
    def resident_bytes(self) -> int:
        assert self.process is not None
        return Processes(self.process.pid).resident_bytes()

    def descriptors(self, *, apart: int) -> int:
        """How many files and sockets it has open, but for connections to this port."""
        assert self.process is not None
        process = Path(f"/proc/{self.process.pid}")
        lines = [line.split() for line in (process / "net" / "tcp").read_text().splitlines()[1:]]
        pooled = {f"socket:[{line[9]}]" for line in lines if int(line[2].partition(":")[2], 16) == apart}
        return sum(str(link.readlink()) not in pooled for link in (process / "fd").iterdir())


class Redis(Program):
    """A Redis that keeps its data in a file, as one that is to survive its own crash would."""

    def __init__(self, port: int, folder: Path) -> None:
        keep = ("--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--dir", str(folder))
        super().__init__(("redis-server", "--bind", "127.0.0.1", "--port", str(port), *keep), folder / "redis.log")
        self.port = port
        self.url = f"redis://127.0.0.1:{port}/0"

    async def ready(self) -> None:
        """Wait until it answers."""
        async with asyncio.timeout(READY_WITHIN):
            while True:
                try:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.write(b"PING\r\n")
                    answer = await reader.readline()
                    writer.close()
                    await writer.wait_closed()
                except OSError:
                    answer = b""
                if answer.startswith(b"+PONG"):
                    return
                await asyncio.sleep(LOOK_AGAIN)
