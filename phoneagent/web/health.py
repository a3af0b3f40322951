"""Is it alive, can it take a call, and how does it do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from phoneagent.call.switchboard import Switchboard
from phoneagent.errors import StoreError
from phoneagent.ports import Store

from .doors import ApiKeys

PING = 0.5  # seconds the store gets to answer


class Health:
    """Endpoints for orchestrators and Prometheus."""

    def __init__(
        self,
        switchboard: Switchboard,
        store: Store,
        render: Callable[[], tuple[bytes, str]],
        keys: ApiKeys,
        tool_servers: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """`tool_servers`: by name, `ok` or `away`."""
        self._switchboard = switchboard
        self._store = store
        self._render = render
        self._keys = keys
        self._tool_servers = tool_servers

    async def alive(self, _: Request) -> Response:
        """The process runs."""
        return PlainTextResponse("ok\n")

    async def ready(self, _: Request) -> Response:
        """Whether a new call is welcome: 503 while draining or full. A store or a server with tools that is away is
        said, and no obstacle.
        """
        board = self._switchboard
        body: dict[str, object] = {
            "ready": board.ready,
            "calls": board.calls,
            "draining": board.draining,
            "full": board.full,
            "store": "ok" if await self._store_answers() else "away",
        }
        if servers := self._tool_servers():
            body["mcp"] = dict(servers)
        return JSONResponse(body, status_code=200 if board.ready else 503)

    async def metrics(self, request: Request) -> Response:
        """Prometheus. With an API key that has the scope `admin`, or from this machine if none is set."""
        try:
            holder = await self._keys.holder(request)
        except StoreError:
            return PlainTextResponse("The store, which has the API keys, is away\n", 503)
        if holder is None:
            return PlainTextResponse("API key missing or wrong\n", 401, headers={"WWW-Authenticate": "Bearer"})
        if "admin" not in holder.scopes:
            return PlainTextResponse("expected an API key with the scope admin\n", 403)
        body, media_type = self._render()
        return Response(body, media_type=media_type)

    async def _store_answers(self) -> bool:
        try:
            async with asyncio.timeout(PING):
                await self._store.ping()
        except (TimeoutError, StoreError):
            return False
        return True
