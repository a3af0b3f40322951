"""Things to tune: each with its unit and its reason, for those who read the code and those who read the manual."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field, fields
from typing import Any, TypeVar

T = TypeVar("T")

FRAME_SECONDS = 0.02  # nothing on a telephone line is shorter


def knob(default: T, unit: str, why: str, *, least: float | None = None) -> T:
    """A field of a policy: its default, what it is counted in, and the reason.

    `least`: the smallest value allowed; that of a duration is a frame, unless it is 0 or more by default.
    """
    if least is None:
        least = FRAME_SECONDS if isinstance(default, float) and default else 0
    value: T = field(default=default, metadata={"unit": unit, "why": why, "least": least})
    return value


def knobs(record: type[Any]) -> Iterator[tuple[str, Any, str, str]]:
    """Name, default, unit and reason of each knob."""
    for each in fields(record):
        yield each.name, each.default, each.metadata["unit"], each.metadata["why"]


def check(record: Any) -> None:
    """Raise `ValueError` for numbers that are too small, and for regular expressions that are none."""
    for each in fields(record):
        value, least = getattr(record, each.name), each.metadata["least"]
        if isinstance(value, int | float) and value < least:
            raise ValueError(f"{each.name}: expected at least {least:g}, got {value:g}")
        if each.metadata["unit"] in ("pattern", "patterns"):
            for pattern in (value,) if isinstance(value, str) else value:
                try:
                    re.compile(pattern)
                except re.error as error:
                    raise ValueError(f"{each.name}: expected a regular expression, got {pattern!r}: {error}") from error
