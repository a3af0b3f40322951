"""Asynchronous tests run on a clock that jumps to the next timer: none of them sleeps for real."""

from __future__ import annotations

import pytest
from hypothesis import settings

from phoneagent.simulator.fast_forward import FastForwardLoop

# No deadline: hypothesis' own is 200 ms of a machine that others use too. Each run looks at other examples, so many
# see what one does not; `--hypothesis-profile=thorough` is for whoever changes what they are about.
settings.register_profile("phoneagent", deadline=None, max_examples=30)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile("phoneagent")


@pytest.fixture
def anyio_backend():
    return "asyncio", {"loop_factory": FastForwardLoop}


def pytest_terminal_summary(terminalreporter):
    """Tables that tests measure: what they record as properties, a line a test under the property's name."""
    tables: dict[str, list[str]] = {}
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        if report.when == "call":
            for heading, line in report.user_properties:
                tables.setdefault(heading, []).append(str(line))
    for heading, lines in tables.items():
        terminalreporter.write_line(heading)
        for line in sorted(lines):
            terminalreporter.write_line(line)
