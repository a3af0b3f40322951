"""Whatever a function returns or raises, the model reads text and the call goes on."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import sys
import uuid
from collections import deque, namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from phoneagent.errors import ToolError
from phoneagent.toolbox import PythonTools, tool_spec


@dataclass
class Table:
    seats: int
    note: str = "\x1bby the window"


class Guest(BaseModel):
    name: str
    born: date
    photo: bytes = b""


class Colour(StrEnum):
    RED = "red"


class Size(Enum):
    LARGE = 3


class Loud(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no")


class Shy:
    def __str__(self) -> str:
        raise RuntimeError("no")


class Named:
    def __str__(self) -> str:
        return "the corner table"


class Response:
    def __repr__(self) -> str:
        return "<Response [200]>"


class Handle:
    def __repr__(self) -> str:
        return "<Handle of=<Table 7> closed>"


def row() -> sqlite3.Row:
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    found: sqlite3.Row = database.execute("SELECT 7 AS number, 'sent' AS status").fetchone()
    database.close()
    return found


Point = namedtuple("Point", "x y")  # noqa: PYI024 - as tools have them


def in_itself() -> list[Any]:
    found: list[Any] = ["a"]
    found.append(found)
    return found


def deep(levels: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


def doubled(levels: int) -> list[Any]:
    found: list[Any] = ["a"]
    for _ in range(levels):
        found = [found, found]
    return found


def tools(result, *, raises: bool = False):
    def weird() -> object:
        """Weird."""
        if raises:
            raise result
        return result

    async def weird_too() -> object:
        """Weird."""
        if raises:
            raise result
        return result

    return PythonTools((tool_spec(weird), tool_spec(weird_too)), {"weird": weird, "weird_too": weird_too})


async def run(box: PythonTools, name: str = "weird", arguments: str = "{}") -> str:
    return await box.run(name, arguments, call="CA1")


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("Grüße \ud83d\ude0a", "Grüße \U0001f60a"),
        ("half \ud83d a pair\x00\x1b[31m", "half  a pair[31m"),
        (Loud("two"), "two"),
        (Colour.RED, "red"),
        (Size.LARGE, "3"),
        ("Größe".encode(), "Größe"),
        (bytearray(b"bytes"), "bytes"),
        (memoryview(b"bytes"), "bytes"),
        (None, "null"),
        (True, "true"),
        (float("nan"), '"nan"'),
        ({"high": float("inf")}, '{"high":"inf"}'),
        (Decimal("3.50"), '"3.50"'),
        (date(2026, 11, 30), '"2026-11-30"'),
        (datetime(2026, 11, 30, 12, tzinfo=UTC), '"2026-11-30T12:00:00Z"'),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (PurePosixPath("a/b"), '"a/b"'),
        (Table(4), '{"seats":4,"note":"by the window"}'),
        ([Guest(name="Ana\x00", born=date(1990, 1, 2))], '[{"name":"Ana","born":"1990-01-02","photo":""}]'),
        ({"key": SecretStr("s")}, '{"key":"**********"}'),
        (Point(1, 2), "[1,2]"),
        (deque([1, 2]), "[1,2]"),
        (range(3), "[0,1,2]"),
        ({1: "a", None: "b", ("x", 2): "c", "\ud83d": "d"}, '{"1":"a","null":"b","[\\"x\\",2]":"c","":"d"}'),
        (iter(["a", "b"]), '["a","b"]'),
        (Named(), '"the corner table"'),
        (row(), '{"number":7,"status":"sent"}'),
        ({"error": KeyError("a")}, '{"error":"\'a\'"}'),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_can_be_told_is_told(result, text):
    assert await run(tools(result)) == text


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        (b"\xff\xfe\x00\xd8\x89PNG\x00", "bytes"),
        ({"picture": b"\x89PNG\r\n\x1a\n\x00"}, "a dict with bytes in it"),
        (in_itself(), "a list with more than 64 levels in it"),
        (deep(100), "a list with more than 64 levels in it"),
        (deep(sys.getrecursionlimit() * 10), "a list with more than 64 levels in it"),
        (object(), "an object"),
        (Response(), "a Response"),
        ([Shy()], "a list"),
        (lambda: deep(2), "a function"),
        (Table, "a type"),
        (Handle(), "a Handle"),
        (io.StringIO, "a type"),
        (json, "a module"),
        (10**5000, "an int with a number of 16,610 bits in it"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_cannot_be_told_is_named(result, kind):
    for name in ("weird", "weird_too"):
        with pytest.raises(ToolError) as told:
            await run(tools(result), name)
        assert str(told.value).startswith(f"{name} returned {kind}, which cannot be told")


async def test_a_list_that_has_itself_twice_at_each_level_takes_no_hours():
    assert "[cut: " in await run(tools(doubled(40)))


async def test_generators_are_read_as_far_as_a_model_reads():
    def endless() -> object:
        """Endless."""
        while True:
            yield "again"

    async def endless_too() -> object:
        """Endless."""
        while True:
            yield "again"

    box = PythonTools((tool_spec(endless), tool_spec(endless_too)), {"endless": endless, "endless_too": endless_too})
    assert (await run(box, "endless")).startswith('["again","again"')
    assert (await run(box, "endless_too")).startswith('["again","again"')


class Rude(ToolError):
    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ToolError("No \ud83d table\x00."), "No  table."),
        (ToolError("x" * 30_000), "[cut: these are the first 20,000 of 30,000 characters]"),
        (ToolError(b"\xff"), "b'\\xff'"),
        (Rude(), "{name} failed."),
        (SystemExit(1), "{name} failed (SystemExit)."),
        (asyncio.CancelledError(), "{name} failed (CancelledError)."),
        (RecursionError(), "{name} failed (RecursionError)."),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), "{name} failed (UnicodeDecodeError)."),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_a_tool_raises_is_its_failure(error, told):
    for name in ("weird", "weird_too"):
        with pytest.raises(ToolError) as caught:
            await run(tools(error, raises=True), name)
        assert str(caught.value).endswith(told.format(name=name))


async def test_a_next_that_finds_nothing_is_told_at_once():
    def first() -> object:
        """First."""
        return next(iter(()))

    async with asyncio.timeout(5):
        with pytest.raises(ToolError, match=r"first failed \(LookupError\)"):
            await run(PythonTools((tool_spec(first, timeout=60),), {"first": first}), "first")


@pytest.mark.parametrize(
    "arguments", ['{"n": NaN}', '{"n": [-Infinity]}', '"\ud83d"', "[" * 10_000, '{"n": ' + "9" * 9000]
)
async def test_arguments_that_are_no_json_are_told(arguments):
    with pytest.raises(ToolError, match="the arguments must be a JSON object"):
        await run(tools("a"), arguments=arguments)


async def test_arguments_are_plain():
    def repeat(text: list[str]) -> str:
        """Repeat."""
        return json.dumps(text)

    box = PythonTools((tool_spec(repeat),), {"repeat": repeat})
    assert await run(box, "repeat", '{"text": ["a\\u0000b\\u001b", "\\ud83d\\ude0a"]}') == '["ab", "\\ud83d\\ude0a"]'


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary(max_size=20)
    | st.decimals()
    | st.dates()
    | st.uuids()
    | st.complex_numbers(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(st.characters(), max_size=5) | st.integers() | st.dates(), inner, max_size=4)
        | st.builds(Table, inner)
    ),
    max_leaves=12,
)


@given(anything)
def test_whatever_it_is_the_model_reads_text(result):
    async def read() -> str:
        try:
            return await run(tools(result), "weird_too")
        except ToolError as error:
            return str(error)

    text = asyncio.run(read())
    assert "\0" not in text
    text.encode()
