"""Things to tune: each with its unit and its reason, for those who read the code and those who read the manual."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import field, fields, is_dataclass
from typing import Any, TypeVar, cast

T = TypeVar("T")

FRAME_SECONDS = 0.02  # nothing on a telephone line is shorter
SHORT = 5.0  # seconds; what is shorter than this by default is about single words
LONGEST_SHORT = 60.0  # seconds of such a knob: more are milliseconds, by mistake
LONGEST = 600.0  # seconds of any other: a call is over by then


def knob(default: T, unit: str, why: str, *, least: float | None = None, most: float | None = None) -> T:
    """A field of a policy: its default, what it is counted in, and the reason.

    `least` and `most`: the values allowed. A duration has at least a frame, unless it is 0 or more by default, and at
    most what nobody means who thinks of seconds.
    """
    if least is None:
        least = FRAME_SECONDS if isinstance(default, float) and default else 0
    if most is None:
        most = (LONGEST_SHORT if cast("float", default) < SHORT else LONGEST) if unit == "s" else math.inf
    value: T = field(default=default, metadata={"unit": unit, "why": why, "least": least, "most": most})
    return value


def too_much(value: float, most: float, unit: str) -> str:
    """Why a number is too large; empty if it is not."""
    if value <= most:
        return ""
    seconds = f"; these are seconds, {value:g} milliseconds are {value / 1000:g}" if unit == "s" else ""
    return f"expected at most {most:g}, got {value:g}{seconds}"


def pattern_problem(pattern: str) -> str:
    """Why this is no regular expression to look for; empty if it is one."""
    if odd := next((character for character in pattern if unicodedata.category(character) == "Cc"), ""):
        return (
            f"expected a regular expression, got {pattern!r} with the control character {odd!r}; write patterns in "
            "single quotes: in double quotes \\b is a backspace"
        )
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"expected a regular expression, got {pattern!r}: {error}"
    return ""


def knobs(record: type[Any]) -> Iterator[tuple[str, Any, str, str]]:
    """Name, default, unit and reason of each knob."""
    for each in fields(record):
        yield each.name, each.default, each.metadata["unit"], each.metadata["why"]


def patterns(record: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The regular expressions in it and in its records, each with its place."""
    for each in fields(record):
        value, at = getattr(record, each.name), (*place, each.name)
        if each.metadata.get("unit") in ("pattern", "patterns"):
            yield from (
                [(at, value)] if isinstance(value, str) else (((*at, index), one) for index, one in enumerate(value))
            )
        elif is_dataclass(value):
            yield from patterns(value, at)
        elif isinstance(value, tuple):
            for index, one in enumerate(value):
                yield from patterns(one, (*at, index)) if is_dataclass(one) else ()


def check(record: Any) -> None:
    """Raise `ValueError` for numbers that are too small or too large, and for regular expressions that are none."""
    for each in fields(record):
        value, least = getattr(record, each.name), each.metadata["least"]
        if isinstance(value, int | float):
            if value < least:
                raise ValueError(f"{each.name}: expected at least {least:g}, got {value:g}")
            if problem := too_much(value, each.metadata["most"], each.metadata["unit"]):
                raise ValueError(f"{each.name}: {problem}")
        if each.metadata["unit"] in ("pattern", "patterns"):
            for pattern in (value,) if isinstance(value, str) else value:
                if problem := pattern_problem(pattern):
                    raise ValueError(f"{each.name}: {problem}")
