"""A client's WebSocket to a provider: opened within a deadline, written to without waiting, closed within a second.

The vendors' own sockets are not used: Deepgram's takes up to 20 s to leave and builds a pydantic model a message,
ElevenLabs has none for asyncio. The wire protocols are theirs.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.connection import broadcast
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.protocol import State

from phoneagent.errors import ProviderError

CONNECT_WITHIN = 3.0  # seconds for TCP, TLS and upgrade; a good connection takes 0.1 to 0.3
RETRY_DELAYS = (0.0, 0.1, 0.3, 1.0)  # seconds before each new attempt: the first at once, then what Deepgram advises
STABLE_AFTER = 10.0  # seconds; a socket that lived this long was no failed attempt
CLOSE_WITHIN = 0.5  # seconds for the closing handshake; the ports allow a second for everything
PING_EVERY = 5.0  # seconds; with as long for the pong, a half-open socket is noticed within ten
LARGEST_MESSAGE = 4 * 1024 * 1024  # bytes; a minute of μ-law in base64 is 0.64 MB
PERMANENT_STATUSES = frozenset({400, 401, 402, 403, 404, 422})  # wrong key, no credit, unknown model or voice
POLICY_VIOLATION = 1008  # close code for input that will be refused again
QUOTED_HEADERS = ("dg-error", "dg-request-id", "request-id")  # what the vendors' support asks for
QUOTED_BODY = 300  # characters


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


async def open_websocket(provider: str, url: str, headers: Mapping[str, str]) -> ClientConnection:
    """Open a socket. Raises `ProviderError` with the provider's own reason."""
    try:
        return await connect(
            url,
            additional_headers=headers,
            compression=None,  # speech does not compress; deflate costs 300 KB and CPU a socket
            open_timeout=CONNECT_WITHIN,
            close_timeout=CLOSE_WITHIN,
            ping_interval=PING_EVERY,
            ping_timeout=PING_EVERY,
            max_size=LARGEST_MESSAGE,
            max_queue=64,
            logger=_library_log,
        )
    except InvalidStatus as refused:
        response = refused.response
        status = response.status_code
        parts = [f"HTTP {status} on connecting"]
        parts += [f"{name}: {response.headers[name]}" for name in QUOTED_HEADERS if name in response.headers]
        if "dg-error" not in response.headers and response.body:
            parts.append(bytes(response.body[:QUOTED_BODY]).decode("utf-8", "replace"))
        raise ProviderError(provider, "; ".join(parts), retryable=status not in PERMANENT_STATUSES) from refused
    except InvalidHandshake as broken:
        raise ProviderError(provider, f"no WebSocket: {broken}") from broken
    except (OSError, TimeoutError, EOFError, WebSocketException) as failed:
        raise ProviderError(provider, f"cannot connect: {failed or type(failed).__name__}") from failed


async def open_patiently(open_once: Callable[[], Awaitable[ClientConnection]]) -> ClientConnection:
    """Open a socket, with a few attempts while another may help. Raises the last attempt's `ProviderError`."""
    last = len(RETRY_DELAYS) - 1
    for attempt, delay in enumerate(RETRY_DELAYS):
        await asyncio.sleep(jittered(delay))
        try:
            return await open_once()
        except ProviderError as problem:
            if not problem.retryable or attempt == last:
                raise
    raise AssertionError("the last attempt returns or raises")


def writable(connection: ClientConnection, *, limit: int) -> bool:
    """Whether the socket is open and fewer than `limit` bytes wait in it for the network."""
    return connection.state is State.OPEN and connection.transport.get_write_buffer_size() < limit


def send_now(connection: ClientConnection, message: str | bytes) -> None:
    """Write without waiting and without a task switch; a socket that is closing drops the message.

    `broadcast` is the library's public synchronous write. Who calls it bounds what is written: see `writable`.
    """
    broadcast((connection,), message)


def closed_early(provider: str, closed: ConnectionClosed | None) -> ProviderError:
    """The error for a socket that the provider closed, with its code and reason."""
    if closed is None or closed.rcvd is None:
        cause = closed.__cause__ if closed is not None else None
        return ProviderError(provider, f"connection lost{f': {cause}' if cause else ''}")
    code, reason = closed.rcvd.code, closed.rcvd.reason
    return ProviderError(provider, f"closed with {code} {reason}".rstrip(), retryable=code != POLICY_VIOLATION)


async def close_websocket(connection: ClientConnection) -> None:
    """Close politely, or by force when the other side does not answer."""
    try:
        async with asyncio.timeout(CLOSE_WITHIN):
            await connection.close()
    except TimeoutError:
        pass
    finally:
        connection.transport.abort()
        await connection.wait_closed()  # at once; lets the library's own task end
