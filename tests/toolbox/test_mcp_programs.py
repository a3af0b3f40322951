"""MCP servers that are programs: started with us, and ended with us."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from phoneagent.errors import ToolError
from phoneagent.records import McpServer

from .mcp_clients import run, tools, until


@pytest.fixture
def anyio_backend():
    return "asyncio"  # another process takes real time


def child(**settings: Any) -> McpServer:
    root = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return McpServer(command=(sys.executable, "-m", "tests.toolbox.mcp_shop"), **{"environment": root} | settings)


async def test_a_program_is_started_with_its_secrets_and_ended_with_us():
    server = child()
    environment = {**server.environment, "SHOP_TOKEN": "${SHOP_TOKEN}"}
    async with tools(child(environment=environment), {"SHOP_TOKEN": "abcd1234"}) as found:
        assert await run(found, "secret_ending") == "1234"


async def test_a_program_that_dies_in_a_call_is_started_anew():
    async with tools(child()) as found:
        with pytest.raises(ToolError, match="crash lost its connection; it is not known whether this was done"):
            await run(found, "crash")
        await until(lambda: found.connected)
        assert await run(found, "place_order", what="tea") == "tea is ordered."


async def test_what_a_program_says_goes_to_the_log():
    banner = (
        "print('Welcome!', flush=True); import runpy; runpy.run_module('tests.toolbox.mcp_shop', run_name='__main__')"
    )
    with capture_logs() as logs:
        async with tools(replace(child(), command=(sys.executable, "-c", banner))) as found:
            assert await run(found, "grumble", lines=3) == "done"
            assert len(await run(found, "whole_catalogue")) < 21_000
    said = [entry["line"] for entry in logs if entry["event"] == "mcp_server_says"]
    assert [line for line in said if "complaint" in line] == ["complaint 0", "complaint 1", "complaint 2"]
    assert "mcp_message_not_understood" in [entry["event"] for entry in logs]


STUBBORN = """
import os, sys, time
print(os.getpid(), file=sys.stderr, flush=True)
time.sleep(60)
"""
WORKER = """
import asyncio, sys
from phoneagent.records import McpServer
from phoneagent.toolbox.mcp import McpTools

async def main():
    McpTools("stubborn", McpServer(command=(sys.executable, "-c", sys.argv[1])), lambda name: None)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def runs(process: int) -> bool:
    """Whether it does; one that is dead is listed until somebody has asked for its status."""
    status = Path(f"/proc/{process}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel tells nobody")
async def test_a_program_does_not_outlive_a_process_that_is_killed():
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, STUBBORN, stdout=asyncio.subprocess.PIPE, limit=1_000
    )
    try:
        assert worker.stdout is not None
        async with asyncio.timeout(20.0):
            while "mcp_server_says" not in (line := (await worker.stdout.readline()).decode()):
                assert line, "the worker has ended"
        [program] = [int(word) for word in re.findall(r"line=.*?(\d+)", line)]
        assert runs(program)
    finally:
        worker.kill()
        await worker.wait()
    await until(lambda: not runs(program))


async def test_a_program_that_is_none_is_told():
    with capture_logs() as logs:
        async with tools(McpServer(command=("no-such-program",))) as found:
            assert "no-such-program" in found.problem
    assert [entry["event"] for entry in logs] == ["mcp_server_away"]
