"""A server in a process of its own."""

from __future__ import annotations

import sys

import pytest

from phoneagent.bench.process import Buckets, ServerFailed, lag_buckets, server_process
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


async def test_a_server_that_does_not_start_says_why(tmp_path):
    with pytest.raises(ServerFailed, match="status 3 before it was ready: no such agent"):
        async with server_process(
            [sys.executable, "-c", "import sys; print('no such agent'); sys.exit(3)"],
            url="http://127.0.0.1:1",
            environment={},
            folder=tmp_path,
        ):
            pytest.fail("it is not ready")
