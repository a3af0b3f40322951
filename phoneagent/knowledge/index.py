"""The index of passages: SQLite's FTS5, in memory.

It comes with Python, cuts off English endings and any language's accents, and weighs words by how rare they are (bm25).
Kept in memory because it is made anew in a second or three for 10,000 passages: there is no file to go stale, to
share between processes, or to find in a repository. tantivy would be another native package for queries that take a few
milliseconds anyway.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from phoneagent.errors import SettingsError
from phoneagent.plain_text import plain

from .passage import Passage
from .question import Term, spaced, terms

HEADING_WEIGHT = 3.0  # a word in a heading says what the passage is about; in the text it may be an aside

WEIGHED_AT_MOST = 3_000
"""Passages with words of a question: each of them is weighed, in some microseconds. The rarest words come first, and
what is in half of all passages says least about any: so a question takes as long in any language, stop words or none.
"""


LOOKED_AT = 500  # passages that are found, of which copies are left out


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that was found; `score`: the higher the better, comparable within one answer only."""

    passage: Passage
    score: float


class Index:
    """Finds passages by what callers ask. May be used by several threads."""

    def __init__(self, passages: Sequence[Passage], *, language: str = "en") -> None:
        """Raises `SettingsError` where SQLite lacks FTS5."""
        self.passages = tuple(passages)
        self._texts = [_normalised(passage) for passage in self.passages]
        self._english = language.partition("-")[0] == "en"
        self._lock = threading.Lock()
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        cut = f"tokenize='{'porter ' if self._english else ''}unicode61 remove_diacritics 2'"
        try:
            self._database.execute(
                f"CREATE VIRTUAL TABLE passages USING fts5(heading, text, content='', {cut}, prefix='4 5 6')"
            )
            self._database.execute(f"CREATE VIRTUAL TABLE asked USING fts5(term, {cut})")
            self._database.execute("CREATE VIRTUAL TABLE asked_words USING fts5vocab(asked, instance)")
            self._database.execute("CREATE VIRTUAL TABLE words USING fts5vocab(passages, row)")
        except sqlite3.OperationalError as error:
            self._database.close()
            raise SettingsError(
                f"knowledge: expected Python's sqlite3 with FTS5, got SQLite {sqlite3.sqlite_version}: {error}"
            ) from error
        self._database.executemany(
            "INSERT INTO passages(rowid, heading, text) VALUES (?, ?, ?)",
            (
                (number, spaced(f"{passage.document} {passage.heading}"), spaced(passage.text))
                for number, passage in enumerate(self.passages)
            ),
        )
        self._database.execute("INSERT INTO passages(passages) VALUES ('optimize')")
        rank = f"bm25({HEADING_WEIGHT}, 1.0)"
        self._database.execute("INSERT INTO passages(passages, rank) VALUES ('rank', ?)", (rank,))
        self._database.commit()
        self._common: dict[str, int] = dict(self._database.execute("SELECT term, doc FROM words"))
        self._words = sorted(self._common)

    def search(self, question: str, *, most: int) -> tuple[Found, ...]:
        """What fits a question best, the best first; nothing if none of its words is anywhere.

        Of passages with the same words, as copies of a document have them, only the best one.
        """
        if not (wanted := terms(plain(question), english=self._english)):
            return ()
        with self._lock:
            query = " OR ".join(term.expression for term in self._telling(wanted))
            rows = self._database.execute(
                "SELECT rowid, rank FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT ?", (query, LOOKED_AT)
            ).fetchall()
        best: dict[str, Found] = {}
        for number, rank in rows:
            best.setdefault(self._texts[number], Found(self.passages[number], -rank))
            if len(best) == most:
                break
        return tuple(best.values())

    def _telling(self, wanted: Sequence[Term]) -> list[Term]:
        """The rarest terms, as many as can be weighed; one at least."""
        self._database.executemany(
            "INSERT INTO asked(rowid, term) VALUES (?, ?)", ((at, term.text) for at, term in enumerate(wanted))
        )
        costs = dict.fromkeys(range(len(wanted)), 0)
        for at, word in self._database.execute("SELECT doc, term FROM asked_words").fetchall():
            costs[at] = max(costs[at], self._passages_with(word, begins=wanted[at].begins))
        self._database.rollback()
        telling: list[Term] = []
        left = WEIGHED_AT_MOST
        for at in sorted(costs, key=lambda at: costs[at]):
            left -= costs[at]
            if telling and left < 0:
                break
            telling.append(wanted[at])
        return telling

    def _passages_with(self, word: str, *, begins: bool) -> int:
        """How many passages have a word as it is indexed."""
        if not begins:
            return self._common.get(word, 0)
        first, last = bisect_left(self._words, word), bisect_left(self._words, word + "\U0010ffff")
        return sum(self._common[known] for known in self._words[first:last])

    def close(self) -> None:
        """Give the memory back."""
        with self._lock:
            self._database.close()


def _normalised(passage: Passage) -> str:
    """The words of a passage and its headings, which copies have in common: not how they are written."""
    text = unicodedata.normalize("NFKC", f"{passage.heading} > {passage.text}").casefold()
    words = "".join(char if char.isalnum() else " " for char in text).split()
    return hashlib.sha256(" ".join(words).encode()).hexdigest()
