"""The one door through which other people's text comes in. Pure.

Models, tools, documents and callers' systems send what is no text: halves of surrogate pairs, control characters, bytes
in another encoding than they say. Behind this door there is only what can be stored, sent, logged and spoken.
"""

from __future__ import annotations

import re

_NO_TEXT = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters but tab and line ends
    "\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they turn the order of what is shown
    "\ufeff\ufffd\ufffe\uffff"  # a byte order mark, what stands for a character that was lost, no characters
    "\ud800-\udfff"  # halves
    "]"
)
_HIGH, _LOW = "\ud800", "\udc00"


def plain(text: str) -> str:
    """The text without what is none. Pairs that came as two halves are joined; a half alone is left out."""
    if text.isascii() and text.isprintable():
        return text
    return _NO_TEXT.sub("", _joined(text))


def _joined(text: str) -> str:
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class PlainText:
    """The same for text that comes in pieces: a pair may be cut in two."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, text: str) -> str:
        """What of this piece, and of the half before it, is text."""
        if self._half:
            text, self._half = self._half + text, ""
        if text and "\ud800" <= text[-1] < "\udc00":
            text, self._half = text[:-1], text[-1]
        return plain(text)
