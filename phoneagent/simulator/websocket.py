"""A WebSocket client whose methods never wait: 50 small messages a second each way, for hundreds of calls a process.

The protocol is that of the library `websockets` (its sans-I/O layer). Its asyncio layer is not used because a timer
that drives a call must not wait for a socket: what a slow reader does not take is refused here, as Twilio drops it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

from .frame_cutter import TEXT, FrameCutter

CONNECT_WITHIN = 5.0  # seconds; Twilio's default connect timeout
CLOSE_WITHIN = 2.0  # seconds for the peer's part of the closing handshake
MESSAGE_LIMIT = 1 << 20  # bytes; two minutes of audio. Twilio's own limit is not published
CONGESTED_AT = 1 << 16  # bytes waiting in our socket: 200 frames, four seconds of audio that nobody reads

END_OF_HEAD = b"\r\n\r\n"
SHORT = 0xFFFF  # bytes; a longer payload has another header
UNMASKED = bytes(4)  # a mask that changes nothing: it guards against proxies' caches (RFC 6455, 10.3), not needed here

logger = logging.getLogger(__name__)


class Closure(NamedTuple):
    """How a connection ended. Code 1006: without a closing handshake.

    `broken`: the peer sent what is no WebSocket protocol, or a message too large; the code is what it was told.
    """

    code: int
    reason: str
    broken: bool = False


class HandshakeFailed(Exception):
    """The server did not open a WebSocket. `status` is its HTTP status, None when it answered no HTTP."""

    def __init__(self, problem: str, *, status: int | None = None) -> None:
        super().__init__(problem)
        self.status = status


class WebSocket(asyncio.Protocol):
    """One connection. `receive` gets each message (text and binary, as bytes), `closed` how it ended, once."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        receive: Callable[[bytes, bool], None],
        closed: Callable[[Closure], None],
    ) -> None:
        self._protocol = ClientProtocol(parse_uri(url), max_size=MESSAGE_LIMIT, logger=logger)
        self._headers = headers
        self._receive = receive
        self._closed = closed
        loop = asyncio.get_running_loop()
        self._opened: Final[asyncio.Future[None]] = loop.create_future()
        self._gone: Final[asyncio.Future[None]] = loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._fragments = bytearray()
        self._text = True
        self._ended = False  # the peer's end of the data has been seen
        self._cut_off: asyncio.TimerHandle | None = None
        self._cutter: FrameCutter | None = None  # when hands have been shaken
        self._held: list[bytes] | None = None

    @classmethod
    async def open(
        cls,
        url: str,
        headers: Mapping[str, str],
        *,
        receive: Callable[[bytes, bool], None],
        closed: Callable[[Closure], None],
    ) -> WebSocket:
        """Connect and shake hands. `receive(data, is_text)`.

        Raises `HandshakeFailed`, `OSError` and `TimeoutError`; `closed` is not called then.
        """
        uri = parse_uri(url)
        socket = cls(url, headers, receive=receive, closed=closed)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await loop.create_connection(lambda: socket, uri.host, uri.port, ssl=True if uri.secure else None)
                await socket._opened
        except BaseException:
            socket._opened.cancel()
            if socket._transport is not None:
                socket._transport.abort()
            raise
        return socket

    @property
    def is_over(self) -> bool:
        """Whether the connection is closed or about to be."""
        closing = self._transport is not None and self._transport.is_closing()
        return self._gone.done() or closing or self._protocol.close_sent is not None

    def send(self, message: str | bytes) -> bool:
        """Send a text or binary message. False when it was dropped: closed, or the peer does not read."""
        if self._transport is None or self.is_over:
            return False
        if self._transport.get_write_buffer_size() > CONGESTED_AT:
            return False
        if isinstance(message, str) and len(payload := message.encode()) <= SHORT:
            if self._held is not None:
                self._held.append(_text_frame(payload))
            else:
                self._transport.write(_text_frame(payload))  # nothing else waits: every step is flushed at once
            return True
        if isinstance(message, str):
            self._protocol.send_text(payload)
        else:
            self._protocol.send_binary(message)
        self._flush()
        return True

    def hold(self) -> None:
        """Keep short texts until `release`, which follows at once: they leave in one system call."""
        if self._held is None:
            self._held = []

    def release(self) -> None:
        """Send what was held."""
        held, self._held = self._held, None
        if held and self._transport is not None and not self._transport.is_closing():
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))

    def close(self, code: int = 1000) -> None:
        """Begin the closing handshake; `wait_closed` waits for its end. A peer that takes too long is cut off."""
        self.release()
        if self._protocol.close_sent is None and not self._gone.done():
            self._protocol.send_close(code)
            self._flush()
            self._expect_end()

    def abort(self) -> None:
        """Cut the connection, without a word."""
        if self._transport is not None:
            self._transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the connection is gone."""
        await asyncio.shield(self._gone)

    # --- asyncio.Protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without inheriting from it
        request = self._protocol.connect()
        for name, value in self._headers.items():
            request.headers.pop(name, None)  # setting a header that is there would send it twice
            request.headers[name] = value
        self._protocol.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        if self._cutter is not None:
            self._cutter.feed(data)
            return
        shaking_hands = not self._opened.done()
        self._received_by_library(data)
        # What came behind the answer to the handshake is in the library's hands, whole or not.
        if shaking_hands and self._opened.done() and data.endswith(END_OF_HEAD):
            self._cutter = FrameCutter(
                TEXT, masked=False, take=lambda text: self._receive(text, True), rest=self._received_by_library
            )

    def _received_by_library(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._frame_received(event)
            elif isinstance(event, Response):
                self._handshake_answered()
        self._flush()
        if self._protocol.close_expected():
            self._expect_end()

    def eof_received(self) -> None:
        self._ended = True
        self._protocol.receive_eof()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._ended:
            self._protocol.receive_eof()
        if self._cut_off is not None:
            self._cut_off.cancel()
        if not self._opened.done():
            failure = self._protocol.handshake_exc
            self._opened.set_exception(HandshakeFailed(str(failure or exc or "closed during the handshake")))
        elif not self._opened.cancelled() and not self._opened.exception():
            self._closed(self._closure(str(exc or "")))
        if not self._gone.done():
            self._gone.set_result(None)

    # -------------------------------------------------------------------------------------------

    def _closure(self, problem: str) -> Closure:
        sent, received = self._protocol.close_sent, self._protocol.close_rcvd
        if sent is not None and self._protocol.parser_exc is not None:
            return Closure(sent.code, sent.reason, broken=True)
        return Closure(received.code, received.reason) if received else Closure(1006, problem)

    def _expect_end(self) -> None:
        if self._cut_off is None:
            self._cut_off = asyncio.get_running_loop().call_later(CLOSE_WITHIN, self.abort)

    def _handshake_answered(self) -> None:
        failure = self._protocol.handshake_exc
        if self._opened.done():
            return
        if failure is None:
            self._opened.set_result(None)
            return
        status = failure.response.status_code if isinstance(failure, InvalidStatus) else None
        self._opened.set_exception(HandshakeFailed(str(failure), status=status))

    def _frame_received(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY:
            self._text = frame.opcode is Opcode.TEXT
            if frame.fin:
                self._receive(bytes(frame.data), self._text)
            else:
                self._fragments = bytearray(frame.data)
        elif frame.opcode is Opcode.CONT:
            self._fragments += frame.data
            if frame.fin:
                self._receive(bytes(self._fragments), self._text)

    def _flush(self) -> None:
        if self._transport is None:
            return
        writes = self._protocol.data_to_send()
        if writes and not self._transport.is_closing():
            for data in writes:
                if data:
                    self._transport.write(data)
                elif self._transport.can_write_eof():
                    self._transport.write_eof()


def _text_frame(payload: bytes) -> bytes:
    """A short text message (RFC 6455, 5.2). The library takes 4.4 µs for a frame of audio, this 0.6."""
    length = len(payload)
    if length < 126:
        return bytes((0x81, 0x80 | length)) + UNMASKED + payload
    return b"\x81\xfe" + length.to_bytes(2, "big") + UNMASKED + payload
