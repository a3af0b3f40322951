"""A server in a process of its own, and what it costs: read from /proc, so Linux only."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from phoneagent.errors import PhoneagentError

READY_WITHIN = 30.0  # seconds; a start takes one or two
STOPPED_WITHIN = 10.0  # seconds; no call is left when it is stopped
LOOK_AGAIN = 0.02  # seconds
LAG = "phoneagent_event_loop_lag_seconds"
TAIL = 2000  # characters of the server's log that a failure tells


class ServerFailed(PhoneagentError):
    """The measured server did not start, or ended too early."""


class CpuSeconds(NamedTuple):
    """In the program, and in the kernel for it: where system calls are dear, the second is most of it."""

    user: float
    system: float


class Buckets(NamedTuple):
    """A histogram: how many observations were at most so long. Limits rise, the last is infinite; counts add up."""

    limits: tuple[float, ...]
    counts: tuple[float, ...]

    def since(self, earlier: Buckets) -> Buckets:
        """What was observed after an earlier look."""
        if not earlier.counts:
            return self
        return Buckets(self.limits, tuple(now - then for now, then in zip(self.counts, earlier.counts, strict=True)))

    def at_most(self, share: float) -> float | None:
        """The limit below which this share of the observations lies; None of none."""
        if not self.counts or not self.counts[-1]:
            return None
        return next(x for x, count in zip(self.limits, self.counts, strict=True) if count >= share * self.counts[-1])


class Processes:
    """A process and all that it started. Times and sizes are the operating system's: 10 ms of CPU, a page of memory."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def cpu_seconds(self) -> CpuSeconds:
        """What they took so far, all their threads together, with those that are over. Raises `ServerFailed`."""
        tick = os.sysconf("SC_CLK_TCK")
        fields = [stat.rpartition(")")[2].split() for stat in self._read("stat")]  # a name may hold anything
        user = sum(int(field[11]) + int(field[13]) for field in fields)  # fields 14 and 16 of proc(5)
        system = sum(int(field[12]) + int(field[14]) for field in fields)  # fields 15 and 17
        return CpuSeconds(user / tick, system / tick)

    def resident_bytes(self) -> int:
        """Memory that they really have; pages that several share count for each. Raises `ServerFailed`."""
        return sum(int(statm.split()[1]) for statm in self._read("statm")) * os.sysconf("SC_PAGE_SIZE")

    def _read(self, name: str) -> list[str]:
        """A file of /proc, of each process."""
        try:
            found = [Path(f"/proc/{self.pid}/{name}").read_text()]
        except (FileNotFoundError, ProcessLookupError):
            raise ServerFailed(f"there is no process {self.pid}") from None
        for pid in _started_by(self.pid):
            try:
                found.append(Path(f"/proc/{pid}/{name}").read_text())
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has just ended
        return found


def _started_by(pid: int) -> list[int]:
    """Its children, theirs, and so on."""
    try:
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except (FileNotFoundError, ProcessLookupError):
        return []
    children = [int(child) for children in lists for child in children.split()]
    return children + [grandchild for child in children for grandchild in _started_by(child)]


class Server:
    """What is measured. `processes` are None where they are not known, and so is the time of a start not seen."""

    def __init__(self, url: str, processes: Processes | None, seconds_to_ready: float | None = None) -> None:
        self.url = url
        self.processes = processes
        self.seconds_to_ready = seconds_to_ready

    async def loop_lag(self) -> Buckets:
        """How late its event loop was, from its own metrics; empty from a server that has none."""
        return Buckets((), ())


class ServerProcess(Server):
    """A server that was started for this."""

    def __init__(self, url: str, processes: Processes, seconds_to_ready: float, session: aiohttp.ClientSession) -> None:
        super().__init__(url, processes, seconds_to_ready)
        self._session = session

    async def loop_lag(self) -> Buckets:
        """From /metrics."""
        async with self._session.get(f"{self.url}/metrics") as response:
            return lag_buckets(await response.text()) if response.status == 200 else Buckets((), ())


def lag_buckets(metrics: str) -> Buckets:
    """The event loop's lag in the text of `/metrics`."""
    samples = [
        (float(sample.labels["le"]), sample.value)
        for family in text_string_to_metric_families(metrics)
        if family.name == LAG
        for sample in family.samples
        if sample.name == f"{LAG}_bucket"
    ]
    return Buckets(tuple(limit for limit, _ in samples), tuple(count for _, count in samples))


@asynccontextmanager
async def server_process(
    command: Sequence[str], *, url: str, environment: Mapping[str, str], folder: Path, cores: Collection[int] = ()
) -> AsyncIterator[ServerProcess]:
    """Run a server until it is ready; leaving the block stops it. `folder` is where it runs and its log goes.

    `cores`: those it may use; none: all. Raises `ServerFailed`.
    """
    loop = asyncio.get_running_loop()
    log_path = folder / "server.log"
    with log_path.open("wb") as log:
        began = loop.time()
        process = await asyncio.create_subprocess_exec(
            *command, env=dict(environment), cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        if cores:
            os.sched_setaffinity(process.pid, cores)
        async with aiohttp.ClientSession() as session:
            try:
                async with asyncio.timeout(READY_WITHIN):
                    await _ready(session, url, process)
            except TimeoutError:
                raise ServerFailed(f"the server was not ready within {READY_WITHIN:g} s: {_tail(log_path)}") from None
            except ServerFailed as failed:
                raise ServerFailed(f"{failed}: {_tail(log_path)}") from None
            yield ServerProcess(url, Processes(process.pid), loop.time() - began, session)
            if process.returncode is not None:
                raise ServerFailed(f"the server ended with status {process.returncode}: {_tail(log_path)}")
    finally:
        await stop(process)


async def _ready(session: aiohttp.ClientSession, url: str, process: asyncio.subprocess.Process) -> None:
    while process.returncode is None:
        try:
            async with session.get(f"{url}/readyz") as response:
                if response.status == 200:
                    return
        except aiohttp.ClientConnectionError:
            pass  # it does not listen yet
        await asyncio.sleep(LOOK_AGAIN)
    raise ServerFailed(f"the server ended with status {process.returncode} before it was ready")


async def stop(process: asyncio.subprocess.Process) -> None:
    """Ask it to end, and make it if it does not."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOPPED_WITHIN):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-TAIL:].strip() or "it wrote nothing"
