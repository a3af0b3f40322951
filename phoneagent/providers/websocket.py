"""A client's WebSocket to a provider: opened within a deadline, written to without waiting, closed within a second.

The vendors' own sockets are not used: Deepgram's takes up to 20 s to leave and builds a pydantic model a message,
ElevenLabs has none for asyncio. The wire protocols are theirs.

Connecting, proxies, TLS, pings, fragments and closing are the library's business. What a call has fifty times a second
goes a short way past it: our audio, framed here and written, and a provider's whole text frame, given to whom it
concerns in the callback that has read it. The library's way costs twice the CPU: a generator a frame, and for what
comes in also a queue and a task switch.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.frames import DATA_OPCODES, Frame
from websockets.protocol import Event, State

from phoneagent.errors import ProviderError

try:
    from websockets.speedups import apply_mask
except ImportError:  # built without a compiler
    from websockets.utils import apply_mask

CONNECT_WITHIN = 3.0  # seconds for TCP, TLS and upgrade; a good connection takes 0.1 to 0.3
RETRY_DELAYS = (0.0, 0.1, 0.3, 1.0)  # seconds before each new attempt: the first at once, then what Deepgram advises
STABLE_AFTER = 10.0  # seconds; a socket that lived this long was no failed attempt
CLOSE_WITHIN = 0.5  # seconds for the closing handshake; the ports allow a second for everything
PING_EVERY = 5.0  # seconds; with as long for the pong, a half-open socket is noticed within ten
WRITE_LIMIT = 16_000  # bytes that the network has not taken: two seconds of audio
LARGEST_MESSAGE = 4 * 1024 * 1024  # bytes; a minute of μ-law in base64 is 0.64 MB
PERMANENT_STATUSES = frozenset({400, 401, 402, 403, 404, 422})  # wrong key, no credit, unknown model or voice
ACCOUNT_STATUSES = frozenset({401, 402, 403})
POLICY_VIOLATION = 1008  # close code for input that will be refused again
QUOTED_HEADERS = ("dg-error", "dg-request-id", "request-id")  # what the vendors' support asks for
QUOTED_BODY = 300  # characters

WHOLE_TEXT, WHOLE_BINARY = 0x81, 0x82  # FIN and the opcode, no extension: RFC 6455, section 5.2
MASKED = 0x80
MEDIUM, LONG = 126, 127  # lengths that say that the length follows, in two or in eight bytes
BLANK_LINE = b"\r\n\r\n"  # ends the answer to the upgrade

_library_log = logging.getLogger("phoneagent.websockets")
_library_log.setLevel(logging.INFO)  # at DEBUG the library writes the handshake, and the key in it, into the log


def websocket_url(base: str) -> str:
    """A provider's base as `ws://` or `wss://`, without a slash at its end; people give either kind."""
    base = base.rstrip("/")
    return f"ws{base[4:]}" if base.startswith("http") else base


def http_url(base: str) -> str:
    """A provider's base as `http://` or `https://`, without a slash at its end."""
    base = base.rstrip("/")
    return f"http{base[2:]}" if base.startswith("ws") else base


def jittered(delay: float) -> float:
    """Spread reconnects, so that a provider's restart is not met by all calls in the same millisecond."""
    return delay * random.uniform(0.75, 1.25)


@cache
def tls() -> ssl.SSLContext:
    """One for all sockets: reading the certificate authorities takes 40 ms and 0.8 MB, which each would pay anew."""
    return ssl.create_default_context()


