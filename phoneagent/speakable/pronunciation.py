"""The agent's own dictionary: how names are said that no voice knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .rules import Begins, Rule

UNSPACED = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]"
"""Scripts that put no space between words: what is a whole word cannot be seen."""


class Pronunciation:
    """Whole words and phrases, in whichever case they are written."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._entries = {_key(written): spoken for written, spoken in entries.items() if written.strip()}

    def get(self, written: str) -> str | None:
        return self._entries.get(_key(written))

    @property
    def words(self) -> Iterable[str]:
        """What is in the dictionary."""
        return self._entries

    def rules(self) -> list[Rule]:
        if not self._entries:
            return []
        longest_first = sorted(self._entries, key=len, reverse=True)
        pattern = "(?i:" + "|".join(map(_pattern, longest_first)) + ")"
        return [Rule(pattern, lambda found: self.get(found[0]), Begins.ANYHOW)]


def _key(written: str) -> str:
    return " ".join(written.casefold().split())


def _pattern(entry: str) -> str:
    begins = r"(?<![^\W_])" if entry[0].isalnum() and not re.match(UNSPACED, entry[0]) else ""
    ends = r"(?![^\W_])" if entry[-1].isalnum() and not re.match(UNSPACED, entry[-1]) else ""
    return begins + r"\s+".join(map(re.escape, entry.split())) + ends
