"""Regular expressions that others have written, matched under a time limit.

Python's own engine may take exponential time over a few words, and nothing can stop it: every call of the process would
fall silent. `regex` keeps its syntax and its Unicode, remembers where it has been in vain, and can be stopped.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import lru_cache

import regex
import structlog

log = structlog.stdlib.get_logger(__name__)

WITHIN = 0.01
"""Seconds of processor time for one pattern in one text: half a frame of audio, which no call notices."""
WITHIN_AT_LOAD = 0.05
"""Seconds of processor time for one probe: what takes more is far from `WITHIN` on any machine."""
PROBED = 500
"""Characters of a probe: half a minute of speech. Patterns are looked for in longer texts, but those are rare."""
MOST_PROBES = 500

_slow: set[str] = set()  # patterns that were told


def search(pattern: str, text: str) -> bool:
    """Whether a pattern of an agent file is found, in upper or lower case. It is not if that takes too long."""
    try:
        return find(pattern, text, within=WITHIN, flags=regex.IGNORECASE)
    except TimeoutError:
        if pattern not in _slow:
            _slow.add(pattern)
            log.warning("pattern_too_slow", pattern=pattern, characters=len(text), limit=WITHIN)
        return False


def find(pattern: str, text: str, *, within: float, flags: int = 0) -> bool:
    """Whether it is found. Raises `TimeoutError` when that takes more processor time, `ValueError` for no pattern."""
    return _compiled(pattern, flags).search(text, timeout=within) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str, flags: int) -> regex.Pattern[str]:
    try:
        return regex.compile(pattern, flags)
    except regex.error as error:
        raise ValueError(f"expected a regular expression, got {pattern!r}: {error}") from error


class Stopwatch:
    """A time limit for many matches together, such as those of one value against its schema."""

    def __init__(self, within: float) -> None:
        self._left = within

    def find(self, pattern: str, text: str) -> bool:
        """See `find`, within what is left."""
        if self._left <= 0:
            raise TimeoutError
        began = time.thread_time()
        try:
            return find(pattern, text, within=self._left)
        finally:
            self._left -= time.thread_time() - began


@lru_cache(maxsize=1024)
def slow_problem(pattern: str) -> str:
    """Why a pattern is too slow to be looked for; empty if no text was found that it is slow with."""
    try:
        for probe in probes(pattern):
            find(pattern, probe, within=WITHIN_AT_LOAD, flags=regex.IGNORECASE)
    except TimeoutError:
        return (
            f"takes too long on long texts: {pattern!r}; write it without repetition inside repetition, such as (a+)+, "
            "and without alternatives that begin alike inside one"
        )
    except ValueError as error:
        return str(error)
    return ""


# -- probes -----------------------------------------------------------------------------------------

_ELEMENT = re.compile(
    r"(?P<group>\(\?(?:P?<\w+>|P=\w+|<?[=!]|[a-zA-Z-]*:?|[>#]))"
    r"|\\(?P<kind>[dDwWsS])|\\(?P<place>[bBAZ0-9])|\\(?P<escaped>.)"
    r"|\[(?P<negated>\^?)(?P<member>\\?.)(?:\\.|[^\]\\])*\]"
    r"|(?P<count>\{[\d,]*\})|(?P<mark>[()|*+?^$])|(?P<dot>\.)|(?P<letter>.)",
    re.DOTALL,
)
_OF_KIND = {"d": "1", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}
_TAILS = ("\n!", "")  # neither words nor, for `$`, an end; and an end


def probes(pattern: str) -> Iterator[str]:
    """Long texts of what a pattern looks for, again and again, and then something else: what slow ones are slow with.

    They find most of those, not all: hence the limit on each search as well.
    """
    parts = _literals(pattern)
    units = [(index, unit) for index, part in enumerate(parts) for unit in _units(part, parts[index + 1 : index + 3])]
    begun = (begin + unit * (PROBED // len(unit)) for index, unit in units for begin in _beginnings(parts[:index]))
    texts = dict.fromkeys(("a" * PROBED, "1" * PROBED, "a " * (PROBED // 2), *begun))
    for text in list(texts)[:MOST_PROBES]:
        for tail in _TAILS:
            yield text + tail


def _units(part: str, following: list[str]) -> Iterator[str]:
    yield part
    yield part[-1]
    for count in range(1, len(following) + 1):
        yield part + "".join(following[:count])


def _beginnings(parts: list[str]) -> Iterator[str]:
    """All of it, or, for some of it are alternatives, only the last parts."""
    for first in dict.fromkeys((0, *range(max(0, len(parts) - 3), len(parts) + 1))):
        yield "".join(parts[first:])


def _literals(pattern: str) -> list[str]:
    """What a pattern consists of, as texts: `(?:one|two)[0-9]` has "one", "two" and "0"."""
    parts, current = [], ""
    for found in _ELEMENT.finditer(pattern):
        letter = found["letter"] or found["escaped"]
        if letter:
            current += letter
            continue
        parts += [current, _sample(found)]
        current = ""
    return [part for part in (*parts, current) if part]


def _sample(found: re.Match[str]) -> str:
    if kind := found["kind"]:
        return _OF_KIND[kind]
    if found["dot"] or found["negated"]:
        return "a"
    member = found["member"] or ""
    return _OF_KIND.get(member[1:], member[1:]) if member.startswith("\\") else member
