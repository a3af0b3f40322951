"""The HTTP server: uvicorn, with an end that lets calls finish and limits on what strangers may cost us."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import structlog
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from phoneagent.call.switchboard import Switchboard
from phoneagent.errors import PhoneagentError
from phoneagent.web.api.events import MOST_STREAMS
from phoneagent.web.frames import QuickFrames
from phoneagent.web.media import MESSAGE_LIMIT

from .connections import Connections
from .siblings import Siblings
from .workers import Place

log = structlog.stdlib.get_logger(__name__)

BACKLOG = 256  # connections that wait to be accepted: several seconds of the calls that one process could take
KEEP_ALIVE = (
    75  # seconds; longer than the 60 after which nginx drops its idle connections, so that the proxy goes first
)
CLOSING = 3  # seconds for requests and calls to end after their connections were closed; calls take two at most
SOCKETS_A_CALL = 4  # its media stream, its webhooks, and what a proxy keeps open for the next ones
SPARE_SOCKETS = 100  # health checks, metrics, an API client

MOVE_WITHIN = 30.0  # seconds for calls to be left to other processes: a long answer, and the caller's next turn

HEAD_LIMIT = (
    32 * 1024
)  # bytes of a request's line and headers; Twilio's have one thousand, browsers' cookies may have 8
MOST_HEADERS = (
    100  # of a request, as Apache has it; Twilio's have fifteen, and each is looked through for every one asked
)
REQUEST_LIMIT = 1024 * 1024  # bytes of a whole request; nobody takes more than 64 kB of a body, but trailers may follow
REQUEST_WITHIN = 10.0  # seconds for a whole request to arrive; Twilio's come in one piece
TAKEN_WITHIN = 30.0  # seconds in which a client must take a piece of what it asked for

ALWAYS = (b"/twilio/", b"/healthz", b"/readyz")
"""Answered however many others ask: calls, whose signature is all that strangers get to, and looks at our health."""

HEAD_TOO_LARGE = b"431 Request Header Fields Too Large"  # RFC 6585, section 5
TOO_LARGE = b"413 Content Too Large"


async def too_busy(_: Scope, __: Receive, send: Send) -> None:
    """An application that refuses each request, of which the next may find room."""
    headers = [(b"content-type", b"text/plain"), (b"retry-after", b"5"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b"Too many requests are being answered\n"})


class BoundedRequests(HttpToolsProtocol):
    """A connection whose requests must be small in the head, come to their end in time, and be taken when answered.

    uvicorn has such limits for h11 only: with httptools a single peer could send headers until memory is full. Its
    limit of connections counts those that send nothing, so that a few hundred of them would keep everybody else out.
    """

    def __init__(self, *arguments: Any, connections: Connections, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._connections = connections
        self._head: int | None = 0  # bytes so far; None in the body
        self._size = 0  # bytes of this request so far
        self._overdue: asyncio.TimerHandle | None = None
        self._not_taken: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        super().connection_made(transport)
        self._expect_request()
        self._connections.waits(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.gone(self)
        self._request_complete()
        self._taken_up()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        while data and not self.transport.is_closing() and self.transport.get_protocol() is self:
            piece, data = data, b""
            if self._head is not None:  # by itself, so that no more of it is parsed than it may have
                room = HEAD_LIMIT - self._head
                if room <= 0:
                    self._refuse(HEAD_TOO_LARGE, "request_head_too_large", HEAD_LIMIT)
                    return
                piece, data = piece[:room], piece[room:]
                self._head += len(piece)
            if self._size > REQUEST_LIMIT:  # all that came before this piece, and it has no end
                self._refuse(TOO_LARGE, "request_too_large", REQUEST_LIMIT)
                return
            self._size += len(piece)
            super().data_received(piece)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._overdue is None:
            self._expect_request()

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) < MOST_HEADERS:
            super().on_header(name, value)
        elif not self.transport.is_closing():
            self._refuse(HEAD_TOO_LARGE, "too_many_headers", MOST_HEADERS)

    def on_headers_complete(self) -> None:
        self._head = None
        if self.transport.is_closing():  # it was refused
            self.app = too_busy
        else:
            full = self._connections.crowded and not self.url.startswith(ALWAYS)
            self.app = too_busy if full else self.config.loaded_app
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head = self._size = 0
        self._request_complete()
        super().on_message_complete()
        if self.cycle is not None and not self.cycle.response_complete:
            self._connections.is_served(self)

    def on_response_complete(self) -> None:
        if self.cycle.response_complete and not self.cycle.more_body:
            self._connections.waits(self)
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        self._connections.gone(self)
        self._request_complete()
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._not_taken = self.loop.call_later(TAKEN_WITHIN, self.transport.abort)
        self._connections.waits(self)

    def resume_writing(self) -> None:
        self._taken_up()
        if not self.cycle.response_complete:
            self._connections.is_served(self)
        super().resume_writing()

    def _refuse(self, status: bytes, event: str, limit: int) -> None:
        log.warning(event, limit=limit, stranger=True)
        if self.cycle is None or self.cycle.response_complete:  # else it would stand in the middle of an answer
            self.transport.write(b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        self.transport.close()

    def _expect_request(self) -> None:
        self._overdue = self.loop.call_later(REQUEST_WITHIN, self._give_up)

    def _request_complete(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def _taken_up(self) -> None:
        if self._not_taken is not None:
            self._not_taken.cancel()
            self._not_taken = None

    def _give_up(self) -> None:
        self._overdue = None
        self.transport.close()


class SharedRequests(BoundedRequests):
    """A connection of one of several workers: each of its requests may be for another one, and goes there with it."""

    def __init__(
        self, *arguments: Any, siblings: Siblings, leaving: Callable[[], bool], taken: bytes = b"", **named: Any
    ) -> None:
        """`taken`: what a sibling has read from it; that is for us."""
        super().__init__(*arguments, **named)
        self._siblings = siblings
        self._leaving = leaving
        self._taken = taken

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        super().connection_made(transport)
        if self._taken:
            super().data_received(self._taken)

    def data_received(self, data: bytes) -> None:
        if self._between_requests and self._siblings.hand_on(
            data, self.transport.get_extra_info("socket").fileno(), leaving=self._leaving()
        ):
            self.transport.close()  # our descriptor of it
            return
        super().data_received(data)

    @property
    def _between_requests(self) -> bool:
        answered = self.cycle is None or self.cycle.response_complete
        return self._head == 0 and answered and not self.transport.get_write_buffer_size()


class Server(uvicorn.Server):
    """Ends in steps: the first signal refuses new calls and waits for those in progress; those that last longer are
    left to other processes, each at its moment; a second signal ends them.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        board: Switchboard,
        *,
        drain_within: float,
        started: Callable[[], None],
        place: Place | None = None,
        siblings: Siblings | None = None,
    ) -> None:
        """`drain_within`: seconds that calls may go on after the first signal. `started` is called once it listens.

        A worker has a `place` among `siblings`. When it loses that, it leaves new connections to them, and drains.
        """
        super().__init__(config)
        self._place = place
        self._siblings = siblings
        self._taking: set[asyncio.Task[None]] = set()
        self._told_ready = place is None
        self._board = board
        self._drain_within = drain_within
        self._listens = started
        self._drained_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        if self._place is not None:
            self._place.watch(asyncio.get_running_loop(), self._retire)
        if self._siblings is not None:
            self._siblings.open(self._take)
        self._listens()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        self._board.closing = True
        if self._siblings is not None:
            self._siblings.close()
        await super().shutdown(sockets)

    def _take(self, connection: socket.socket, taken: bytes) -> None:
        taking = asyncio.create_task(self._serve_taken(connection, taken), name="take connection")
        self._taking.add(taking)
        taking.add_done_callback(self._taking.discard)

    async def _serve_taken(self, connection: socket.socket, taken: bytes) -> None:
        connection.setblocking(False)
        connection_class: Any = self.config.http_protocol_class
        state = self.lifespan.state

        def protocol() -> asyncio.Protocol:  # as `startup` makes them
            made: asyncio.Protocol = connection_class(
                config=self.config, server_state=self.server_state, app_state=state, taken=taken
            )
            return made

        try:
            await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)
        except OSError as error:  # its other side has gone on the way
            log.info("not_taken", problem=str(error))
            connection.close()

    def _retire(self) -> None:
        for listening in self.servers:
            listening.close()
        self._board.draining = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal. Only sets flags: it can come in the middle of anything, of a log line too."""
        if self._board.draining:
            self.should_exit = self.force_exit = True
        self._board.draining = True

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop; asked ten times a second."""
        over = await super().on_tick(counter)
        if self._place is not None and not self._told_ready and self._board.ready:
            self._told_ready = True
            self._place.is_ready()
        if self._siblings is not None:
            self._siblings.tell(self._board.calls, welcome=self._board.ready)
        if not self._board.draining:
            return over
        now = asyncio.get_running_loop().time()
        if self._drained_at is None:
            self._drained_at = now + self._drain_within
            log.info("draining", calls=self._board.calls, seconds=self._drain_within)
        late = now >= self._drained_at and (not self._board.move() or now >= self._drained_at + MOVE_WITHIN)
        return over or late or self._board.deserted


