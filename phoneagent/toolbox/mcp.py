"""Tools of MCP servers (Model Context Protocol), through its official package."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import structlog

from phoneagent.errors import SettingsError, ToolError
from phoneagent.records import McpServer, ToolSpec

from .box import Asked, Tool
from .schema import Check, argument_check
from .secret_names import with_secrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcp import Client
    from mcp_types import CallToolResult
    from mcp_types import Tool as Description

log = structlog.stdlib.get_logger(__name__)

CONNECT_WITHIN = 10.0  # seconds for connecting and the list of tools; a server that is started by us may import a lot
START_WITHIN = 5.0  # seconds that the start of our process waits for one; it goes on in the background
LOOK_AGAIN = 30.0  # seconds after which the tools are listed anew: whether it is still there, and what it has now
AWAY = (1.0, 2.0, 5.0, 15.0, 30.0)  # seconds between attempts while a server is away
TOOLS_AT_MOST = 100  # of one server; models are lost among more, and read them all with every request
_NAME = re.compile(r"[^A-Za-z0-9_-]")  # what models' APIs do not allow in a tool's name


class McpTools:
    """The tools of one server; implements `ToolSource`. Calls share its connection.

    A server that is away has no tools until it is back: `tools` is what it has now.
    """

    def __init__(self, name: str, server: McpServer, secret: Callable[[str], str | None]) -> None:
        """Raises `SettingsError` naming the secrets that `secret` does not know, or the package that is missing."""
        if find_spec("mcp") is None:
            raise SettingsError(
                f"mcp.{name}: expected the package mcp, which is not installed: pip install 'phoneagent[mcp]'"
            )
        self.name = name
        self.tools: Mapping[str, Tool] = {}
        self.problem = "not connected yet"  # empty while it is there
        self._server = server
        self._headers = with_secrets(server.headers, secret, f"the MCP server {name!r}")
        self._environment = with_secrets(server.environment, secret, f"the MCP server {name!r}")
        self._client: Client | None = None
        self._known = asyncio.Event()  # the first attempt is over
        self._news = asyncio.Event()  # look again, or connect again
        self._broken = ""
        self._task = asyncio.create_task(self._serve(), name=f"MCP server {name}")

    @property
    def connected(self) -> bool:
        """Whether its tools can be run now."""
        return self._client is not None

    async def ready(self) -> None:
        """Wait for the first list of tools, but not long."""
        try:
            async with asyncio.timeout(START_WITHIN):
                await self._known.wait()
        except TimeoutError:
            log.warning("mcp_server_slow", server=self.name, waited=START_WITHIN)

    async def aclose(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def call(self, name: str, arguments: dict[str, Any]) -> CallToolResult:
        """Raises `ToolError`."""
        from mcp.shared.exceptions import MCPError
        from mcp_types import CONNECTION_CLOSED

        if (client := self._client) is None:
            raise ToolError(f"{name} cannot be reached at the moment.")
        try:
            return await client.call_tool(name, arguments)
        except MCPError as error:
            if client is not self._client or error.code == CONNECTION_CLOSED:
                self._lost(client, error.message)
                raise ToolError(f"{name} lost its connection; it is not known whether this was done.") from error
            self._look_again()  # such as an unknown tool, or a session that the server has forgotten
            raise ToolError(f"{name}: {error.message}") from error
        except (OSError, RuntimeError) as error:  # streams that were closed under it
            self._lost(client, type(error).__name__)
            raise ToolError(f"{name} lost its connection; it is not known whether this was done.") from error

    # -- the connection -----------------------------------------------------------------------------

    async def _serve(self) -> None:
        attempt = 0
        while True:
            try:
                async with self._connected() as client:
                    attempt = 0
                    await self._stay(client)
            except asyncio.CancelledError:
                raise
            except BaseExceptionGroup as group:  # of the package's tasks
                if group.split(asyncio.CancelledError)[1] is None:
                    raise
                self._away(_reason(group))
            except Exception as error:  # noqa: BLE001 - whatever a server does: it is away
                self._away(_reason(error))
            self._known.set()
            await asyncio.sleep(AWAY[min(attempt, len(AWAY) - 1)])
            attempt += 1

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Client]:
        from mcp import Client

        async with AsyncExitStack() as stack:
            if self._server.url:
                import httpx2
                from mcp.client.streamable_http import streamable_http_client

                http = await stack.enter_async_context(
                    httpx2.AsyncClient(headers=self._headers, timeout=CONNECT_WITHIN)
                )
                transport: Any = streamable_http_client(self._server.url, http_client=http)
            else:
                from mcp import StdioServerParameters

                command, *arguments = self._server.command
                transport = StdioServerParameters(command=command, args=arguments, env=dict(self._environment))
            client = Client(transport, cache=None, message_handler=self._told)
            async with asyncio.timeout(CONNECT_WITHIN):
                await stack.enter_async_context(client)
            yield client

    async def _stay(self, client: Client) -> None:
        """List the tools now and again until the connection is lost."""
        self._broken = ""
        while not self._broken:
            self._news.clear()
            async with asyncio.timeout(CONNECT_WITHIN):
                self._take([tool async for tool in _listed(client)])
            self._client = client
            if self.problem:
                log.info("mcp_server_connected", server=self.name, tools=sorted(self.tools))
            self.problem = ""
            self._known.set()
            try:
                async with asyncio.timeout(LOOK_AGAIN):
                    await self._news.wait()
            except TimeoutError:
                pass
        raise ConnectionError(self._broken)

    def _away(self, problem: str) -> None:
        self._client, self.tools = None, {}
        if problem != self.problem:
            log.warning("mcp_server_away", server=self.name, problem=problem)
        self.problem = problem

    def _lost(self, client: Client, problem: str) -> None:
        if client is self._client:
            self._client, self._broken = None, problem
            self._news.set()

    def _look_again(self) -> None:
        self._news.set()

    async def _told(self, message: object) -> None:
        from mcp_types import ToolListChangedNotification

        if isinstance(message, ToolListChangedNotification):
            self._look_again()

    # -- what it has --------------------------------------------------------------------------------

    def _take(self, descriptions: list[Description]) -> None:
        tools: dict[str, Tool] = {}
        for description in descriptions:
            if self._server.tools and description.name not in self._server.tools:
                continue
            if len(tools) == TOOLS_AT_MOST:
                log.warning("mcp_tools_left_out", server=self.name, tools=len(descriptions), at_most=TOOLS_AT_MOST)
                break
            try:
                tool = McpTool(self, description, self._server)
            except ValueError as error:
                log.warning("mcp_tool_left_out", server=self.name, tool=description.name, problem=str(error))
                continue
            tools[tool.spec.name] = tool
        if missing := sorted(set(self._server.tools) - {each.name for each in descriptions}):
            log.warning("mcp_tools_missing", server=self.name, tools=missing)
        self.tools = tools


class McpTool:
    """Implements `Tool`."""

    def __init__(self, owner: McpTools, description: Description, server: McpServer) -> None:
        """Raises `ValueError` for a description that no model can use."""
        hints = description.annotations
        safe = description.name in server.safe if server.safe is not None else bool(hints and hints.read_only_hint)
        name = _NAME.sub("_", description.name)[:64]
        schema = dict(description.input_schema)
        self._owner = owner
        self._remote = description.name
        self._check: Check = argument_check(name, schema)
        about = description.description or description.title or description.name
        self._spec = ToolSpec(name, about, schema, safe, server.timeout)

    @property
    def spec(self) -> ToolSpec:
        return self._spec

    async def run(self, arguments: dict[str, Any], asked: Asked) -> Any:
        """See `Tool`. Structured content if there is any, else the texts; of pictures and sounds only that they are."""
        self._check(arguments)
        result = await self._owner.call(self._remote, arguments)
        text = "\n".join(_text(part) for part in result.content)
        if result.is_error:
            raise ToolError(text or f"{self.spec.name} failed.")
        if result.structured_content is not None:
            return result.structured_content
        return text or "Done."


def _text(part: Any) -> str:
    if part.type == "text":
        return str(part.text)
    resource = getattr(part, "resource", None)
    return str(getattr(resource, "text", "") or f"[{part.type}, which cannot be told on the telephone]")


async def _listed(client: Client) -> AsyncIterator[Description]:
    cursor = None
    while True:
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools:
            yield tool
        if not (cursor := page.next_cursor):
            return


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_WITHIN:g} s"
    return f"{type(error).__name__}: {error}".rstrip(": ")
