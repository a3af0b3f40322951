"""Tools of MCP servers (Model Context Protocol), through its official package."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import structlog

from phoneagent.errors import SettingsError, ToolError
from phoneagent.plain_text import decoded
from phoneagent.records import McpServer, ToolSpec

from .box import Asked, Tool
from .reserved import with_own_values
from .schema import Check, argument_check
from .secret_names import with_secrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcp import Client
    from mcp_types import CallToolResult
    from mcp_types import Tool as Description

log = structlog.stdlib.get_logger(__name__)

CONNECT_WITHIN = 10.0  # seconds for connecting, and for the list of tools; a program may have a lot to import
START_WITHIN = 5.0  # seconds that the start of our process waits for one; it goes on in the background
LOOK_AGAIN = 30.0  # seconds after which the tools are listed anew: whether it is still there, and what it has now
AWAY = (0.1, 1.0, 2.0, 5.0, 15.0, 30.0)  # seconds between attempts while a server is away
BACK_WITHIN = 3.0  # seconds that a tool waits for a connection that was lost just now
CLOSE_WITHIN = 8.0  # seconds; the package gives a program six and a half to end, then kills it
QUOTED = 300  # characters of what a server says is wrong
LONGEST_ERROR = 2_000  # characters of what a tool says is wrong; the model may mend it
TOOLS_AT_MOST = 100  # of one server; models are lost among more, and read them all with every request
FORGOTTEN = (
    "Session terminated"  # what the package makes of a server that does not know our session, as after its restart
)
LOST = "lost its connection; it is not known whether this was done"


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
        self.missing: tuple[str, ...] = ()  # that are wanted by name
        self.left_out: Mapping[str, str] = {}  # that it has, and why nobody can use them
        self._server = server
        self._headers = with_secrets(server.headers, secret, f"the MCP server {name!r}")
        self._environment = with_secrets(server.environment, secret, f"the MCP server {name!r}")
        self._client: Client | None = None
        self._descriptions: list[Description] | None = None
        self._known = asyncio.Event()  # the first attempt is over
        self._there = asyncio.Event()  # it is connected
        self._news = asyncio.Event()  # look again, or connect again
        self._broken = ""
        self._attempts = 0  # since it was there
        self._task = asyncio.create_task(self._serve(), name=f"MCP server {name}")

    def is_for(self, name: str, server: McpServer) -> bool:
        """Whether it is this one, so that agents can share it."""
        return (self.name, self._server) == (name, server)

    @property
    def connected(self) -> bool:
        """Whether its tools can be run now."""
        return self._client is not None

    async def ready(self, within: float = START_WITHIN) -> None:
        """Wait for the first list of tools, but not longer than so many seconds."""
        try:
            async with asyncio.timeout(within):
                await self._known.wait()
        except TimeoutError:
            log.warning("mcp_server_slow", server=self.name, waited=within)

    async def aclose(self) -> None:
        self._task.cancel()
        _, unfinished = await asyncio.wait([self._task], timeout=CLOSE_WITHIN)
        if unfinished:
            log.warning("mcp_server_does_not_end", server=self.name, waited=CLOSE_WITHIN)
            self._task.cancel()
            await asyncio.wait([self._task])

    async def call(self, name: str, arguments: dict[str, Any], *, safe: bool) -> CallToolResult:
        """Run a tool; once more, when the connection was lost and that does no harm. Raises `ToolError`."""
        for again in (False, True):
            client = await self._connection(name)
            try:
                return await self._asked(client, name, arguments)
            except _Lost as lost:
                self._lost(client, str(lost))
                if again or not (safe or lost.undone):
                    raise ToolError(f"{name} {LOST}.") from lost
        raise AssertionError("the second attempt returns or raises")

    async def _asked(self, client: Client, name: str, arguments: dict[str, Any]) -> CallToolResult:
        """Raises `_Lost` and `ToolError`."""
        from mcp.shared.exceptions import MCPError
        from mcp_types import CONNECTION_CLOSED, INVALID_REQUEST, PARSE_ERROR

        try:
            return await client.call_tool(name, arguments)
        except MCPError as error:
            forgotten = error.code == INVALID_REQUEST and error.message == FORGOTTEN
            if forgotten or error.code == CONNECTION_CLOSED or client is not self._client:
                raise _Lost(error.message, undone=forgotten) from error
            self._look_again()  # for it may not know the tool any more
            if error.code == PARSE_ERROR:
                too_large = "the answer is larger" in error.message
                told = error.message.rpartition(": ")[2] if too_large else "the answer is not by the protocol"
                raise ToolError(f"{name}: {told}.") from error
            raise ToolError(f"{name}: {error.message[:QUOTED].rstrip('.')}.") from error
        except ValueError as error:  # pydantic's: a result that is none
            raise ToolError(f"{name}: the answer is not by the protocol.") from error
        except RuntimeError as error:
            if client is not self._client:
                raise _Lost(type(error).__name__) from error
            raise ToolError(f"{name}: the answer is not what the server says that it is.") from error

    async def _connection(self, name: str) -> Client:
        try:
            async with asyncio.timeout(BACK_WITHIN):
                while self._client is None:
                    await self._there.wait()
        except TimeoutError as error:
            raise ToolError(f"{name} cannot be reached at the moment.") from error
        return self._client

    # -- the connection -----------------------------------------------------------------------------

    async def _serve(self) -> None:
        while True:
            try:
                async with self._connected() as client:
                    await self._stay(client)
            except asyncio.CancelledError:
                raise
            except BaseExceptionGroup as group:  # of the package's tasks
                if group.split(asyncio.CancelledError)[1] is None:
                    raise
                self._away(_reason(group))
            except Exception as error:  # noqa: BLE001 - whatever a server does: it is away
                self._away(_reason(error))
            await asyncio.sleep(AWAY[min(self._attempts, len(AWAY) - 1)])
            self._attempts += 1

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Client]:
        await asyncio.to_thread(import_module, "phoneagent.toolbox.mcp_transports")
        from mcp import Client

        from .mcp_transports import by_program, over_http

        if self._server.url:
            way = over_http(self._server.url, self._headers)
        else:
            way = by_program(self.name, self._server.command, self._environment)
        client = Client(way, cache=None, message_handler=self._told)
        async with asyncio.timeout(CONNECT_WITHIN):
            await client.__aenter__()
        try:
            yield client
        finally:
            await client.__aexit__(None, None, None)

    async def _stay(self, client: Client) -> None:
        """List the tools now and again until the connection is lost."""
        self._broken = ""
        listening = asyncio.create_task(self._listen(client), name=f"news of {self.name}")
        try:
            while not self._broken:
                self._news.clear()
                async with asyncio.timeout(CONNECT_WITHIN):
                    await self._take([tool async for tool in _listed(client)])
                if not self._broken:
                    self._is_there(client)
                try:
                    async with asyncio.timeout(LOOK_AGAIN):
                        await self._news.wait()
                except TimeoutError:
                    pass
        finally:
            listening.cancel()
            await asyncio.wait([listening])
        raise ConnectionError(self._broken)

    async def _listen(self, client: Client) -> None:
        """Look again when the server says so, by the newer protocol; by the older one `_told` is told unasked."""
        from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
        from mcp.shared.exceptions import MCPError

        try:
            async with client.listen(tools_list_changed=True) as subscription:
                async for _ in subscription:
                    self._look_again()
        except (ListenNotSupportedError, SubscriptionLost, MCPError):
            return  # then the next look finds out, in LOOK_AGAIN seconds

    def _is_there(self, client: Client) -> None:
        if self.problem:
            log.info("mcp_server_connected", server=self.name, tools=sorted(self.tools))
        self.problem, self._attempts, self._client = "", 0, client
        self._known.set()
        self._there.set()

    def _away(self, problem: str) -> None:
        self._client = None
        self._there.clear()
        if self._attempts:  # else it was there until now, and may be so again at once
            self.tools, self._descriptions = {}, None
        if problem != self.problem:
            log.warning("mcp_server_away", server=self.name, problem=problem)
        self.problem = problem
        self._known.set()

    def _lost(self, client: Client, problem: str) -> None:
        if client is self._client:
            self._client, self._broken = None, problem
            self._there.clear()
            self._news.set()

    def _look_again(self) -> None:
        self._news.set()

    async def _told(self, message: object) -> None:
        from mcp_types import ToolListChangedNotification

        if isinstance(message, ToolListChangedNotification):
            self._look_again()
        elif isinstance(message, Exception):
            log.warning("mcp_message_not_understood", server=self.name, error=type(message).__name__)

    # -- what it has --------------------------------------------------------------------------------

    async def _take(self, descriptions: list[Description]) -> None:
        if descriptions == self._descriptions:
            return
        if missing := sorted(set(self._server.tools) - {each.name for each in descriptions}):
            log.warning("mcp_tools_missing", server=self.name, tools=missing)
        self.missing = tuple(missing)
        wanted = [each for each in descriptions if not self._server.tools or each.name in self._server.tools]
        if len(wanted) > TOOLS_AT_MOST:
            log.warning("mcp_tools_left_out", server=self.name, tools=len(wanted), at_most=TOOLS_AT_MOST)
        # In a thread: to check a hundred schemas takes a tenth of a second, in which no call may stand still.
        self.tools = await asyncio.to_thread(self._made, wanted[:TOOLS_AT_MOST])
        self._descriptions = descriptions

    def _made(self, descriptions: list[Description]) -> Mapping[str, Tool]:
        tools: dict[str, Tool] = {}
        left_out: dict[str, str] = {}
        for description in descriptions:
            try:
                tool = McpTool(self, description, self._server)
            except ValueError as error:
                left_out[description.name] = str(error)
                continue
            if tool.spec.name in tools:
                left_out[description.name] = f"another is called {tool.spec.name} too"
                continue
            tools[tool.spec.name] = tool
        for name, problem in left_out.items():
            log.warning("mcp_tool_left_out", server=self.name, tool=name, problem=problem)
        self.left_out = left_out
        return tools


class _Lost(Exception):
    """A connection is gone. `undone`: what was asked was certainly not done."""

    def __init__(self, problem: str, *, undone: bool = False) -> None:
        super().__init__(problem)
        self.undone = undone


class McpTool:
    """Implements `Tool`."""

    def __init__(self, owner: McpTools, description: Description, server: McpServer) -> None:
        """Raises `ValueError` for a description that no model can use."""
        hints = description.annotations
        safe = description.name in server.safe if server.safe is not None else bool(hints and hints.read_only_hint)
        name = server.offered(description.name)
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
        arguments = with_own_values(arguments, self._spec.name, asked)
        result = await self._owner.call(self._remote, arguments, safe=self._spec.safe)
        text = "\n".join(_text(part) for part in result.content)
        if result.is_error:
            raise ToolError(text[:LONGEST_ERROR] or f"{self.spec.name} failed.")
        if result.structured_content is not None:
            return result.structured_content
        return text or "Done."


def _text(part: Any) -> str:
    if part.type == "text":
        return str(part.text)
    resource = getattr(part, "resource", None)
    return _text_of(resource) or f"[{part.type}, which cannot be told on the telephone]"


def _text_of(resource: Any) -> str:
    """Of a resource that is text, also where it came as bytes."""
    if text := getattr(resource, "text", ""):
        return str(text)
    kind, _, charset = str(getattr(resource, "mime_type", "") or "").lower().partition(";")
    if not kind.strip().startswith("text/") and kind.strip() != "application/json":
        return ""
    try:
        return decoded(b64decode(getattr(resource, "blob", "") or "", validate=True), charset.partition("charset=")[2])
    except ValueError:  # no base64, or no text
        return ""


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
    if type(error) in (ConnectionError, FileNotFoundError):  # in our own words
        return str(error)
    if isinstance(error, ValueError):  # pydantic's, which quotes what it was given
        return "its list of tools is not by the protocol"
    return f"{type(error).__name__}: {error}".rstrip(": ")
