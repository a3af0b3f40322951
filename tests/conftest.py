"""Asynchronous tests run on a clock that jumps to the next timer: none of them sleeps for real."""

from __future__ import annotations

import pytest
from hypothesis import settings

from phoneagent.simulator.fast_forward import FastForwardLoop

settings.register_profile("phoneagent", deadline=None)  # hypothesis' own is 200 ms of a machine that others use too
settings.load_profile("phoneagent")


@pytest.fixture
def anyio_backend():
    return "asyncio", {"loop_factory": FastForwardLoop}
