"""At which line of a TOML text a key stands: tomllib does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, TypeAlias

Loc: TypeAlias = tuple[str | int, ...]
"""A place in a document: keys, and positions in lists, from the outside to the inside."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_STEP = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL)


def read_toml(text: str) -> dict[str, Any]:
    """What it says. Raises `TOMLDecodeError`, also for more lists within lists than anybody writes."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise tomllib.TOMLDecodeError("expected fewer lists and tables within one another") from None


def key_lines(text: str) -> dict[Loc, int]:
    """The line, from 1, at which each table and each key of a valid TOML text begins.

    Strings are blanked first, and values that span lines are skipped, so that nothing in them looks like a key.
    """
    lines: dict[Loc, int] = {(): 1}
    counts: dict[Loc, int] = {}
    table: Loc = ()
    depth = 0
    for number, (line, skeleton) in enumerate(zip(text.split("\n"), _blanked(text).split("\n"), strict=True), 1):
        if depth == 0:
            if skeleton.lstrip().startswith("[") and (header := _HEADER.match(line)):
                table = _placed(_steps(header[2]), counts, another=header[1] == "[[")
                lines.setdefault(table, number)
            elif "=" in skeleton and (key := _KEY.match(line)):
                lines.setdefault((*table, *_steps(key[1])), number)
        if depth > 0 or not _HEADER.match(line):
            depth += sum(skeleton.count(mark) for mark in "[{") - sum(skeleton.count(mark) for mark in "]}")
    return lines


def _blanked(text: str) -> str:
    """The text with the insides of strings and comments replaced, line breaks kept."""
    return _STRING.sub(lambda found: re.sub(r"[^\n]", "_" if found[0][0] != "#" else " ", found[0]), text)


def _steps(dotted: str) -> Loc:
    return tuple(step.strip("\"'") for step in _STEP.findall(dotted))


def _placed(steps: Loc, counts: dict[Loc, int], *, another: bool) -> Loc:
    """The place of a table, with the index of the last element wherever it lies in an array of tables."""
    place: Loc = ()
    for position, step in enumerate(steps):
        place = (*place, step)
        if another and position == len(steps) - 1:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place


def line_of(lines: Mapping[Loc, int], loc: Loc) -> int:
    """The line of a place, or of the nearest thing around it."""
    return next(lines[loc[:length]] for length in range(len(loc), -1, -1) if loc[:length] in lines)
