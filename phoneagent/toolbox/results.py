"""What a tool returns, as the model is told it: text, or JSON of whatever it is. Never more than a model shall read.

`pydantic_core.to_json` alone would do for what functions should return. It raises for halves of surrogate pairs, bytes,
cycles and depth, tells where in memory an object is, and goes through a list that contains itself twice at each of
thirty levels for hours. So containers are gone through here, within bounds, and it is asked for dates, models and
their like.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Final, Protocol, runtime_checkable

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_jsonable_python

from phoneagent.errors import ToolError
from phoneagent.plain_text import NotText, decoded, plain

LONGEST = 20_000
"""Characters of a result that the model is given: some 5,000 tokens, which it reads anew with every later request."""

DEEPEST = 64  # levels; JSON that people write has less than ten
MOST_VALUES = LONGEST  # each has a character at least, so that what comes after these is cut off in any case
LONGEST_TEXT = 10 * LONGEST  # characters of one text in a result, before the whole is cut
LARGEST_TEXT = 1_000_000  # bytes that are looked at for text
MOST_BITS = 1_024  # of a whole number, as the largest fraction has; Python refuses to write one of 15,000
LONGEST_NAME = 60  # characters of a type's name

_COMPACT: Final[dict[str, Any]] = {"ensure_ascii": False, "separators": (",", ":"), "allow_nan": False}


class _Untold(Exception):
    """What it is instead of a value, in words."""


def told(tool: str, result: object) -> str:
    """Text as it is, bytes if they are text, and JSON of everything else.

    Raises `ToolError` that says what it was, for what cannot be told.
    """
    try:
        if isinstance(result, str) and not isinstance(result, Enum):
            return str.__str__(result)
        value = _Values().plain(result)
        return value if isinstance(result, str | bytes | bytearray | memoryview) else json.dumps(value, **_COMPACT)
    except _Untold as untold:
        problem = str(untold)
        inner = "" if problem == kind_of(result) else f" with {problem} in it"
        raise ToolError(f"{tool} returned {kind_of(result)}{inner}, which cannot be told.") from untold
    except Exception as error:  # whatever an object does when it is looked at
        raise ToolError(f"{tool} returned {kind_of(result)}, which cannot be told ({_name(type(error))}).") from error


def cut(text: str) -> str:
    """Plain, and no longer than a model shall read."""
    if len(text) <= LONGEST:
        return plain(text)
    return f"{plain(text[:LONGEST])} … [cut: these are the first {LONGEST:,} of {len(text):,} characters]"


def kind_of(value: object) -> str:
    """In words: "bytes", "a Response", "an object"."""
    name = _name(type(value))
    return name if name.endswith("s") else f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _name(kind: type) -> str:
    return plain(kind.__name__)[:LONGEST_NAME] or "type"


@runtime_checkable
class _Row(Protocol):
    """Of a database, by name: sqlite3's pass for sequences, and others for nothing at all."""

    def keys(self) -> Iterable[Any]: ...

    def __getitem__(self, name: Any) -> Any: ...


class _Values:
    """Goes through a value, and makes of it what JSON can hold. What will be cut off is not looked at."""

    def __init__(self) -> None:
        self._left = MOST_VALUES
        self._level = 0

    def plain(self, value: object) -> Any:
        """Raises `_Untold`, and whatever the value does when it is looked at."""
        self._left -= 1
        match value:
            case Enum():
                return self._inside(self.plain, value.value)
            case None | bool():
                return value
            case str():
                return self._text(str.__str__(value))
            case int():
                if value.bit_length() > MOST_BITS:
                    raise _Untold(f"a number of {value.bit_length():,} bits")
                return int(value)
            case float():
                return float(value) if math.isfinite(value) else str(float(value))
            case bytes() | bytearray() | memoryview():
                return self._text(_text_of(value))
            case _Row() if not isinstance(value, Mapping):
                return self._inside(self._object, ((name, value[name]) for name in list(value.keys())))
            case Mapping():
                return self._inside(self._object, value.items())
            case BaseModel():
                return self._inside(self.plain, _dumped(value))
            case Sequence() | AbstractSet() | Iterator() | ValuesView():
                return self._inside(self._list, value)
        if is_dataclass(value) and not isinstance(value, type):
            return self._inside(self._object, [(one.name, getattr(value, one.name)) for one in fields(value)])
        return self._other(value)

    def _inside(self, go: Callable[[Any], Any], value: Any) -> Any:
        self._level += 1
        if self._level > DEEPEST:
            raise _Untold(f"more than {DEEPEST} levels")
        found = go(value)
        self._level -= 1
        return found

    def _object(self, pairs: Iterable[tuple[object, object]]) -> dict[str, Any]:
        found = {}
        for name, value in pairs:
            if self._left <= 0:
                break
            found[self._key(name)] = self.plain(value)
        return found

    def _list(self, values: Iterable[object]) -> list[Any]:
        found = []
        for value in values:
            if self._left <= 0:
                break
            found.append(self.plain(value))
        return found

    def _key(self, name: object) -> str:
        key = self.plain(name)
        return key if isinstance(key, str) else json.dumps(key, **_COMPACT)

    def _text(self, text: str) -> str:
        text = text[:LONGEST_TEXT]
        self._left -= len(text) // 10
        return plain(text)

    def _other(self, value: object) -> Any:
        """Dates, numbers of other kinds and their like; else what it says of itself, if that is for people."""
        try:
            found = to_jsonable_python(value)
        except PydanticSerializationError:
            found = str(value)
            if _is_shown(found, type(value).__name__):
                raise _Untold(kind_of(value)) from None
        return self._text(found) if isinstance(found, str) else found


def _is_shown(text: str, kind: str) -> bool:
    """Whether Python shows what has no text: `<Response [200]>`, `<object object at 0x7f…>`."""
    if not (text.startswith("<") and text.endswith(">")):
        return False
    return text.count("<") == 1 or " at 0x" in text or kind in text[:LONGEST_NAME]


def _dumped(model: BaseModel) -> dict[str, Any]:
    try:
        return model.model_dump(mode="json", by_alias=True)
    except (PydanticSerializationError, ValueError):  # for bytes, say
        return model.model_dump(by_alias=True)


def _text_of(data: bytes | bytearray | memoryview) -> str:
    if len(data) > LARGEST_TEXT:
        raise _Untold(f"{len(data):,} bytes")
    try:
        return decoded(bytes(data), otherwise="")
    except (NotText, LookupError) as error:
        raise _Untold(kind_of(data)) from error
