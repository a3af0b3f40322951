"""What the tests of MCP servers share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from phoneagent.records import McpServer
from phoneagent.toolbox import Box
from phoneagent.toolbox.mcp import McpTools


@asynccontextmanager
async def tools(server: McpServer, secrets: dict[str, str] | None = None) -> AsyncIterator[McpTools]:
    found = McpTools("shop", server, (secrets or {}).get)
    await found.ready()
    yield found
    await found.aclose()


async def run(found: McpTools, name: str, **arguments: Any) -> str:
    return await Box(sources=[found]).run(name, json.dumps(arguments), call="CA1")


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20.0):
        while not true():  # noqa: ASYNC110 - the client tells nobody when it is there
            await asyncio.sleep(0.01)
