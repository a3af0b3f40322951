"""An ASGI application on loopback, inside a running event loop."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Any, Self

import uvicorn


class LocalServer:
    """Serves `app` on 127.0.0.1 while its block is open: `async with LocalServer(app) as server: ... server.url`."""

    def __init__(self, app: Any, *, port: int = 0, **settings: Any) -> None:
        """`app`: an ASGI application; it gets no lifespan events. `port` 0: a free one. `settings`: more of uvicorn."""
        defaults: dict[str, Any] = {
            "ws": "websockets-sansio",
            "timeout_graceful_shutdown": 2,
            "timeout_keep_alive": 300,  # seconds; uvicorn's 5 drop pooled connections that are about to be used
        }
        self._config = uvicorn.Config(
            app,
            loop="none",
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            **(defaults | settings),
        )
        self._port = port
        self.url = ""

    async def __aenter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", self._port))
        # asyncio does this only for sockets it made itself; with Nagle's algorithm small messages wait for 40 ms
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        if not self._config.loaded:  # a server may be opened again, at the same address
            self._config.load()
        self._server = uvicorn.Server(self._config)
        # Only the first and the last step of `Server.serve`: what lies between handles signals and wakes ten times a
        # second, and both belong to the process, not to a server in it.
        self._server.lifespan = self._config.lifespan_class(self._config)
        await self._server.startup(sockets=[self._listener])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._server.shutdown(sockets=[self._listener])