def configuration(app: Any, *, max_calls: int, siblings: Siblings | None = None) -> uvicorn.Config:
    """How uvicorn runs this application. To be made after logging is configured."""
    sockets = SOCKETS_A_CALL * max_calls + SPARE_SOCKETS
    connections = Connections(most_waiting=sockets, most_served=sockets + MOST_STREAMS)
    http: Any = partial(BoundedRequests, connections=connections)
    if siblings is not None:
        board: Switchboard = app.state.switchboard
        http = partial(SharedRequests, connections=connections, siblings=siblings, leaving=lambda: board.draining)
    return uvicorn.Config(
        app,
        http=http,
        ws=QuickFrames,
        ws_max_size=MESSAGE_LIMIT,
        ws_per_message_deflate=False,  # Twilio does not offer it; μ-law in base64 would only cost time
        lifespan="off",  # entered by ourselves, so that an error in it is ours to report
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who is whom is said by signatures and keys, never by headers
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=CLOSING,
    )


def listen(host: str, port: int) -> socket.socket:
    """Bind, before anything slow is done. Raises `PhoneagentError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host.strip("[]"), port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        reason = str(error.args[-1]).partition(" (while")[0]  # the address would be said twice
        raise PhoneagentError(f"cannot listen on {host} port {port}: {reason}") from error
    # asyncio does this only for sockets it made itself; with Nagle's algorithm small messages wait for 40 ms
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
