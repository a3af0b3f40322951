"""Text from outside, as it may stand in a log."""

from __future__ import annotations

LONGEST = 1_000  # characters of a text in a line; problems have a few hundred


def presentable(text: str, longest: int = LONGEST) -> str:
    """One line of text, not too long: what would steer a terminal, or end the line, is written as in a program."""
    cut = text[:longest]
    if not cut.isprintable():
        cut = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in cut)[:longest]
    return cut if len(text) <= longest else f"{cut}… ({len(text)} characters)"
