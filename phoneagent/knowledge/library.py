"""The documents of one agent: a folder, read once when the process starts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import structlog

from phoneagent.errors import ToolError
from phoneagent.plain_text import plain
from phoneagent.records import Knowledge

from .document import Unreadable, read_document
from .index import Index
from .passage import Passage, passages

log = structlog.stdlib.get_logger(__name__)

FILES_AT_MOST = 2_000
PASSAGES_AT_MOST = 20_000  # some 40 MB of memory, and queries stay below 30 ms

NOTHING = "Nothing about this is in the documents."


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that callers are not told about, and why."""

    file: Path
    problem: str

    @property
    def shown(self) -> str:
        """The file as a log can have it: bytes of its name that are no UTF-8 are written with a backslash."""
        return plain(os.fsencode(self.file).decode("utf-8", "backslashreplace"))


@dataclass(frozen=True, slots=True)
class Shelf:
    """What was read of a folder."""

    index: Index
    documents: int
    left_out: tuple[LeftOut, ...]


def read_folder(knowledge: Knowledge, *, language: str) -> Shelf:
    """Blocks for as long as it takes to read all of it. What cannot be read is left out."""
    found: list[Passage] = []
    left_out: list[LeftOut] = []
    documents = 0
    for number, file in enumerate(_files(knowledge.folder)):
        try:
            if number >= FILES_AT_MOST:
                raise Unreadable(f"expected at most {FILES_AT_MOST:,} documents in a folder")
            cut = tuple(passages(_name(file, knowledge.folder), read_document(file)))
            if len(found) + len(cut) > PASSAGES_AT_MOST:
                raise Unreadable(f"expected at most {PASSAGES_AT_MOST:,} passages in a folder")
        except Unreadable as problem:
            left_out.append(LeftOut(file, plain(str(problem))))
            continue
        except Exception as error:  # noqa: BLE001 - of a library that reads documents: one of them must not take all
            left_out.append(LeftOut(file, f"it cannot be read ({type(error).__name__})"))
            continue
        found += cut
        documents += 1
    return Shelf(Index(found, language=language), documents, tuple(left_out))


def _name(file: Path, folder: Path) -> str:
    """As callers may be told it. Raises `Unreadable` for a name that is no text."""
    name = file.relative_to(folder).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise Unreadable("expected a name in UTF-8: rename the file") from error
    return plain(name)


def _files(folder: Path) -> Iterator[Path]:
    """All but hidden ones."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


class Library:
    """Reads its folder in a thread; who asks before that is done waits for it."""

    def __init__(self, knowledge: Knowledge, *, agent: str, language: str) -> None:
        self._knowledge = knowledge
        self._agent = agent
        self._reading = asyncio.ensure_future(asyncio.to_thread(read_folder, knowledge, language=language))
        self._telling = asyncio.ensure_future(self._tell())

    @classmethod
    def open(cls, knowledge: Knowledge, *, agent: str, language: str) -> Self:
        """Raises `SettingsError` where documents cannot be indexed at all."""
        Index((), language=language).close()
        return cls(knowledge, agent=agent, language=language)

    async def search(self, question: str) -> dict[str, Any] | str:
        """The tool: passages with where they are written, or that there are none."""
        shelf = await asyncio.shield(self._reading)
        if not shelf.documents:
            raise ToolError("The documents cannot be read at the moment.")
        found = await asyncio.to_thread(shelf.index.search, question, most=self._knowledge.results)
        if not found:
            return NOTHING
        return {
            "results": [
                {"document": one.passage.document, "heading": one.passage.heading, "text": one.passage.text}
                for one in found
            ]
        }

    async def _tell(self) -> None:
        shelf = await asyncio.shield(self._reading)
        for left in shelf.left_out:
            log.warning("document_left_out", agent=self._agent, file=left.shown, problem=left.problem)
        count = len(shelf.index.passages)
        log.info("documents_read", agent=self._agent, documents=shelf.documents, passages=count)

    async def aclose(self) -> None:
        """Wait until the folder is read, for a thread cannot be stopped, and forget it."""
        await asyncio.wait([self._telling])
        if (problem := self._telling.exception()) is not None:
            log.error("documents_not_read", agent=self._agent, problem=type(problem).__name__)
        if self._reading.exception() is None:
            self._reading.result().index.close()
