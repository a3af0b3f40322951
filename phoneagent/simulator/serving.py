"""What the simulated providers have in common: a server on loopback, its connections, and faults that strike them.

Starlette on uvicorn, as in the product, because ElevenLabs serves HTTP and WebSockets under one address. uvicorn's two
protocol classes are extended by what a server normally need not know: when the client last sent a ping, and the
transport, which a fault cuts.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, ClassVar, Self

from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

from .faults import Attempt, Fault, Faults
from .frame_cutter import BINARY, FrameCutter
from .latency import Latencies
from .local_server import LocalServer
from .timeline import Timeline

GOODBYE = 0.3  # seconds that clients get to answer a close before their connections are cut
END_OF_HEAD = b"\r\n\r\n"
GARBAGE = "%!{ this is not JSON"


class ProviderServer(LocalServer, ABC):
    """A provider on loopback: `async with Server(...) as server: ... server.url`.

    `faults` and `latencies` may be changed while it runs. Leaving the block takes less than a second, whatever the
    clients do, and leaves no task and no socket.
    """

    name: ClassVar[str]
    scheme: ClassVar[str] = "http"

    def __init__(
        self,
        *,
        latencies: Latencies | None = None,
        faults: Faults | None = None,
        timeline: Timeline | None = None,
        port: int = 0,
    ) -> None:
        """`port`: 0 takes a free one."""
        super().__init__(
            Starlette(routes=self.routes()),
            port=port,
            http=_Http,
            ws=_WebSocket,
            ws_ping_interval=None,  # none of the three sends pings
            timeout_keep_alive=300,  # seconds; cloud providers keep a pooled connection for minutes
        )
        self.latencies = latencies or Latencies()
        self.faults = faults or Faults()
        self.timeline = timeline or Timeline()
        self.connections: set[Connection] = set()
        self._count = 0

    @property
    def connections_opened(self) -> int:
        """How many connections and requests there have been."""
        return self._count

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """What the server answers."""

    @abstractmethod
    def refusal(self, fault: Fault) -> Response:
        """A refusal in this provider's own words."""

    @abstractmethod
    def problem(self, fault: Fault) -> bytes:
        """An error in the middle of a connection, in this provider's own words."""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self.url = self.url.replace("http", self.scheme, 1)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Not uvicorn's own shutdown, which waits for answers that are under way and for clients that do not read.
        state = self._server.server_state
        for server in self._server.servers:
            server.close()
        for protocol in list(state.connections):
            protocol.shutdown()
            if isinstance(protocol, _Http):
                protocol.transport.abort()  # an answer that is under way would otherwise be waited for
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=GOODBYE)
        for protocol in list(state.connections):
            protocol.transport.abort()  # whoever does not read cannot be said goodbye to
        if state.tasks:
            await asyncio.wait(state.tasks)  # they end with their connections
        while state.connections:  # noqa: ASYNC110  # they are told in the loop's next turn; there is no event to wait for
            await asyncio.sleep(0)
        for server in self._server.servers:
            await server.wait_closed()

    def open(self, client: HTTPConnection, *, model: str = "") -> Connection:
        """Take note of a connection (or request) and decide what will go wrong with it."""
        self._count += 1
        fault = self.faults.choose(Attempt(self._count, client.url.path, model))
        return Connection(self, self._count, client, fault)

    def stream(
        self, connection: Connection, pieces: AsyncGenerator[bytes], *, media_type: str, headers: Mapping[str, str]
    ) -> Response:
        """Answer an HTTP request piece by piece. The pieces are no longer taken once the client is gone."""
        return _Stream(_under_faults(connection, pieces), media_type=media_type, headers=headers)


