"""Server-sent events, read from a body in pieces as they come off the wire. Pure.

Only `data` matters here: `event`, `id` and `retry` do not occur in chat completions, and comments are there to keep
proxies awake.
"""

from __future__ import annotations

import re

LONGEST_EVENT = 1 << 20  # bytes; the arguments of a tool call in one chunk are a few thousand
LONGEST_BODY = 16 << 20  # bytes; an hour of tokens, comments included

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
TITLE = re.compile(rb"<title[^<>]*>([^<]{1,100})", re.IGNORECASE)


class EventStream:
    """Cuts a body into the data of its events.

    A server that does not know `stream` answers with one JSON document: that counts as one event. `feed` and `end`
    raise `ValueError` for an HTML page, and for what is longer than anything a model says.
    """

    def __init__(self, *, longest_event: int = LONGEST_EVENT, longest_body: int = LONGEST_BODY) -> None:
        self._longest_event = longest_event
        self._left = longest_body
        self._rest = bytearray()  # of a line that is not over
        self._data: list[bytes] = []  # of an event that is not over
        self._held = 0  # bytes in it
        self._after_return = False  # a line feed that follows belongs to the line end before it
        self._sniffed = False  # whether it is known what this body is
        self._document = False  # no event stream: all of it is one thing

    @property
    def is_document(self) -> bool:
        """Whether it is one JSON document, which is whole when it can be read."""
        return self._document

    def feed(self, piece: bytes) -> list[bytes]:
        """The events that this piece completes."""
        self._left -= len(piece)
        if self._left < 0:
            raise ValueError("sent more than an answer can be")
        if not self._sniffed:
            piece = bytes(self._rest) + piece
            begin = piece.removeprefix(BYTE_ORDER_MARK).lstrip()
            if not begin or BYTE_ORDER_MARK.startswith(piece):
                self._held += len(piece) - len(self._rest)
                self._rest[:] = piece if BYTE_ORDER_MARK.startswith(piece) else b""  # white space says nothing
                self._limit()
                return []
            # By its beginning, not by its type: servers name all kinds of types in the header.
            self._document = begin[:1] in (b"{", b"[", b"<")
            self._rest.clear()
            self._held, self._sniffed, piece = 0, True, begin
        if self._document:
            self._rest += piece
            self._limit()
            return []
        if not (self._rest or self._data or self._after_return) and (whole := self._whole(piece)):
            return whole
        if b"\r" in piece or self._after_return:
            piece = self._with_line_feeds(piece)
        first, *lines = piece.split(b"\n")
        if not lines:
            self._rest += first
            self._limit()
            return []
        lines.insert(0, bytes(self._rest) + first)
        self._rest[:] = lines.pop()
        events: list[bytes] = []
        for line in lines:
            if line.startswith(b"data:") or line == b"data":
                self._data.append(line[6:] if line.startswith(b" ", 5) else line[5:])
                self._held += len(line)
                self._limit()
            elif not line and self._data:
                if event := b"\n".join(self._data):
                    events.append(event)
                self._data.clear()
                self._held = 0
        self._limit()
        return events

    def end(self) -> list[bytes]:
        """The body is over: an event that was not followed by an empty line counts, too."""
        if not self._document:
            return self.feed(b"\n\n") if self._sniffed else []
        if self._rest.lstrip().startswith(b"<"):
            title = TITLE.search(self._rest)
            said = f" ({title[1].decode(errors='replace').strip()})" if title else ""
            raise ValueError(f"sent an HTML page{said}, no event stream")
        return [bytes(self._rest)]

    def _whole(self, piece: bytes) -> list[bytes]:
        """The events of a piece that is nothing but whole ones of one line each, as nearly all are; or none."""
        if not piece.startswith(b"data: ") or not piece.endswith(b"\n\n") or len(piece) > self._longest_event:
            return []
        events = piece[6:-2].split(b"\n\ndata: ")
        plain = piece.count(b"\n") == 2 * len(events) and b"\r" not in piece and all(events)
        return events if plain else []

    def _with_line_feeds(self, piece: bytes) -> bytes:
        """Lines may end in CR LF or CR, too; a CR LF may be cut in two."""
        if self._after_return and piece.startswith(b"\n"):
            piece, self._after_return = piece[1:], False
        self._after_return = piece.endswith(b"\r") if piece else self._after_return
        return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _limit(self) -> None:
        if len(self._rest) + self._held > self._longest_event:
            raise ValueError("sent an event longer than an answer can be")
