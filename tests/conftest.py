"""Asynchronous tests run on a clock that jumps to the next timer: none of them sleeps for real."""

from __future__ import annotations

import pytest

from phoneagent.simulator.fast_forward import FastForwardLoop


@pytest.fixture
def anyio_backend():
    return "asyncio", {"loop_factory": FastForwardLoop}
