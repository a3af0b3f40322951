"""JSON schemas as models are told of them: as far as OpenAI takes them without strict mode. Pure.

What it has no use for is left out, what it insists on is added. Sources stand beside the rules, as of 2026-11.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

Schema: TypeAlias = dict[str, Any]

DEEPEST = 24  # levels of a schema that are told; a model is lost long before
MOST_PARTS = (
    1_000  # of one schema, some 10,000 tokens with each request; one that refers to itself would grow without end
)
LONGEST_PATTERN = 500  # characters of a regular expression

TYPES: Final = ("string", "number", "integer", "boolean", "null", "object", "array")


def told_schema(schema: Mapping[str, Any]) -> Schema:
    """The schema of a tool's arguments, as far as it can be told, so that it is accepted without being strict."""
    return _Teller(schema).root()


def kind_of_root(schema: Mapping[str, Any]) -> Any:
    """The type of what is no object; None if it is one, or says nothing."""
    teller = _Teller(schema)
    kind = teller.followed(schema).get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    return None if kind is None or "object" in kinds or not any(each in TYPES for each in kinds) else kind


def with_references_followed(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema that only refers to a part of itself, as that part."""
    return _Teller(schema).followed(schema)


class _Teller:
    """Tells one schema. References lead to `$defs`; those to other places, or with words beside, are resolved."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._parts = 0
        self._names: dict[str, str] = {}  # of definitions, by the reference to them
        self._wanted: list[str] = []

    def root(self) -> Schema:
        raw = self.followed(self._schema)
        plain = {word: value for word, value in raw.items() if word not in NOT_AT_THE_TOP} | {"type": "object"}
        told = self._told(plain | self._combined(raw), 0, frozenset())
        told.setdefault("properties", {})
        if definitions := self._definitions():
            told["$defs"] = definitions
        return told

    def _combined(self, raw: Mapping[str, Any]) -> Schema:
        """All properties that the objects which the root combines have: combinations are not allowed at the top."""
        every = [raw, *self._options(raw, "allOf")]
        some = [*self._options(raw, "anyOf"), *self._options(raw, "oneOf")]
        if len(every) + len(some) == 1:
            return {}
        properties: Schema = {}
        for part in (*every, *some):
            for name, one in _mapping(part.get("properties")).items():
                properties.setdefault(name, one)
        required = [name for part in every for name in _list(part.get("required"))]
        return {"properties": properties, "required": required, "additionalProperties": None}

    def _options(self, raw: Mapping[str, Any], word: str) -> list[Mapping[str, Any]]:
        return [self.followed(option) for option in _list(raw.get(word)) if isinstance(option, Mapping)]

    def _definitions(self) -> Schema:
        told: Schema = {}
        while self._wanted:
            reference = self._wanted.pop()
            target = self._looked_up(reference)
            told[self._names[reference]] = self._told(target, 1, frozenset({reference})) if _is(target) else {}
        return {name: {} if _leads_nowhere(name, told) else definition for name, definition in told.items()}

    def _told(self, raw: Any, depth: int, within: frozenset[str]) -> Schema:
        """One schema. `within`: the references that it is the target of, so that none is resolved in itself."""
        self._parts += 1
        if not isinstance(raw, Mapping) or depth > DEEPEST or self._parts > MOST_PARTS:
            return {}
        reference = raw.get("$ref")
        if isinstance(reference, str):
            return self._referred(reference, raw, depth, within)
        told: Schema = {}
        for word, value in raw.items():
            if word in SCHEMAS:
                self._add_schemas(told, word, value, depth, within)
            elif word in VALUES:
                kept = VALUES[word](value)
                if kept is not None:
                    told[word] = kept
        return _completed(told, nullable=raw.get("nullable") is True)

    def _add_schemas(self, told: Schema, word: str, value: Any, depth: int, within: frozenset[str]) -> None:
        match SCHEMAS[word], value:
            case "named", Mapping():
                told[word] = {
                    plain_text(name): self._told(one, depth + 1, within)
                    for name, one in value.items()
                    if isinstance(name, str) and one is not False and (word != "patternProperties" or _pattern(name))
                }
            case "list", list() | tuple():
                if options := [self._told(one, depth + 1, within) for one in value if one is not False]:
                    told[word] = options
            case "one", Mapping():
                told[word] = self._told(value, depth + 1, within)
            case _ if word == "additionalProperties" and isinstance(value, bool):
                told[word] = value
            case _ if word == "items" and isinstance(value, list) and value:  # of a tuple, in older drafts
                told[word] = {"anyOf": [self._told(one, depth + 1, within) for one in value]}

    def _referred(self, reference: str, raw: Mapping[str, Any], depth: int, within: frozenset[str]) -> Schema:
        target = self._looked_up(reference)
        beside = {word: value for word, value in raw.items() if word in SCHEMAS or word in VALUES}
        if not _is(target):
            return self._told(beside, depth, within) if beside else {}
        name = _definition(reference)
        if (beside or not name) and reference not in within:
            return self._told({**target, **beside}, depth, within | {reference})
        if reference == "#":
            return {"$ref": "#"}
        return {"$ref": f"#/$defs/{self._name(reference, name)}"} if name else {}

    def _name(self, reference: str, name: str) -> str:
        if reference not in self._names:
            plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:60] or "_"
            taken = set(self._names.values())
            self._names[reference] = plain if plain not in taken else f"{plain}_{len(taken)}"
            self._wanted.append(reference)
        return self._names[reference]

    def followed(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """A schema with what it refers to, and what that refers to, put in its place."""
        seen: set[str] = set()
        while isinstance(reference := raw.get("$ref"), str) and reference not in seen:
            seen.add(reference)
            target = self._looked_up(reference)
            rest = {word: value for word, value in raw.items() if word != "$ref"}
            raw = {**target, **rest} if _is(target) else rest
        return {word: value for word, value in raw.items() if word != "$ref"}

    def _looked_up(self, reference: str) -> Any:
        """What is at a place of this schema; False if nothing is."""
        if reference != "#" and not reference.startswith("#/"):
            return False
        found: Any = self._schema
        for step in reference.split("/")[1:]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isdecimal() and int(key[:9]) < len(found):
                found = found[int(key[:9])]
            else:
                return False
        return found


NOT_AT_THE_TOP = ("anyOf", "oneOf", "allOf", "enum", "not", "const", "if", "then", "else", "nullable")
"""The first five by the API's own message ("schema must have type 'object' and not have …"), the others to be sure."""


def _completed(told: Schema, *, nullable: bool) -> Schema:
    """With what is missing: OpenAI insists on it, strict or not (langchain-mcp-adapters#137, bnbchain-mcp#68)."""
    if "type" not in told and "properties" in told:
        told["type"] = "object"
    elif "type" not in told and "items" in told:
        told["type"] = "array"
    kinds = kinds_of(told)
    if nullable and kinds and "null" not in kinds:
        kinds = [*kinds, "null"]
        told["type"] = kinds
    if "object" in kinds:
        missing: Schema = {name: {} for name in told.get("required", ()) if name not in told.get("properties", {})}
        if missing or not {"properties", "additionalProperties"} & told.keys():
            told["properties"] = told.get("properties", {}) | missing
    else:
        told.pop("required", None)
    if "array" in kinds:
        told.setdefault("items", {})
    if "enum" in told and kinds:
        if fitting := [value for value in told["enum"] if fits(value, kinds)]:
            told["enum"] = fitting
        else:
            del told["enum"]
    return told


def _leads_nowhere(name: str, definitions: Mapping[str, Schema]) -> bool:
    """Whether a definition is nothing but a reference to itself, by however many others."""
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        reference = definitions.get(name, {}).get("$ref", "")
        if not reference:
            return False
        name = reference.removeprefix("#/$defs/")
    return True


def _definition(reference: str) -> str:
    """The name of a definition; empty for another place."""
    found = re.fullmatch(r"#/(?:\$defs|definitions)/([^/]+)", reference)
    return unquote(found[1]) if found else ""


def _is(target: Any) -> bool:
    return isinstance(target, Mapping)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


# -- values of keywords: None is left out ------------------------------------------------------------


def plain_text(text: str) -> str:
    """The text without halves of characters, which no JSON can have."""
    return text.encode("utf-8", "replace").decode()


def _string(value: Any) -> str | None:
    return plain_text(value) if isinstance(value, str) else None


def _bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: Any) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if _in_range(value) else None


