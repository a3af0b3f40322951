"""Which schemas of functions OpenAI takes: the rules of its validator, in its words.

Written from developers.openai.com/api/docs/guides/structured-outputs ("Supported schemas", "Some type-specific
keywords", "Objects have limitations on nesting depth and size"; 2026-11) and from the messages that its API gave to
others, which stand beside the rules. Where nobody shows whether something is taken it is refused, and the rule says
"cautious".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

Path: TypeAlias = tuple[str, ...]

AT_THE_TOP: Final = ("oneOf", "anyOf", "allOf", "enum", "not")
FORMATS: Final = ("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid")
KEYWORDS: Final = frozenset(
    {
        "type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "const", "$ref", "$defs",
        "definitions", "title", "description", "pattern", "format", "multipleOf", "minimum", "maximum",
        "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems",
    }
)  # fmt: skip
"""What strict mode permits."""

LIMITS: Final = {"properties": 5_000, "levels": 10, "characters": 120_000, "enum values": 1_000}
LARGE_ENUM, LARGE_ENUM_CHARACTERS = 250, 15_000
DESCRIPTION = 1024  # characters of a function's description: `string_above_max_length`, getsentry/sentry-mcp#106


class SchemaRefused(Exception):
    """The message, without the name of the function."""


def refusal(parameters: Mapping[str, Any], *, strict: bool) -> str:
    """Why these parameters are refused, as the API says it after the function's name; empty if they are taken."""
    return _refusal(msgspec.json.encode(parameters), strict)


@lru_cache(maxsize=512)
def _refusal(parameters: bytes, strict: bool) -> str:
    schema = msgspec.json.decode(parameters)
    try:
        if strict and schema.get("additionalProperties") is not False:
            raise SchemaRefused("In context=(), 'additionalProperties' is required to be supplied and to be false.")
        _check_form(schema)
        _check_root(schema)
        _walk(schema, schema, ())
        if strict:
            _check_strict(schema, schema, ())
            _check_limits(schema)
    except SchemaRefused as refused:
        return str(refused)
    return ""


# -- every schema ------------------------------------------------------------------------------------


def _check_form(schema: object) -> None:
    """Against the schema of schemas, with formats: patterns are compiled as Python's (BerriAI/litellm#40485)."""
    try:
        problem = next(iter(_schema_of_schemas().iter_errors(schema)), None)
    except RecursionError as deep:
        raise SchemaRefused("schema is nested too deeply") from deep
    if problem is not None:
        raise SchemaRefused(problem.message)


@cache
def _schema_of_schemas() -> Validator:
    from jsonschema import Draft202012Validator, FormatChecker  # it takes long, and not every simulation has tools

    return Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=FormatChecker(["regex"]))