class ProviderSocket(ClientConnection):
    """What `open_websocket` returns. Messages are given to `listen`'s callback as the bytes that came."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._receive: Callable[[bytes], None] | None = None
        self._early: list[bytes] = []  # came before anybody listened
        self._defect: Exception | None = None
        self._fragments: list[bytes] = []
        self._tail = b""  # the beginning of a frame whose rest has not come
        self._by_library = False  # where frames begin is not known here

    # -- up -----------------------------------------------------------------------------------------

    @property
    def writable(self) -> bool:
        """The socket is open, and less waits in it than the `write_limit` it was opened with."""
        return not self.paused and self.protocol.state is State.OPEN

    def send_now(self, message: str | bytes) -> None:
        """Write without waiting and without a task switch; a socket that is closing drops the message.

        Who calls it bounds what is written: see `writable`.
        """
        if self.protocol.state is not State.OPEN:
            return
        first, payload = (WHOLE_BINARY, message) if isinstance(message, bytes) else (WHOLE_TEXT, message.encode())
        size = len(payload)
        if size < MEDIUM:
            head = bytes((first, MASKED | size))
        elif size < 1 << 16:
            head = bytes((first, MASKED | MEDIUM, size >> 8, size & 0xFF))
        else:
            head = bytes((first, MASKED | LONG)) + size.to_bytes(8, "big")
        # A mask keeps what a web page makes a browser send from posing as HTTP; nobody makes us send, so any will do.
        mask = random.getrandbits(32).to_bytes(4, "big")
        self.transport.write(head + mask + apply_mask(payload, mask))

    def abort(self) -> None:
        """Let go of the network at once; `listen` returns."""
        self.transport.abort()

    async def aclose(self) -> None:
        """Close politely, or by force when the other side does not answer."""
        try:
            async with asyncio.timeout(CLOSE_WITHIN):
                await self.close()
        except TimeoutError:
            pass
        finally:
            self.transport.abort()
            await self.wait_closed()  # at once; lets the library's own task end

    # -- down ---------------------------------------------------------------------------------------

    async def listen(self, receive: Callable[[bytes], None]) -> ConnectionClosed:
        """Give each message to `receive`, the early ones first, until the socket is closed. Returns how it was.

        What `receive` raises ends the socket, and is raised here.
        """
        self._receive = receive
        early, self._early = self._early, []
        for message in early:
            self._deliver(message)
        try:
            await self.recv()  # of the library's own queue, into which nothing is put: only the end comes
        except ConnectionClosed as closed:
            if self._defect is not None:
                raise self._defect from None
            return closed
        raise AssertionError("a message went the library's way")

    def _deliver(self, message: bytes) -> None:
        if self._receive is None:
            self._early.append(message)
        elif self._defect is None:
            try:
                self._receive(message)
            except Exception as defect:  # noqa: BLE001 -- the event loop is not who can handle it, but `listen`'s caller
                self._defect = defect
                self.transport.abort()

    def process_event(self, event: Event) -> None:
        """Take what the library has parsed: messages to their receiver, without its queue."""
        if self.response is None or not isinstance(event, Frame) or event.opcode not in DATA_OPCODES:
            super().process_event(event)
            return
        self._fragments.append(bytes(event.data))
        if event.fin:
            message = b"".join(self._fragments)
            self._fragments.clear()
            self._deliver(message)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the network."""
        if self.protocol.state is State.CONNECTING:
            head, blank, rest = data.partition(BLANK_LINE)
            self._by_library = not (blank and head.startswith(b"HTTP/"))  # an answer in pieces hides where it ends
            super().data_received(head + blank)
            if rest:
                self.data_received(rest)
        elif self._by_library:
            super().data_received(data)
        else:
            self._take_frames(self._tail + data if self._tail else data)

    def _take_frames(self, data: bytes) -> None:
        start, size = 0, len(data)
        while size - start >= 2:
            length, body = data[start + 1], start + 2
            if length >= MEDIUM:
                body += 2 if length == MEDIUM else 8
                if size < body:
                    break
                masked, length = length >= MASKED, int.from_bytes(data[start + 2 : body], "big")
                if masked or length > LARGEST_MESSAGE:  # the library knows how to refuse it
                    self._by_library, self._tail = True, b""
                    super().data_received(data[start:])
                    return
            end = body + length
            if size < end:
                break
            if data[start] == WHOLE_TEXT and not self._fragments and self.protocol.state is State.OPEN:
                self._deliver(data[body:end])
            else:
                super().data_received(data[start:end])
            start = end
        self._tail = data[start:]


async def open_websocket(provider: str, url: str, headers: Mapping[str, str]) -> ProviderSocket:
    """Open a socket. Raises `ProviderError` with the provider's own reason."""
    secure: dict[str, Any] = {"ssl": await asyncio.to_thread(tls)} if url.startswith("wss:") else {}
    try:
        connection = await connect(
            url,
            create_connection=ProviderSocket,
            additional_headers=headers,
            compression=None,  # speech does not compress; deflate costs 300 KB and CPU a socket
            open_timeout=CONNECT_WITHIN,
            close_timeout=CLOSE_WITHIN,
            ping_interval=PING_EVERY,
            ping_timeout=PING_EVERY,
            max_size=LARGEST_MESSAGE,
            write_limit=WRITE_LIMIT,
            logger=_library_log,
            **secure,
        )
        return cast("ProviderSocket", connection)  # what `create_connection` made
    except InvalidStatus as refused:
        response = refused.response
        status = response.status_code
        parts = [f"HTTP {status} on connecting"]
        parts += [f"{name}: {response.headers[name]}" for name in QUOTED_HEADERS if name in response.headers]
        if "dg-error" not in response.headers and response.body:
            parts.append(bytes(response.body[:QUOTED_BODY]).decode("utf-8", "replace"))
        raise ProviderError(
            provider,
            "; ".join(parts),
            retryable=status not in PERMANENT_STATUSES,
            kind="account" if status in ACCOUNT_STATUSES else "",
        ) from refused
    except InvalidHandshake as broken:
        raise ProviderError(provider, f"no WebSocket: {broken}") from broken
    except (OSError, TimeoutError, EOFError, WebSocketException) as failed:
        raise ProviderError(provider, f"cannot connect: {failed or type(failed).__name__}") from failed


async def open_patiently(
    open_once: Callable[[], Awaitable[ProviderSocket]], *, missed: Callable[[ProviderError], None] = lambda _: None
) -> ProviderSocket:
    """Open a socket, with a few attempts while another may help; `missed` is told of those that failed before it.

    Raises the last attempt's `ProviderError`.
    """
    last = len(RETRY_DELAYS) - 1
    for attempt, delay in enumerate(RETRY_DELAYS):
        await asyncio.sleep(jittered(delay))
        try:
            return await open_once()
        except ProviderError as problem:
            if not problem.retryable or attempt == last:
                raise
            missed(problem)
    raise AssertionError("the last attempt returns or raises")


def closed_early(provider: str, closed: ConnectionClosed) -> ProviderError:
    """The error for a socket that the provider closed, with its code and reason."""
    if closed.rcvd is None:
        cause = closed.__cause__
        return ProviderError(provider, f"connection lost{f': {cause}' if cause else ''}")
    code, reason = closed.rcvd.code, closed.rcvd.reason
    return ProviderError(provider, f"closed with {code} {reason}".rstrip(), retryable=code != POLICY_VIOLATION)
