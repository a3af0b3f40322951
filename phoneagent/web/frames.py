"""uvicorn's WebSocket with a short way for what a call has fifty times a second: a whole, masked text frame.

The library parses every frame with a generator, and uvicorn stops and starts reading from the socket around each
message, which is two system calls. Here such a frame is known by its first two bytes, unmasked in C and queued, and
reading stops only when the application falls behind. Everything else is the library's business, one whole frame at a
time: control frames, fragments, messages that are too large or no text, closing.

An application that asks for it is spared the queue too, and the task switch behind it: see `DIRECT`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

try:
    from websockets.speedups import apply_mask
except ImportError:  # built without a compiler
    from websockets.utils import apply_mask

WHOLE_TEXT = 0x81  # FIN and opcode 1, no extension: RFC 6455, section 5.2
MASKED = 0x80
MEDIUM, LONG = 126, 127  # lengths that say that the length follows, in two or in eight bytes
MOST_WAITING = 64  # messages that the application has not taken: over a second of a call's audio
LARGE = 4096  # characters; a frame of audio has 400. Of larger messages one waits, as uvicorn has it

DIRECT = "phoneagent.direct"
"""An extension of the ASGI scope: `{"socket": ...}` with the methods `deliver_to` and `write` of `QuickFrames`."""


class QuickFrames(WebSocketsSansIOProtocol):
    """For uvicorn's `ws`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._tail = b""  # the beginning of a frame whose rest has not come
        self._by_library = False  # where frames begin is not known here any more
        self._take: Callable[[str], None] | None = None

    def handle_connect(self, event: Request) -> None:
        """Take the request for the upgrade."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][DIRECT] = {"socket": self}

    # -- the extension ------------------------------------------------------------------------------

    def deliver_to(self, take: Callable[[str], None]) -> None:
        """Give text messages to `take` as they come, those that wait first; it must not raise.

        Everything else still comes through `receive`.
        """
        self._take = take
        self._deliver()

    def write(self, text: str) -> bool:
        """Send a text message at once. False if the network does not take any now, or never will: `send` tells."""
        if not self.writable.is_set() or self.close_sent or self.disconnected or self.transport.is_closing():
            return False
        payload = text.encode()
        size = len(payload)
        if size < MEDIUM:
            head = bytes((WHOLE_TEXT, size))
        elif size < 1 << 16:
            head = bytes((WHOLE_TEXT, MEDIUM)) + size.to_bytes(2, "big")
        else:
            head = bytes((WHOLE_TEXT, LONG)) + size.to_bytes(8, "big")
        self.transport.write(head + payload)
        return True

    def _deliver(self) -> None:
        """Hand over what waits, and was meant for `receive`."""
        others = []
        while not self.queue.empty():
            message = self.queue.get_nowait()
            text = message.get("text") if message["type"] == "websocket.receive" else None
            if isinstance(text, str) and self._take is not None:
                self._take(text)
            else:
                others.append(message)
        for message in others:
            self.queue.put_nowait(message)
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self.transport.resume_reading()

    def send_receive_event_to_app(self) -> None:
        """Pass on a message that the library has put together."""
        super().send_receive_event_to_app()
        if self._take is not None:
            self._deliver()

    # -- frames -------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take bytes from the network."""
        if self.handshake_initiated and not self.handshake_complete:
            # Nobody may send before the upgrade is answered (RFC 6455, section 4.1), and uvicorn breaks off over it.
            self.transport.close()
        elif not self.handshake_complete or self._by_library:
            super().data_received(data)
        else:
            self._take_frames(self._tail + data if self._tail else data)

    def _take_frames(self, data: bytes) -> None:
        start, size = 0, len(data)
        while size - start >= 2:
            second = data[start + 1]
            length, body = second & ~MASKED, start + 2
            if length == MEDIUM:
                if size < body + 2:
                    break
                length, body = int.from_bytes(data[body : body + 2], "big"), body + 2
            if length == LONG or length > self.config.ws_max_size:
                self._by_library, self._tail = True, b""
                super().data_received(data[start:])
                return
            if second & MASKED:
                body += 4
            if size < body + length:
                break
            if not (data[start] == WHOLE_TEXT and second & MASKED and self._take_text(data, body, length)):
                super().data_received(data[start : body + length])
                if self.transport.is_closing():  # what comes after the end is not answered
                    return
            start = body + length
        self._tail = data[start:]

    def _take_text(self, data: bytes, body: int, length: int) -> bool:
        """Queue a message; False if it is not as simple as that."""
        if self.conn.state is not State.OPEN or self.conn.current_size is not None or self.close_sent:
            return False
        try:
            text = apply_mask(data[body : body + length], data[body - 4 : body]).decode()
        except UnicodeDecodeError:
            return False
        if self._take is not None:
            self._take(text)
            return True
        self.queue.put_nowait({"type": "websocket.receive", "text": text})
        if not self.read_paused and (length > LARGE or self.queue.qsize() >= MOST_WAITING):
            self.read_paused = True
            self.transport.pause_reading()
        return True
