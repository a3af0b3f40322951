"""The one door through which other people's text comes in. Pure.

Models, tools, documents and callers' systems send what is no text: halves of surrogate pairs, control characters, bytes
in another encoding than they say. Behind this door there is only what can be stored, sent, logged and spoken.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

_NO_TEXT = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters but tab and line ends
    "\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they turn the order of what is shown
    "\ufeff\ufffd\ufffe\uffff"  # a byte order mark, what stands for a character that was lost, no characters
    "\ud800-\udfff"  # halves
    "]"
)
_MOST_ODD = 0.1  # of the characters; in text with a terminal's colours it is less, in pictures and sound a third

BYTE_ORDER_MARKS = (  # the longer one first: that of UTF-16 begins that of UTF-32
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN = "cp1252"
_WESTERN_NAMES = frozenset({"ascii", "iso8859-1", "cp1252"})  # one and the same for browsers
_OFTEN_WRONG = _WESTERN_NAMES | {"iso8859-15", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
_SELDOM_MEANT = frozenset({"utf-7", "raw-unicode-escape", "unicode-escape", "idna", "punycode"})  # or never


def plain(text: str) -> str:
    """The text without what is none. Pairs that came as two halves are joined; a half alone is left out."""
    if text.isascii() and text.isprintable():
        return text
    return _NO_TEXT.sub("", _joined(text))


def _joined(text: str) -> str:
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def plain_values(value: Any) -> Any:
    """The same for all texts, and names, in what JSON holds, for which escapes are no text yet."""
    match value:
        case str():
            return plain(value)
        case list():
            return [plain_values(each) for each in value]
        case dict():
            return {plain(name): plain_values(each) for name, each in value.items()}
    return value


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


class NotText(ValueError):
    """Bytes that nobody can read out: a picture, sound, a program."""


def decoded(data: bytes, charset: str = "", *, otherwise: str = WESTERN) -> str:
    """The text that these bytes are. Raises `NotText`, and `LookupError` if they fit nothing and `otherwise` is empty.

    `charset` is what somebody says of them; it counts if there is such a one and they fit, but a byte order mark says
    it better. So does UTF-8 where a Western charset or UTF-16 is said: bytes that happen to be both are UTF-8, for
    servers that say "iso-8859-1" of all they send are many, and texts with "Ã¼" in them are none. What fits nothing is
    read as `otherwise`, by browsers' rule (https://encoding.spec.whatwg.org). Libraries that guess (charset-normalizer)
    take Russian for Macintosh's or Japanese, and Spanish for Polish.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _text(data.decode(encoding, "replace"))
    said = _known(charset)
    said = WESTERN if said in _WESTERN_NAMES else said
    found = _by_zeros(data)
    for encoding in (found, "utf-8", said) if said in _OFTEN_WRONG else (said, found, "utf-8"):
        try:
            return _text(data.decode(encoding))
        except (UnicodeError, LookupError):  # as for no name at all
            continue
    return _text(data.decode(otherwise, "replace"))


def _known(charset: str) -> str:
    """Python's name of it, or nothing."""
    try:
        found = codecs.lookup(charset.strip("\"' \t"))
    except (LookupError, ValueError):
        return ""
    is_text = getattr(found, "_is_text_encoding", True)  # "hex" and "zip" are codecs, too
    return found.name if is_text and found.name not in _SELDOM_MEANT else ""


def _by_zeros(data: bytes) -> str:
    """UTF-16 and UTF-32 without a mark show in where the zeros are, as in JSON (RFC 4627, 3)."""
    return json.detect_encoding(data) if b"\0" in data[:4] else ""


def _text(text: str) -> str:
    odd = sum(len(found) for found in _NO_TEXT.findall(text))
    if "\0" in text or odd > len(text) * _MOST_ODD:
        raise NotText("expected text, got binary data")
    return plain(text)
