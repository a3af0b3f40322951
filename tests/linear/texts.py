"""Texts that a slow pattern is slow with: one short thing again and again."""

from __future__ import annotations

LONGEST = 20_000
"""Characters: more than a model says in twenty minutes."""

SHAPES = {
    "dots": ".", "hyphens": "-", "stars apart": "* ", "digits": "1", "digits apart": "1 ", "decimals": "1.1.",
    "thousands": "1,", "round numbers": "1,000,", "prices": "$1 ", "percentages": "1%", "hashes": "#1",
    "times": "1:0", "parentheses": "(((", "brackets": "[a ", "links": "[x](", "tags": "<a ", "quotes": "\"'",
    "spaces": " ", "newlines": "\n", "list items": "\n- a", "table cells": "| a ", "letters": "a",
    "initials": "a.a.", "abbreviations": "e.g. ", "words": "and the ", "yes and no": "yes no, ",
    "numbers as words": "one two ", "e-mail addresses": "a.b@c.", "web addresses": "http://www.a-",
    "entities": "&amp;", "marks": "e\u0301\u0302", "Thai": "สวัสดี", "Chinese": "好，的", "emoji": "😀\u200d",
    "braces": "{a", "names of keys": "[keypad: 1, kept as keypad-1", "fences": "```{} ", "backslashes": "\\\"",
    "signs": "a1.$(-*_~+=&@#", "events": "data: a\n\n", "nested JSON": '{"a":[',
}  # fmt: skip


def text(shape: str, size: int) -> str:
    """So many characters of it."""
    return (SHAPES[shape] * (size // len(SHAPES[shape]) + 1))[:size]
