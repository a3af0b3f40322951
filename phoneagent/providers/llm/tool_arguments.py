"""Tool arguments as a model meant them. Pure but for a library that mends JSON.

Models write arguments in all kinds of dressings: nothing at all, `null`, JSON in a string, in a code fence or with the
end of a tag behind it, a list with one object in it, `"2"` for 2, null for what may be left out. What can only be meant
in one way is read so. Everything else is left as it is: then the tool says what is wrong, and the model tries again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from phoneagent.plain_text import plain

NESTED = 3
"""How many times JSON may stand in a string of JSON: some servers encode what the model has encoded already."""

LONGEST_MENDED = 8_000  # characters; the library takes longer the more is broken
MOST_BRACKETS = 100  # that open in a text that is mended; the arguments of a tool on the telephone have ten

UNREADABLE = object()
"""What cannot be told."""

_FENCE = re.compile(r"\A`{3,}+\w*+")
_TRAILING_TAG = re.compile(r"\s*(?:</[^<>]{0,60}>|<[|｜][^<>]{0,60}[|｜]>|`{3,})\s*\Z")
_WHITE = re.compile(r"\s*")
_WRAPPERS = ("arguments", "parameters", "args", "kwargs", "input")
_WORDS = {"true": True, "false": False}


def arguments_as_meant(written: object, schema: Mapping[str, Any]) -> str:
    """The JSON text of an object; `written` as it came where it cannot be told what was meant.

    `written` is text, or the value itself where a server sends it so. `schema` is the tool's.
    """
    value = _value(written)
    if isinstance(value, list) and len(value) <= 1:
        value = value[0] if value else {}
    if value is None:
        value = {}
    if not isinstance(value, dict):
        return plain(written) if isinstance(written, str) else _encoded(written)
    meant = _fitted(_unwrapped(value, schema), schema)
    encoded = _encoded(meant)
    if isinstance(written, str) and encoded == _encoded(_as_json(written)):
        return plain(written)  # byte for byte, as prompt caches want it
    return encoded


def _as_json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def load() -> None:
    """Import what mends JSON, which takes 25 ms: better while the telephone rings than in an answer."""
    import json_repair  # noqa: F401


def is_whole(arguments: str) -> bool:
    """Whether arguments that come in pieces have come to their end."""
    text = arguments.strip()
    if not text.endswith(("}", "]")):
        return False
    try:
        json.loads(text, strict=False)
    except RecursionError:
        return True
    except ValueError:
        return len(several(text)) > 1
    return True


def several(arguments: str) -> list[str]:
    """The arguments of several calls that were glued together, `{…}{…}`; else what was given."""
    decoder, found, at = json.JSONDecoder(strict=False), [], 0
    text = arguments.strip()
    while at < len(text) and text[at] == "{":
        try:
            end = decoder.raw_decode(text, at)[1]
        except (ValueError, RecursionError):
            return [arguments]
        found.append(text[at:end])
        at = _WHITE.match(text, end).end()  # type: ignore[union-attr]  # it matches everywhere
    return found if at == len(text) and len(found) > 1 else [arguments]


def _value(written: object) -> object:
    value = written
    for _ in range(NESTED):
        if not isinstance(value, str):
            return value
        text = _undressed(value)
        if not text:
            return None
        value = decoded(text)
    return value


def _undressed(text: str) -> str:
    text = text.strip()
    if (fence := _FENCE.match(text)) and text.endswith("```"):
        text = text[fence.end() :].rstrip("`").strip()
    while trailing := _TRAILING_TAG.search(text, max(0, len(text) - 80)):
        text = text[: trailing.start()]
    return text.strip()


def decoded(text: str) -> object:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        pass
    # Only what is whole is mended: a number that was cut is another number.
    opened = text.count("{") + text.count("[")
    if not (text[0] in "{[" and text[-1] in "}]" and len(text) <= LONGEST_MENDED and opened <= MOST_BRACKETS):
        return UNREADABLE
    from json_repair import repair_json

    try:
        return repair_json(text, return_objects=True)
    except (ValueError, RecursionError):
        return UNREADABLE


def _unwrapped(value: dict[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """`{"name": "book", "arguments": {…}}` and `{"arguments": {…}}` are the inner object, unless the tool has such."""
    known = _properties(schema)
    for name in _WRAPPERS:
        inner = value.get(name)
        if isinstance(inner, dict) and not known.keys() & value.keys() and len(value) <= 2:
            return inner
    return value


def _fitted(value: dict[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    known, required = _properties(schema), schema.get("required")
    needed = set(required) if isinstance(required, list | tuple) else set()
    fitted = {}
    for name, given in value.items():
        wanted = known.get(name)
        if given is None and name not in needed and not _takes_null(wanted):
            continue  # null is how models leave out what they may
        fitted[name] = _converted(given, wanted)
    return fitted


def _converted(value: Any, schema: object) -> Any:
    """A value in the type that is wanted, where it can be told without loss."""
    if not isinstance(schema, Mapping):
        return value
    wanted = schema.get("type")
    match wanted, value:
        case "integer", float() if value.is_integer():
            return int(value)
        case "integer", str() if re.fullmatch(r"[+-]?\d{1,15}", value.strip(), re.ASCII):
            return int(value)
        case "number", str() if re.fullmatch(r"[+-]?\d{1,15}(?:\.\d{1,15})?", value.strip(), re.ASCII):
            return float(value)
        case "boolean", str() if value.strip().lower() in _WORDS:
            return _WORDS[value.strip().lower()]
        case "string", bool():
            return value
        case "string", int() | float():
            return json.dumps(value)
        case ("object", str()) | ("array", str()):
            inner = _value(value)
            if isinstance(inner, dict if wanted == "object" else list):
                return _converted(inner, schema)
        case "object", dict():
            return _fitted(value, schema)
        case "array", list():
            return [_converted(item, schema.get("items")) for item in value]
    return value


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    known = schema.get("properties")
    return known if isinstance(known, Mapping) else {}


def _takes_null(schema: object) -> bool:
    """Whether null is a value here, as far as can be seen at a glance; in doubt it is."""
    if schema is None:
        return False
    if not isinstance(schema, Mapping):
        return True
    if "type" in schema:
        return "null" in schema["type"] if isinstance(schema["type"], list | tuple) else schema["type"] == "null"
    return not ("enum" in schema and None not in schema["enum"])


def _encoded(value: object) -> str:
    try:
        return plain(json.dumps(value, ensure_ascii=False, default=str))
    except (ValueError, RecursionError):
        return ""
