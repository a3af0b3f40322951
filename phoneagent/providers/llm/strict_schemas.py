"""JSON schemas that OpenAI's strict mode takes: then a model's arguments always fit. Pure.

It takes a schema only if it knows each keyword and each value in it, and has neither optional properties nor objects of
any content. Source: developers.openai.com/api/docs/guides/structured-outputs (supported schemas), as of 2026-11, and
what the API answered others. What nobody shows to be taken is not marked strict.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .told_schemas import (
    MOST_PARTS,
    NOT_AT_THE_TOP,
    TYPES,
    Schema,
    fits,
    kinds_of,
    told_schema,
    with_references_followed,
)

FORMATS: Final = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
MOST_ENUM_VALUES = 1_000  # of all enums together
LONGEST_NAMES = 120_000  # characters of all names of properties and definitions, enum values and constants
LONG_ENUM, LONGEST_ENUM = 250, 15_000  # values, above which one enum has so many characters at most
DEEPEST_STRICT = 10  # levels; here each schema within another is one, which is more than the vendor counts
PLAIN_NAME = re.compile(r"[A-Za-z0-9_.$@ -]{1,64}")  # of a property; of others nobody says that they are taken

_WORDS: Final = frozenset({"title", "description", "type", "enum", "const"})
_OF_TYPE: Final[Mapping[str, frozenset[str]]] = {
    "string": frozenset({"pattern", "format"}),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "boolean": frozenset(),
    "null": frozenset(),
}
"""The keywords that strict mode takes, by type."""


def closed_schema(schema: Mapping[str, Any]) -> Schema | None:
    """The schema with all its objects closed to further properties, as strict mode wants it; None if it cannot be."""
    try:
        return _Strict(schema).root()
    except _NotStrict:
        return None


class _NotStrict(Exception):
    """Strict mode does not take this."""


class _Strict:
    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._original = schema
        self._told = told_schema(schema)
        self._definitions: Mapping[str, Schema] = self._told.get("$defs", {})
        self._enum_values = self._characters = self._seen = 0

    def root(self) -> Schema:
        original = with_references_followed(self._original)
        _expect(not any(word in original for word in NOT_AT_THE_TOP))
        _expect(original.get("type", "object") == "object")
        root = {word: value for word, value in self._told.items() if word != "$defs"}
        if original.get("properties") == {}:  # it says that it has none; one that says nothing may have any
            root.setdefault("additionalProperties", False)
        closed = self._closed(root, 1)
        if self._definitions:
            self._characters += sum(map(len, self._definitions))
            closed["$defs"] = {name: self._closed(one, 1) for name, one in self._definitions.items()}
        _expect(self._enum_values <= MOST_ENUM_VALUES)  # 5,000 properties are more than `MOST_PARTS`
        _expect(self._characters <= LONGEST_NAMES)
        self._look_into(closed, closed, 1, frozenset(), frozenset())
        return closed

    def _look_into(
        self, schema: Schema, root: Schema, level: int, within: frozenset[str], bare: frozenset[str]
    ) -> None:
        """Refuse what is deep or endless. `within`: references that lead here; `bare`: those with no value between."""
        self._seen += 1
        _expect(self._seen <= MOST_PARTS and level <= DEEPEST_STRICT)
        if (reference := schema.get("$ref")) is not None:
            _expect(reference not in bare)
            if reference not in within:
                target = root if reference == "#" else root["$defs"][reference.removeprefix("#/$defs/")]
                self._look_into(target, root, level, within | {reference}, bare | {reference})
            return
        for option in schema.get("anyOf", ()):
            self._look_into(option, root, level + 1, within, bare)
        values = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
        for value in values:
            self._look_into(value, root, level + 1, within, frozenset())

    def _closed(self, schema: Schema, depth: int) -> Schema:
        if "$ref" in schema:
            return schema
        if "anyOf" in schema:
            _expect(schema.keys() <= {"anyOf", "title", "description"})
            return {**schema, "anyOf": [self._closed(option, depth + 1) for option in schema["anyOf"]]}
        kinds = kinds_of(schema) or _inferred(schema)
        _expect(bool(kinds))
        if len(kinds) > 1 and not _is_nullable_scalar(kinds):
            return self._closed(_split(schema, kinds), depth)
        known = _WORDS.union(*(_OF_TYPE[kind] for kind in kinds))
        _expect(known.issuperset(schema))
        closed = {**schema, "type": kinds if len(kinds) > 1 else kinds[0]}
        self._check_values(closed, kinds)
        if kinds == ["object"]:
            closed |= self._closed_object(schema, depth)
        elif kinds == ["array"]:
            closed["items"] = self._closed(schema["items"], depth + 1)
        return closed

    def _closed_object(self, schema: Schema, depth: int) -> Schema:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        more = schema.get("additionalProperties", not properties)
        _expect(more is False and set(required) == set(properties))
        _expect(all(PLAIN_NAME.fullmatch(name) for name in properties))
        self._characters += sum(map(len, properties))
        inner = {name: self._closed(one, depth + 1) for name, one in properties.items()}
        return {"properties": inner, "required": list(properties), "additionalProperties": False}

    def _check_values(self, schema: Schema, kinds: Sequence[str]) -> None:
        _expect(schema.get("format", "date") in FORMATS)
        _expect(_PLAIN_PATTERN.search(schema.get("pattern", "")) is None)
        values = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
        _expect(all(not isinstance(value, list | dict) and fits(value, kinds) for value in values))
        characters = sum(len(value) for value in values if isinstance(value, str))
        _expect(len(values) <= LONG_ENUM or characters <= LONGEST_ENUM)
        self._enum_values += len(schema.get("enum", ()))
        self._characters += characters


_PLAIN_PATTERN = re.compile(r"\(\?(?!:)|\\[1-9kpPbBAZ]|[*+?}]\+")
"""What is not in every dialect of regular expressions: then the pattern is told, but not strict."""


def _expect(taken: bool) -> None:
    if not taken:
        raise _NotStrict


def _is_nullable_scalar(kinds: Sequence[str]) -> bool:
    return len(kinds) == 2 and "null" in kinds and not {"object", "array"} & set(kinds)


def _inferred(schema: Schema) -> list[str]:
    """The types of the values that a schema lists, where it does not say a type."""
    values = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    return list(dict.fromkeys(kind for value in values for kind in TYPES if kind != "number" and fits(value, [kind])))


def _split(schema: Schema, kinds: Sequence[str]) -> Schema:
    """A schema of several types as one of several schemas."""
    words: Schema = {word: schema[word] for word in ("title", "description") if word in schema}
    _expect(frozenset(schema) <= _WORDS.union(*(_OF_TYPE[kind] for kind in kinds)))
    options: list[Schema] = []
    for kind in kinds:
        option = {"type": kind} | {word: schema[word] for word in schema if word in _OF_TYPE[kind]}
        if "enum" in schema:
            option["enum"] = [value for value in schema["enum"] if fits(value, [kind])]
        if "const" in schema and fits(schema["const"], [kind]):
            option["const"] = schema["const"]
        if option.get("enum") != [] and ("const" not in schema or "const" in option):
            options.append(option)
    return {**words, "anyOf": options}
