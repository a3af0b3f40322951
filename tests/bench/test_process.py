"""A server in a process of its own."""

from __future__ import annotations

import asyncio
import sys

import pytest

from phoneagent.bench.process import Buckets, Processes, ServerFailed, lag_buckets, server_process
from phoneagent.telemetry.metrics import Metrics


@pytest.fixture
def anyio_backend():
    return "asyncio"


def test_the_lag_is_read_from_the_servers_own_metrics():
    metrics = Metrics()
    for seconds in (0.0001, 0.0001, 0.003):
        metrics.loop_lagged(seconds)
    lag = lag_buckets(metrics.render()[0].decode())
    assert lag.at_most(0.5) == 0.0005
    assert lag.at_most(1.0) == 0.005
    assert lag_buckets("") == Buckets((), ())


async def test_a_process_is_counted_with_those_that_it_started(tmp_path):
    """A server with workers: a parent that sleeps, and a child that works."""
    work = "import time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\ninput()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", parent, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    processes = Processes(process.pid)
    alone = processes.resident_bytes()
    assert await process.stdout.readline() == b"done\n"
    assert sum(processes.cpu_seconds()) >= 0.3
    assert processes.resident_bytes() > alone
    process.stdin.write(b"\n")
    await process.wait()
    with pytest.raises(ServerFailed, match="there is no process"):
        processes.cpu_seconds()


async def test_a_server_that_does_not_start_says_why(tmp_path):
    with pytest.raises(ServerFailed, match="status 3 before it was ready: no such agent"):
        async with server_process(
            [sys.executable, "-c", "import sys; print('no such agent'); sys.exit(3)"],
            url="http://127.0.0.1:1",
            environment={},
            folder=tmp_path,
        ):
            pytest.fail("it is not ready")