class Connection:
    """A client's connection, or its request, as faults see it."""

    def __init__(self, server: ProviderServer, number: int, client: HTTPConnection, fault: Fault | None) -> None:
        self.server = server
        self.number = number
        self.path = client.url.path
        self.fault = fault
        self.opened = asyncio.get_running_loop().time()
        self.sent = 0
        self.struck: Fault | None = None
        self._client = client
        self._on_strike: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def delay(self) -> float:
        """Seconds by which everything is late."""
        return self.fault.seconds if self.fault is not None and self.fault.kind == "slow" else 0.0

    @property
    def refused(self) -> Fault | None:
        return self.fault if self.fault is not None and self.fault.kind == "refuse" else None

    @property
    def unharmed(self) -> bool:
        """Whether nothing goes wrong with it, nor will."""
        return self.fault is None and self.struck is None

    @property
    def last_ping(self) -> float:
        """The loop's time of the client's last ping, or 0."""
        return float(getattr(self._client.state, "pinged", 0.0))

    def suffers(self, kind: str) -> bool:
        return self.fault is not None and self.fault.kind == kind

    def record(self, what: str, **data: Any) -> None:
        self.server.timeline.record(self.server.name, self.number, what, data)

    def inflict(self, fault: Fault) -> None:
        """Let a fault strike an open connection now."""
        self.struck = fault
        self.record("fault", kind=fault.kind)
        if fault.kind == "drop":
            self.cut()
        if fault.kind == "freeze":
            self.freeze()
        if self._on_strike is not None:
            self._on_strike()

    def next_strike(self) -> Fault | None:
        """Called before each thing that is sent: the fault that takes its place."""
        self.sent += 1
        fault = self.fault
        timed = fault is None or fault.after is not None
        if fault is not None and fault.strikes and not timed and self.sent == (fault.at_event or 1):
            self.inflict(fault)
        struck = self.struck
        if struck is not None and struck.kind == "garbage":
            self.struck = None
        return struck

    def deliver_to(self, take: Callable[[bytes], None]) -> None:
        """Of a WebSocket that is accepted: give binary messages to `take` as they come, if no text waits before."""
        self._client.state.socket.deliver_to(take)

    def write_text(self, payload: bytes) -> bool:
        """Send a text message on it at once. False if that is not possible."""
        return bool(self._client.state.socket.write_text(payload))

    def cut(self) -> None:
        self._client.state.transport.abort()

    def freeze(self) -> None:
        self._client.state.transport.pause_reading()

    def start(self, on_strike: Callable[[], None] | None = None) -> None:
        """The connection is open: faults that come with time begin to run."""
        self._on_strike = on_strike
        self.server.connections.add(self)
        if self.fault is not None and self.fault.strikes and self.fault.after is not None:
            self._timer = asyncio.get_running_loop().call_later(self.fault.after, self.inflict, self.fault)

    def finish(self) -> None:
        self.server.connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()


async def _under_faults(connection: Connection, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    connection.start()
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                struck = connection.next_strike()
                if struck is None:
                    yield piece
                elif struck.kind == "garbage":
                    yield f"data: {GARBAGE}\n\n".encode()
                elif struck.kind == "error":
                    yield connection.server.problem(struck)
                    return
                else:
                    if struck.kind == "close":
                        connection.cut()
                    # Cut, or silent from now on: until the client is gone, which cancels this.
                    await asyncio.get_running_loop().create_future()
    finally:
        connection.finish()


class _Stream(StreamingResponse):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._body):  # Starlette leaves that to the garbage collector when the client goes away
            await super().__call__(scope, receive, send)

    def __init__(self, body: AsyncGenerator[bytes], *, media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(body, media_type=media_type, headers=headers)
        self._body = body


class _Http(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _WebSocket(WebSocketsSansIOProtocol):
    """uvicorn stops and starts reading around each message: two system calls and a task switch, 12 times a second.

    So does not what is delivered to somebody who asked for it.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._take: Callable[[bytes], None] | None = None
        self._cutter: FrameCutter | None = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["state"]["socket"] = self

    def data_received(self, data: bytes) -> None:
        if self._cutter is not None:
            self._cutter.feed(data)
            return
        super().data_received(data)
        # What came behind the request is in the library's hands, whole or not.
        if self.handshake_initiated and data.endswith(END_OF_HEAD):
            self._cutter = FrameCutter(BINARY, masked=True, take=self._audio_received, rest=super().data_received)

    def _audio_received(self, audio: bytes) -> None:
        if self.close_sent:
            return
        if self._take is None or not self.queue.empty():
            self.queue.put_nowait({"type": "websocket.receive", "bytes": audio})
        else:
            self._take(audio)

    def deliver_to(self, take: Callable[[bytes], None]) -> None:
        """Give binary messages to `take` as they come, unless others wait before them."""
        self._take = take

    def write_text(self, payload: bytes) -> bool:
        """Send a text message at once. False if the network does not take any now, or never will."""
        if not self.writable.is_set() or self.transport.is_closing() or self.conn.state is not State.OPEN:
            return False
        self.conn.send_text(payload)
        self.transport.write(b"".join(self.conn.data_to_send()))
        return True

    def handle_ping(self) -> None:
        super().handle_ping()
        self.scope["state"]["pinged"] = self.loop.time()