def _in_range(value: float) -> bool:
    """Whether every JSON parser reads the number."""
    return abs(value) < 1 << 53 if isinstance(value, int) else math.isfinite(value)


def _above_zero(value: Any) -> float | int | None:
    number = _number(value)
    return number if number is not None and number > 0 else None


def _count(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number >= 0 and number == int(number) else None


def _pattern(value: Any) -> str | None:
    """One that is understood: the API compiles them as Python does (litellm#40485), and newer models refuse to look
    around (vercel/ai#21037).
    """
    if not isinstance(value, str) or len(value) > LONGEST_PATTERN or looks_around(value):
        return None
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError):
        return None
    return _string(value)


def looks_around(pattern: str) -> bool:
    return re.search(r"\(\?<?[=!]", pattern) is not None


def _type(value: Any) -> str | list[str] | None:
    given = value if isinstance(value, list) else [value]
    kinds = list(dict.fromkeys(kind for kind in given if isinstance(kind, str) and kind in TYPES))
    if not kinds:
        return None
    return kinds[0] if len(kinds) == 1 else kinds


def kinds_of(schema: Mapping[str, Any]) -> list[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def _names(value: Any) -> list[str] | None:
    if not isinstance(value, list | tuple):
        return None
    return list(dict.fromkeys(plain_text(name) for name in value if isinstance(name, str)))


_NOTHING = object()


def _json(value: Any, depth: int = 0) -> Any:
    """A value as JSON, `_NOTHING` if it is none."""
    match value:
        case None | bool():
            return value
        case str():
            return plain_text(value)
        case int() | float():
            return value if _in_range(value) else _NOTHING
        case list() | tuple() if depth < DEEPEST:
            found = [_json(one, depth + 1) for one in value]
            return _NOTHING if _NOTHING in found else found
        case Mapping() if depth < DEEPEST:
            pairs = {name: _json(one, depth + 1) for name, one in value.items()}
            if not all(isinstance(name, str) for name in pairs) or _NOTHING in pairs.values():
                return _NOTHING
            return {plain_text(name): one for name, one in pairs.items()}
    return _NOTHING


def _any(value: Any) -> Any:
    """A value; None is as good as nothing where it is told for the reader alone."""
    found = _json(value)
    return None if found is _NOTHING else found


def _enum(value: Any) -> list[Any] | None:
    found = [one for one in map(_json, _list(value)) if one is not _NOTHING]
    distinct: list[Any] = []
    for one in found:
        if not any(type(one) is type(other) and one == other for other in distinct):
            distinct.append(one)
    return distinct or None


def fits(value: Any, kinds: Collection[str]) -> bool:
    """Whether a value has one of these types."""
    match value:
        case None:
            return "null" in kinds
        case bool():
            return "boolean" in kinds
        case int():
            return "integer" in kinds or "number" in kinds
        case float():
            return "number" in kinds or ("integer" in kinds and value == int(value))
        case str():
            return "string" in kinds
        case list():
            return "array" in kinds
    return "object" in kinds


SCHEMAS: Final[Mapping[str, str]] = {
    "properties": "named",
    "patternProperties": "named",
    "additionalProperties": "one",
    "propertyNames": "one",
    "items": "one",
    "contains": "one",
    "prefixItems": "list",
    "anyOf": "list",
    "oneOf": "list",
    "allOf": "list",
    "not": "one",
    "if": "one",
    "then": "one",
    "else": "one",
}
"""Keywords with schemas in them: by name, one, or a list."""

VALUES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "type": _type,
    "title": _string,
    "description": _string,
    "format": _string,
    "pattern": _pattern,
    "enum": _enum,
    "const": _any,
    "default": _any,
    "examples": _enum,
    "required": _names,
    "minimum": _number,
    "maximum": _number,
    "exclusiveMinimum": _number,
    "exclusiveMaximum": _number,
    "multipleOf": _above_zero,
    "minLength": _count,
    "maxLength": _count,
    "minItems": _count,
    "maxItems": _count,
    "minContains": _count,
    "maxContains": _count,
    "minProperties": _count,
    "maxProperties": _count,
    "uniqueItems": _bool,
    "deprecated": _bool,
    "readOnly": _bool,
    "writeOnly": _bool,
}
"""Keywords with values, and what is told of a value. Whatever else stands in a schema is not told."""
