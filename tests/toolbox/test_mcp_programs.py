"""MCP servers that are programs: started with us, and ended with us."""

from __future__ import annotations

import os
import sys
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


async def test_a_program_that_is_none_is_told():
    with capture_logs() as logs:
        async with tools(McpServer(command=("no-such-program",))) as found:
            assert "no-such-program" in found.problem
    assert [entry["event"] for entry in logs] == ["mcp_server_away"]
