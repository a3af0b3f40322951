"""How the patterns of a policy are looked for: the one who makes a `Conversation` may hand in an engine."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

Search: TypeAlias = Callable[[str, str], bool]
"""Whether a pattern is found in a text, in upper or lower case. The same two must always give the same answer, or a
journal does not replay."""

LOOKED_AT = 2_000
"""Characters, the last, in which patterns are looked for: two minutes of speech. What counts is at the end."""


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """As it is looked for: in upper or lower case."""
    return re.compile(pattern, re.IGNORECASE)


def search(pattern: str, text: str) -> bool:
    """By Python's own engine, which has no time limit: for patterns that are known to be quick."""
    return compiled(pattern).search(text) is not None


def found(patterns: tuple[str, ...], text: str, *, search: Search = search) -> bool:
    """Whether one of these regular expressions is found in the text."""
    text = text[-LOOKED_AT:]
    return any(search(pattern, text) for pattern in patterns)
