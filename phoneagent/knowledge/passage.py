"""Passages: what is found of a document, and told to the model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .document import Section

LONGEST = 800
"""Characters of a passage: an answer on the telephone has a sentence or two, and four passages of this size are some
800 tokens more for the model to read, which does not delay its first word noticeably. Much shorter ones lose what
"it" and "there" refer to."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Some paragraphs of a document, with the headings above them."""

    document: str
    headings: tuple[str, ...]
    text: str

    @property
    def heading(self) -> str:
        """The way from the outermost heading to the innermost one."""
        return " > ".join(self.headings)


def passages(document: str, sections: Iterable[Section]) -> Iterator[Passage]:
    """No passage goes on under another heading; a paragraph is cut only if it is too long for one."""
    for section in sections:
        text = ""
        for piece in (piece for paragraph in section.paragraphs for piece in _pieces(paragraph)):
            if text and len(text) + 1 + len(piece) > LONGEST:
                yield Passage(document, section.headings, text)
                text = ""
            text = f"{text}\n{piece}" if text else piece
        if text:
            yield Passage(document, section.headings, text)


def _pieces(paragraph: str) -> Iterator[str]:
    """A paragraph, or what of it fits: at the end of a sentence, else between words, else anywhere."""
    start = 0
    while len(paragraph) - start > LONGEST:
        fits = paragraph[start : start + LONGEST]
        ends = [found.end() for found in re.finditer(r"[.!?…。!?]['\")\]]*\s*", fits)]
        end = ends[-1] if ends and ends[-1] > LONGEST // 2 else fits.rfind(" ") + 1
        end = end or LONGEST
        yield fits[:end].strip()
        start += end
    if rest := paragraph[start:].strip():
        yield rest
