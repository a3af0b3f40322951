"""Whatever anybody writes takes its time by its length, and no more: otherwise one text would hold up every call."""

from __future__ import annotations

import ast
import gc
import sys
import time
from pathlib import Path

import pytest

import phoneagent

from .readers import NOT_OUTSIDE, READERS, Reader
from .texts import SHAPES, text

PACKAGE = Path(phoneagent.__file__).parent
UNNOTICED = 0.001
"""Seconds of processor time: what takes less with a quarter of the text is no worry, and too little to be measured."""
MARGIN = 2.0
"""Four times the text may take eight times as long: a busy machine measures badly, and what is quadratic takes 16."""
TRIES = 5


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_four_times_the_text_takes_four_times_as_long(reader):
    reader.whole("A first text, 1 of 2.")  # loads and fills what is loaded and filled once
    gc.disable()
    try:
        slow = [shape for shape in SHAPES if not grows_linearly(reader, shape)]
    finally:
        gc.enable()
    assert slow == []


def grows_linearly(reader: Reader, shape: str) -> bool:
    """By the best of a few tries, of which one is mostly enough."""
    short, long = text(shape, reader.size // 4), text(shape, reader.size)
    at_best = took(reader, long)
    if at_best < 4 * MARGIN * UNNOTICED:
        return True
    quarter = max(took(reader, short), UNNOTICED)
    for _ in range(TRIES - 1):
        if at_best < 4 * MARGIN * quarter:
            return True
        at_best = min(at_best, took(reader, long))
    return at_best < 4 * MARGIN * quarter


def took(reader: Reader, given: str) -> float:
    began = time.thread_time()
    reader.whole(given)
    return time.thread_time() - began


EVERYTHING = (
    "Dr. No, 1st of May 2026 at 7:30: $5, #1, a/b, A1B2, [*x*](y), a@b.com +15005550006",
    "Henry VIII, 12 Main St., 3/4 cup, 2 km, from 7:30 to 9:00 am",
    "1-1",
)  # what languages and interfaces have rules for


def test_what_is_quadratic_is_found():
    slow = Reader("slow", lambda given: [given.count("x", at) for at in range(0, len(given), 2)])
    assert not grows_linearly(slow, "letters")


def test_whoever_uses_regular_expressions_is_among_the_readers():
    """Its code runs for one of them, or it is named with the reason why it reads nothing from outside."""
    users = {module(path) for path in PACKAGE.rglob("*.py") if uses_patterns(path)}
    exempt = {name for name in users if any(name.startswith(place) for place in NOT_OUTSIDE)}
    assert users - exempt - run_by_readers() == set()
    assert [place for place in NOT_OUTSIDE if not any(name.startswith(place) for name in exempt)] == []


def run_by_readers() -> set[str]:
    """The modules of which a function is called for one of the texts."""
    called: set[str] = set()
    sys.setprofile(lambda frame, event, _: called.add(frame.f_code.co_filename) if event == "call" else None)
    try:
        for reader in READERS:
            for given in EVERYTHING:
                reader.whole(given)
    finally:
        sys.setprofile(None)
    return {module(Path(file)) for file in called if Path(file).is_relative_to(PACKAGE)}


def module(path: Path) -> str:
    return f"phoneagent/{path.relative_to(PACKAGE).as_posix()}"


def uses_patterns(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.Import) and any(name.name in ("re", "regex") for name in node.names)
        for node in ast.walk(tree)
    )