def _check_root(schema: Mapping[str, Any]) -> None:
    kind = schema.get("type")
    if kind != "object":
        raise SchemaRefused(f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'.")
    if any(word in schema for word in AT_THE_TOP):  # Madappgang/claudish#239, and Codex's users
        words = "/".join(f"'{word}'" for word in AT_THE_TOP)
        raise SchemaRefused(f"schema must have type 'object' and not have {words} at the top level.")
    if "properties" not in schema:  # langchain-ai/langchain-mcp-adapters#137
        raise SchemaRefused("In context=(), object schema missing properties.")


def _inner(schema: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """The schemas in a schema, by where they are."""
    for word in ("properties", "patternProperties", "$defs", "definitions"):
        for name, one in (schema.get(word) or {}).items():
            yield (word, name), one
    for word in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for index, one in enumerate(schema.get(word) or ()):
            yield (word, str(index)), one
    for word in ("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"):
        if word in schema and not (word == "additionalProperties" and isinstance(schema[word], bool)):
            yield (word,), schema[word]


def _walk(schema: Any, root: Mapping[str, Any], path: Path) -> None:
    if not isinstance(schema, Mapping):  # cautious
        raise SchemaRefused(f"In context={path}, {schema} is not of type 'object'.")
    kinds = _kinds(schema)
    if "object" in kinds and not schema.keys() & {"properties", "additionalProperties"}:  # mark3labs/mcphost#88
        raise SchemaRefused(f"In context={path}, object schema missing properties.")
    if "array" in kinds and "items" not in schema:  # bnbchain/bnbchain-mcp#68
        raise SchemaRefused(f"In context={path}, array schema missing items.")
    if (pattern := schema.get("pattern")) is not None and re.search(r"\(\?<?[=!]", pattern):
        place = ".".join(("$", *path, "pattern"))  # vercel/ai#21037, anomalyco/opencode#32073
        raise SchemaRefused(f"Invalid JSON schema: regex lookaround is not supported. Found at {place}.")
    if "$ref" in schema:
        _target(schema["$ref"], root, path)
    for value in schema.get("enum") or ():  # cautious outside of strict mode
        if kinds and not any(_is(value, kind) for kind in kinds):
            raise SchemaRefused(f"In context={path}, enum value {value} does not validate against {{'type': {kinds}}}.")
    for step, one in _inner(schema):
        _walk(one, root, (*path, *step))


def _target(reference: str, root: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    found: Any = root
    for step in reference.split("/")[1:] if reference.startswith("#") else ("nowhere",):
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        raise SchemaRefused(
            f"In context={path}, reference to component '{reference}' which was not found in the schema."
        )
    return found


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    kind = schema.get("type", [])
    return kind if isinstance(kind, list) else [kind]


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    types: Mapping[str, tuple[type, ...]] = {
        "string": (str,), "integer": (int,), "number": (int, float), "null": (type(None),),
        "array": (list,), "object": (dict,), "boolean": (),
    }  # fmt: skip
    return isinstance(value, types[kind]) or (kind == "integer" and isinstance(value, float) and value.is_integer())


# -- strict mode -------------------------------------------------------------------------------------


def _check_strict(schema: Mapping[str, Any], root: Mapping[str, Any], path: Path) -> None:
    for word in schema:
        if word not in KEYWORDS:
            raise SchemaRefused(f"In context={path}, '{word}' is not permitted.")
    if "$ref" in schema:
        if beside := set(schema) - {"$ref"}:  # camel-ai/camel#3001
            raise SchemaRefused(f"In context={path}, $ref cannot have keywords {beside}.")
        if not re.fullmatch(r"#|#/(\$defs|definitions)/[^/]+", schema["$ref"]):  # cautious: no other is documented
            raise SchemaRefused(f"In context={path}, $ref must be to a definition or to the root.")
        _expect_an_end(schema, root, path)
        return
    if "anyOf" in schema:
        if beside := set(schema) - {"anyOf", "title", "description", "$defs", "definitions"}:  # cautious
            raise SchemaRefused(f"In context={path}, anyOf cannot have keywords {beside}.")
    elif "type" not in schema:  # can1357/oh-my-pi#211: of enum and const too
        raise SchemaRefused(f"In context={path}, schema must have a 'type' key.")
    kinds = _kinds(schema)
    if len(kinds) > 1 and (len(kinds) > 2 or "null" not in kinds or {"object", "array"} & set(kinds)):
        raise SchemaRefused(
            f"In context={path}, type {kinds} is not supported."
        )  # cautious: ["string", "null"] is shown
    _check_strict_object(schema, kinds, path)
    _check_strict_words(schema, kinds, path)
    for step, one in _inner(schema):
        _check_strict(one, root, (*path, *step))


def _check_strict_object(schema: Mapping[str, Any], kinds: list[str], path: Path) -> None:
    if "object" not in kinds:
        if present := schema.keys() & {"properties", "required", "additionalProperties"}:  # cautious
            raise SchemaRefused(f"In context={path}, {sorted(present)} is not permitted.")
        return
    if schema.get("additionalProperties") is not False:
        raise SchemaRefused(f"In context={path}, 'additionalProperties' is required to be supplied and to be false.")
    properties, required = schema.get("properties", {}), schema.get("required", [])
    for name in properties:
        if name not in required:
            raise SchemaRefused(
                f"In context={path}, 'required' is required to be supplied and to be an array including every key in "
                f"properties. Missing '{name}'."
            )
    for name in required:
        if name not in properties:
            raise SchemaRefused(
                f"In context={path}, 'required' is required to be supplied and to be an array "
                f"including every key in properties. Extra required key '{name}' supplied."
            )


OF_STRINGS, OF_ARRAYS = {"pattern", "format"}, {"items", "minItems", "maxItems"}
OF_NUMBERS = {"multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}


def _check_strict_words(schema: Mapping[str, Any], kinds: list[str], path: Path) -> None:
    allowed = set[str]()
    if "string" in kinds:
        allowed |= OF_STRINGS
    if {"number", "integer"} & set(kinds):
        allowed |= OF_NUMBERS
    if "array" in kinds:
        allowed |= OF_ARRAYS
    if misplaced := (OF_STRINGS | OF_NUMBERS | OF_ARRAYS) & schema.keys() - allowed:  # cautious
        raise SchemaRefused(f"In context={path}, '{min(misplaced)}' is not permitted.")
    if "format" in schema and schema["format"] not in FORMATS:  # can1357/oh-my-pi#206, cyanheads/git-mcp-server#47
        raise SchemaRefused(f"In context={path}, '{schema['format']}' is not a valid format.")
    if (pattern := schema.get("pattern")) and re.search(r"\(\?(?!:)|\\[1-9kpP]|[*+?}]\+", pattern):  # cautious
        raise SchemaRefused(f"In context={path}, pattern '{pattern}' is not supported.")
    for value in (*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())):
        if isinstance(value, list | dict):  # cautious
            raise SchemaRefused(f"In context={path}, enum values must be scalars.")
        if kinds and not any(_is(value, kind) for kind in kinds):
            raise SchemaRefused(f"In context={path}, const {value!r} does not validate against {{'type': {kinds}}}.")


def _expect_an_end(schema: Mapping[str, Any], root: Mapping[str, Any], path: Path) -> None:
    """Refuse what refers to itself without anything between."""
    waiting, seen = [schema], set[str]()
    while waiting:
        one = waiting.pop()
        waiting.extend(one.get("anyOf", ()))
        if (reference := one.get("$ref")) is not None:
            if reference in seen and reference == schema["$ref"]:
                raise SchemaRefused(f"In context={path}, infinite recursion by '{reference}'.")
            if reference not in seen:
                seen.add(reference)
                waiting.append(_target(reference, root, path))


def _check_limits(schema: Mapping[str, Any]) -> None:
    counts = dict.fromkeys(LIMITS, 0)
    _count(schema, counts)
    counts["levels"] = _levels(schema, schema, frozenset())
    for what, most in LIMITS.items():
        if counts[what] > most:  # community.openai.com/t/974416
            raise SchemaRefused(
                f"Expected at most {most} {what} in total within a single schema when using structured outputs, but "
                f"received {counts[what]}. Consider reducing the number of {what}, or use 'strict: false' to opt out "
                "of structured outputs."
            )


def _count(schema: Mapping[str, Any], counts: dict[str, int]) -> None:
    names = [*schema.get("properties", {}), *schema.get("$defs", {}), *schema.get("definitions", {})]
    values = [*schema.get("enum", ()), schema.get("const")]
    texts = [value for value in values if isinstance(value, str)]
    counts["properties"] += len(schema.get("properties", {}))
    counts["enum values"] += len(schema.get("enum", ()))
    counts["characters"] += sum(map(len, [*names, *texts]))
    if len(texts) > LARGE_ENUM and sum(map(len, texts)) > LARGE_ENUM_CHARACTERS:
        raise SchemaRefused(
            f"Expected at most {LARGE_ENUM_CHARACTERS} characters in the values of an enum with more than {LARGE_ENUM}."
        )
    for _, one in _inner(schema):
        _count(one, counts)


def _levels(schema: Mapping[str, Any], root: Mapping[str, Any], within: frozenset[str]) -> int:
    """Objects within objects, by references too; what refers to itself counts once."""
    if len(within) > LIMITS["levels"]:
        return 0  # counted by those that lead here
    if (reference := schema.get("$ref")) is not None:
        if reference in within:
            return 0
        return _levels(_target(reference, root, ()), root, within | {reference})
    inner = [one for step, one in _inner(schema) if step[0] not in ("$defs", "definitions")]
    return ("object" in _kinds(schema)) + max((_levels(one, root, within) for one in inner), default=0)
