"""The event loop is made late on purpose, and must be caught at it."""

from __future__ import annotations

import asyncio

import pytest

from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.telemetry.loop_lag import INTERVAL, LoopLag


@pytest.fixture
async def lag():
    observed: list[float] = []
    lag = LoopLag(observed.append)
    task = asyncio.create_task(lag.run())
    yield lag, observed
    task.cancel()
    await asyncio.wait([task])


async def test_a_loop_on_time_has_no_lag(lag):
    lag, observed = lag
    await asyncio.sleep(10 * INTERVAL + 0.01)
    assert observed == pytest.approx([0.0] * 10)
    assert lag.smoothed == pytest.approx(0.0)


async def test_a_stall_is_measured_and_then_forgotten(lag):
    lag, observed = lag
    loop = asyncio.get_running_loop()
    assert isinstance(loop, FastForwardLoop)
    loop.call_later(INTERVAL - 0.1, loop.skip, 0.5)  # a callback that keeps the loop for half a second
    await asyncio.sleep(INTERVAL + 0.5)
    assert observed == pytest.approx([0.4])
    assert lag.smoothed == pytest.approx(0.08)
    await asyncio.sleep(20 * INTERVAL)
    assert lag.smoothed < 0.002
