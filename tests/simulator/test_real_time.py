"""The demo and the benchmark run in real time, on uvloop: its transports are not asyncio's.

A busy machine may be late, so nothing here has an upper bound.
"""

from __future__ import annotations

import time

import pytest

from phoneagent.simulator.caller import CallerScript, HangUp

from .product import PUBLIC, Product, serve


@pytest.fixture
def anyio_backend():
    return "asyncio", {"use_uvloop": True}


async def test_a_short_call_takes_as_long_as_it_takes():
    product = Product()
    began = time.perf_counter()
    async with serve(product) as carrier:
        result = await carrier.call(PUBLIC + "/voice", caller=CallerScript(HangUp(after=0.4)))
    assert time.perf_counter() - began >= 0.4
    assert result.violations == ()
    assert result.ear.duration >= 0.4
    assert len(product.sessions[0].events("media")) >= 18
    assert len(result.ear.agent_speech()) == 1
