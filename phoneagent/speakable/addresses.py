"""Web and e-mail addresses, as they are read to somebody who writes them down."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from .rules import Begins, Rule, Said

if TYPE_CHECKING:
    from .language import Language  # it takes a quarter of a second, which an agent without a language need not pay

TLDS = (
    "com org net info biz edu gov io ai app dev co me tv fm ly shop store online site tech cloud health care email "
    "restaurant hotel travel club live world one xyz eu uk us ca au nz ie de at ch fr es it pl pt br nl be lu dk se no "
    "fi cz sk hu ro bg gr hr si ee lv lt ua tr il in jp cn kr sg hk za mx ar cl pe"
).split()
"""Endings by which an address is known that has neither a scheme nor www. Written small: "done.It" is no address."""

_TEXT = r"[^\s<>\"`|]"
_LAST = r"[^\s<>\"`|.,;:!?)\]*_'’”…]"  # what follows the address is not part of it
_PATH = rf"(?:[/?#](?:{_TEXT}*{_LAST})?)?"
URL = rf"(?:(?i:https?://|(?<!\w)www\.){_TEXT}*{_LAST}|(?<![\w@.-])(?!m\.in\b)(?:[A-Za-z0-9-]+\.)+(?:{'|'.join(TLDS)})(?![\w-]|\.\w){_PATH})"
HANDLE = r"(?<![\w.@/-])@[A-Za-z_][\w.]{0,40}\w(?![\w@])"
PATH = r"(?<![\w/.:-])(?:[A-Za-z]{1,8}:)?/{1,3}[A-Za-z][\w.-]*(?:/[\w.-]*\w){2,}/?"
EMAIL = r"(?<![\w.+&-])(?:mailto:)?[A-Za-z0-9][A-Za-z0-9._%+&'-]{0,63}@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?:/[\w/-]*\w)?"


WORD = Begins.LETTER | Begins.DIGIT


def rules(language: Language | None, known: Callable[[str], str | None]) -> list[Rule]:
    """`known` gives the pronunciation of a name, if there is one."""
    reader = _Reader(language, known)
    return [
        Rule(EMAIL, reader.email, WORD),
        Rule(URL, reader.url, WORD),
        *([Rule(HANDLE, reader.handle, Begins.SIGN), Rule(PATH, reader.path, Begins.ANYHOW)] if language else []),
    ]


class _Reader:
    def __init__(self, language: Language | None, known: Callable[[str], str | None]) -> None:
        self._language = language
        self._known = known
        words = language.vocabulary if language else None
        self._signs = {
            ".": words.dot, "/": words.slash, "@": words.at, "-": words.dash, "_": words.underscore,
            ":": words.colon, "+": words.plus, "=": words.equals, "&": words.ampersand, "|": words.pipe,
        } if words else {}  # fmt: skip

    def email(self, found: re.Match[str]) -> Said:
        address = found[0].removeprefix("mailto:")
        return self._known(address) or self._spoken(address)

    def handle(self, found: re.Match[str]) -> Said:
        """@ana.lee92, on some network."""
        name = found[0][1:]
        return f"{self._signs['@']} {self._known(name) or self._spoken(name, spell=False)}"

    def url(self, found: re.Match[str]) -> Said:
        if said := self._known(found[0]):
            return said
        address = re.sub(r"(?i)^https?://(?:www\.)?", "", found[0])
        address = re.split(r"[?#]", address)[0].rstrip("/")  # nobody can remember what follows
        short = re.sub(r"(?i)^www\.", "", address)
        if said := self._known(address) or self._known(short):
            return said
        if short != address and self._signs:  # who writes it without https:// wants it said
            return f"w w w {self._signs['.']} {self._spoken(short)}"
        return self._spoken(short)

    def path(self, found: re.Match[str]) -> Said:
        """/usr/local/bin, file:///c/code."""
        return self._spoken(found[0], spell=False)

    def _spoken(self, address: str, *, spell: bool = True) -> str:
        if not self._signs:
            return address  # the voice knows best what its language says for the dot
        host = re.match(r"(?:.*@)?[^/:]*", address)
        spelled = host.end() if host else 0
        spoken = []
        for piece in re.finditer(r"[^\W\d_]+|\d+|[\W_]", address):
            last = spell and piece.end() == spelled and piece.start() > 0 and address[piece.start() - 1] == "."
            spoken.append(self._piece(piece[0], ending=last))
        return " ".join(filter(None, spoken))

    def _piece(self, text: str, *, ending: bool) -> str:
        if text in self._signs:
            return self._signs[text]
        if text.isdecimal() and self._language:
            return self._language.numbers.digits(text)
        if said := self._known(text):
            return said
        if len(text) == 2 and ending:  # .uk
            return " ".join(text.upper())
        return text if text.isalnum() else ""
