"""What is written in a document, under which headings: Markdown, plain text, HTML and PDF."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from phoneagent.plain_text import NotText, decoded, plain

FILE_AT_MOST = 20_000_000  # bytes; a handbook of a thousand pages with pictures has less
PAGES_AT_MOST = 2_000  # of a PDF, which takes some ten milliseconds a page

SUFFIXES: Mapping[str, str] = {
    ".md": "markdown", ".markdown": "markdown", ".txt": "text", ".html": "html", ".htm": "html", ".pdf": "pdf",
}  # fmt: skip
"""Which files are read, and as what."""


class Section(NamedTuple):
    """Paragraphs under the same headings, the outermost first; of a PDF these are its pages."""

    headings: tuple[str, ...]
    paragraphs: tuple[str, ...]


class Unreadable(Exception):
    """A file is no document that can be read; the text says what was expected."""


def read_document(path: Path) -> tuple[Section, ...]:
    """Raises `Unreadable`."""
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise Unreadable(f"expected one of {', '.join(SUFFIXES)}")
    try:
        if (size := path.stat().st_size) > FILE_AT_MOST:
            raise Unreadable(f"expected at most {FILE_AT_MOST:,} bytes, got {size:,}")
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror}") from error
    match kind:
        case "pdf":
            sections = _pdf(path)
        case "html":
            sections = _html(_decoded(data, _charset(data)))
        case "markdown":
            sections = _markdown(_decoded(data))
        case _:
            sections = (Section((), tuple(re.split(r"\n\s*\n", _decoded(data)))),)
    kept = tuple(
        Section(section.headings, paragraphs)
        for section in sections
        if (paragraphs := tuple(text for part in section.paragraphs if (text := _one_line(part))))
    )
    if not kept:
        scan = "; a scan must be recognised (OCR) first" if kind == "pdf" else ""
        raise Unreadable(f"there is no text in it{scan}")
    return kept


def _one_line(text: str) -> str:
    return " ".join(plain(text).split())  # what is taken out of a PDF may have halves of characters in it


def _decoded(data: bytes, charset: str = "") -> str:
    try:
        return decoded(data, charset, otherwise="")
    except NotText as error:
        raise Unreadable(str(error)) from error
    except LookupError as error:
        raise Unreadable(f"expected text in {charset.upper() or 'UTF-8'}") from error


def _charset(data: bytes) -> str:
    """What an HTML page says of itself; the standard wants it within the first 1,024 bytes."""
    said = re.search(rb"charset\s*=\s*[\"']?\s*([\w-]+)", data[:1024], re.IGNORECASE)
    return said[1].decode("ascii", "replace") if said else ""


def _markdown(text: str) -> tuple[Section, ...]:
    from markdown_it import MarkdownIt

    text = re.sub(r"\A---\n.*?\n---\n", "", text.replace("\r\n", "\n"), flags=re.DOTALL)  # of site generators
    return _html(MarkdownIt("commonmark").enable("table").render(text))


_UNSEEN = {"head", "script", "style", "template", "noscript", "svg", "nav", "iframe", "object"}
_INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "label",
    "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "td", "th", "time", "tt", "u", "var", "wbr",
}  # fmt: skip


def _html(text: str) -> tuple[Section, ...]:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

    headings: dict[int, str] = {}
    sections: list[Section] = []
    paragraphs: list[str] = []
    words: list[str] = []

    def paragraph_ends() -> None:
        if words:
            paragraphs.append("".join(words))
            words.clear()

    root = LexborHTMLParser(text).root
    ahead: list[tuple[LexborNode, bool]] = [(root, False)] if root is not None else []
    while ahead:  # no recursion: pages may be nested deeply
        node, leaving = ahead.pop()
        tag = node.tag or ""
        if tag == "-text":
            words.append(node.text(deep=False))
            continue
        level = int(tag[1]) if re.fullmatch("h[1-6]", tag) else 0
        if level and leaving:
            title = _one_line("".join(words))
            words.clear()
            for deeper in range(level, 7):
                headings.pop(deeper, None)
            if title:
                headings[level] = title
        elif level:
            paragraph_ends()
            sections.append(Section(tuple(headings[at] for at in sorted(headings)), tuple(paragraphs)))
            paragraphs.clear()
        elif tag in ("td", "th"):
            words.append(" | " if not leaving and words else " ")
        elif tag not in _INLINE:
            paragraph_ends()
        if not leaving and tag not in _UNSEEN:
            ahead.append((node, True))
            ahead.extend((child, False) for child in reversed(list(node.iter(include_text=True))))
    paragraph_ends()
    sections.append(Section(tuple(headings[at] for at in sorted(headings)), tuple(paragraphs)))
    return tuple(sections)


def _pdf(path: Path) -> tuple[Section, ...]:
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of what it has mended
    try:
        return tuple(_pages(pypdf.PdfReader(path)))
    except Unreadable:
        raise
    except Exception as error:
        # pypdf raises whatever a damaged file leads to: KeyError, ValueError, RecursionError beside its own.
        raise Unreadable(f"it is no PDF that can be read ({type(error).__name__}: {str(error)[:80]})") from error


def _pages(reader: object) -> Iterator[Section]:
    import pypdf

    assert isinstance(reader, pypdf.PdfReader)  # noqa: S101 - imported late, so that it is no type above
    if reader.is_encrypted and not reader.decrypt(""):
        raise Unreadable("expected a PDF without a password")
    if len(reader.pages) > PAGES_AT_MOST:
        raise Unreadable(f"expected at most {PAGES_AT_MOST:,} pages, got {len(reader.pages):,}")
    for number, page in enumerate(reader.pages, start=1):
        text = re.sub(r"(?<=\w)-\n(?=[a-zà-öø-ÿ])", "", page.extract_text())  # words that were divided at line ends
        yield Section((f"page {number}",), tuple(re.split(r"\n\s*\n", text)))
