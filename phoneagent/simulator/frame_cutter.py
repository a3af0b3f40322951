"""Cuts what comes over a WebSocket into frames, where they are what a call has fifty times a second."""

from __future__ import annotations

from collections.abc import Callable

try:
    from websockets.speedups import apply_mask
except ImportError:  # built without a compiler
    from websockets.utils import apply_mask

TEXT, BINARY, PING, PONG = 0x81, 0x82, 0x89, 0x8A  # RFC 6455, 5.2: FIN and the opcode
WHOLE = frozenset({TEXT, BINARY, PING, PONG})
MEDIUM = 126  # a length that says that the length follows, in two bytes
MASKED = 0x80


class FrameCutter:
    """Gives the payload of whole messages of one kind to `take`, and everything else to `rest`, whole frames.

    The library parses each frame with generators, at many times the cost. From the first frame on that is neither a
    whole message nor ping nor pong (closing, fragments, more than 64 kB, a mask against the rules), all is the rest's.
    """

    def __init__(
        self, kind: int, *, masked: bool, take: Callable[[bytes], None], rest: Callable[[bytes], None]
    ) -> None:
        """`kind`: TEXT or BINARY. `masked`: whether the peer is a client."""
        self._kind = kind
        self._mask = MASKED if masked else 0
        self._key = 4 if masked else 0  # bytes
        self._take = take
        self._rest = rest
        self._tail = b""  # the beginning of a frame whose end has not come
        self._given_up = False

    def feed(self, data: bytes) -> None:
        """Take bytes from the network, from the beginning of a frame on."""
        if self._given_up:
            self._rest(data)
            return
        if self._tail:
            data, self._tail = self._tail + data, b""
        start, size = 0, len(data)
        while size - start >= 2:
            first, length, body = data[start], data[start + 1] ^ self._mask, start + 2
            if first not in WHOLE or length > MEDIUM:
                self._given_up = True
                self._rest(data[start:])
                return
            if length == MEDIUM:
                if size < body + 2:
                    break
                length, body = int.from_bytes(data[body : body + 2], "big"), body + 2
            end = body + self._key + length
            if size < end:
                break
            if first != self._kind:
                self._rest(data[start:end])
            elif self._key:
                self._take(apply_mask(data[body + 4 : end], data[body : body + 4]))
            else:
                self._take(data[body:end])
            start = end
        self._tail = data[start:]
