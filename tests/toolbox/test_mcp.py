"""Tools of MCP servers over HTTP: a real one, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from phoneagent.errors import SettingsError, ToolError
from phoneagent.records import McpServer
from phoneagent.simulator.local_server import LocalServer
from phoneagent.toolbox import Box
from phoneagent.toolbox.mcp import McpTools

from .mcp_clients import run, tools, until
from .mcp_shop import make_shop


@asynccontextmanager
async def shop(orders: list[str] | None = None, *, port: int = 0) -> AsyncIterator[str]:
    """An MCP server over HTTP; its URL."""
    server = make_shop([] if orders is None else orders)
    app = server.streamable_http_app()
    async with server.session_manager.run(), LocalServer(app, port=port) as running:
        yield f"{running.url}/mcp"


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


# -- what it has ------------------------------------------------------------------------------------


async def test_a_servers_tools_are_offered_as_it_describes_them():
    async with shop() as url, tools(McpServer(url)) as found:
        specs = {spec.name: spec for spec in Box(sources=[found]).found}
    status, order = specs["order_status"], specs["place_order"]
    assert status.description == "Look up where an order is."
    assert status.parameters["required"] == ["number"]
    assert status.safe
    assert not order.safe
    assert "shop_refuse" in specs  # models' APIs allow no dots


async def test_the_operator_says_which_are_offered_and_which_change_nothing():
    server = McpServer("", tools=("place_order", "no_such_tool"), safe=("place_order",))
    async with shop() as url:
        with capture_logs() as logs:
            async with tools(McpServer(url, tools=server.tools, safe=server.safe)) as found:
                [spec] = Box(sources=[found]).found
    assert (spec.name, spec.safe) == ("place_order", True)
    assert [entry["tools"] for entry in logs if entry["event"] == "mcp_tools_missing"] == [["no_such_tool"]]


# -- what they return -------------------------------------------------------------------------------


async def test_tools_are_run():
    orders: list[str] = []
    async with shop(orders) as url, tools(McpServer(url, timeout=0.5)) as found:
        assert json.loads(await run(found, "order_status", number=7)) == {"number": "7", "status": "sent"}
        assert await run(found, "place_order", what="tea") == "tea is ordered."
        assert await run(found, "picture") == "[image, which cannot be told on the telephone]"
        assert (await run(found, "whole_catalogue")).endswith("of 500,000 characters]")
        with pytest.raises(ToolError, match="we are closed"):
            await run(found, "shop_refuse")
        with pytest.raises(ToolError, match="order_status: number: 'seven' is not of type 'integer'"):
            await run(found, "order_status", number="seven")
        with pytest.raises(ToolError, match=r"dawdle did not answer within 0\.5 seconds"):
            await run(found, "dawdle")
        assert await run(found, "place_order", what="jam") == "jam is ordered."
    assert orders == ["tea", "jam"]


# -- servers come and go ----------------------------------------------------------------------------


async def test_a_server_that_comes_later_has_its_tools_then():
    async with shop() as url:
        pass
    with capture_logs() as logs:
        async with tools(McpServer(url)) as found:
            assert found.tools == {}
            with pytest.raises(ToolError, match="There is no tool called 'order_status'"):
                await run(found, "order_status", number=7)
            async with shop(port=port_of(url)):
                await until(lambda: "order_status" in found.tools)
                assert "sent" in await run(found, "order_status", number=7)
    assert [entry["event"] for entry in logs if entry["event"].startswith("mcp")] == [
        "mcp_server_away",
        "mcp_server_connected",
    ]


async def test_a_server_that_was_started_anew_is_connected_again():
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(first := shop())
        found = await stack.enter_async_context(tools(McpServer(url)))
        assert "sent" in await run(found, "order_status", number=7)
        await first.__aexit__(None, None, None)
        async with shop(port=port_of(url)):
            with suppress(ToolError):  # it does not know our session
                await run(found, "order_status", number=7)
            await until(lambda: found.connected)
            assert "sent" in await run(found, "order_status", number=7)


async def test_a_tool_that_is_new_is_there_at_once():
    async with shop() as url, tools(McpServer(url)) as found:
        assert await run(found, "open_bakery") == "open"
        before = asyncio.get_running_loop().time()
        await until(lambda: "bake" in found.tools)
        assert asyncio.get_running_loop().time() - before < 1.0, "it says so itself"
        assert await run(found, "bake") == "bread"


async def test_a_missing_secret_is_named():
    with pytest.raises(SettingsError, match="SHOP_TOKEN: expected a secret for the MCP server 'shop'"):
        McpTools("shop", McpServer("http://x/mcp", headers={"X": "${SHOP_TOKEN}"}), lambda _: None)
