"""JSON schemas of other people: whether they are any, and whether values fit them. Nothing is fetched for them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .patterns import WITHIN, Stopwatch, slow_problem

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

Path: TypeAlias = tuple[str | int, ...]

TYPES = "array, boolean, integer, null, number, object or string"
NO_SCHEMAS = frozenset({"const", "default", "enum", "examples"})
"""Below these keywords are values."""

LONGEST_PROBLEM = 300  # characters: a message quotes the value, which may be long
MOST_PROBLEMS = 10  # of one value; a model that is told ten of them has enough to do


TOO_SLOW = "it takes too long to be compared with the patterns of its schema"


class SchemaProblem(NamedTuple):
    """What is wrong with a schema, and where in it."""

    path: Path
    text: str


def schema_problem(schema: Mapping[str, Any]) -> SchemaProblem | None:
    """Why this is no JSON schema; None if it is one (of the draft that it names, or of 2020-12)."""
    from jsonschema.exceptions import SchemaError

    try:
        json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError) as error:
        return SchemaProblem((), f"expected a JSON schema: {error}")
    try:
        _kind(schema).check_schema(schema)
    except SchemaError as error:
        path = tuple(error.absolute_path)
        reason = f"expected one of the types {TYPES}" if path[-1:] == ("type",) else error.message[:LONGEST_PROBLEM]
        return SchemaProblem(path, f"expected a JSON schema: {reason}")
    for path, reference in _references(schema, ()):
        if problem := _unresolved(schema, reference):
            return SchemaProblem(path, problem)
    return slow_pattern(schema)


def slow_pattern(schema: Mapping[str, Any]) -> SchemaProblem | None:
    """The first pattern in it that is too slow to be looked for; None if there is none."""
    found = ((path, slow_problem(pattern)) for path, pattern in _patterns(schema, ()))
    return next((SchemaProblem(path, problem) for path, problem in found if problem), None)


def misfits(schema: Mapping[str, Any], value: object) -> tuple[str, ...]:
    """Where a value does not fit a schema that is one, as `people[0].name: 'x' is too short`; empty if it fits."""
    try:
        errors = sorted(_validator(json.dumps(schema)).errors(value), key=lambda error: list(map(str, error.path)))
    except TimeoutError:
        return (f"the whole: {TOO_SLOW}",)
    except RecursionError:
        return ("the whole: the value, or the schema, refers to itself without end",)
    return tuple(f"{_dotted(tuple(error.path))}: {_short(error.message)}" for error in errors[:MOST_PROBLEMS])


@lru_cache(maxsize=64)
def _validator(schema: str) -> SchemaValidator:
    return SchemaValidator(json.loads(schema))


def _kind(schema: Mapping[str, Any]) -> type[Validator]:
    """Of the draft that it names, or of 2020-12."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    kind: type[Validator] = validator_for(schema, default=Draft202012Validator)
    return kind


class SchemaValidator:
    """Of one schema. Nothing is fetched for it, and all its patterns together have `WITHIN` for one value.

    `unevaluatedProperties` is not judged where there are `patternProperties`: the library looks for those by itself.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """The schema must be one: see `schema_problem`, or `check_schema` of its kind."""
        from jsonschema.validators import extend
        from referencing import Registry

        kind = _kind(schema)
        self._watch = Stopwatch(WITHIN)
        self._additional = kind.VALIDATORS["additionalProperties"]
        keywords: dict[str, Any] = {
            "pattern": self._pattern,
            "patternProperties": self._pattern_properties,
            "additionalProperties": self._additional_properties,
        }
        if any(path[-2:-1] == ("patternProperties",) for path, _ in _patterns(schema, ())):
            keywords["unevaluatedProperties"] = _not_judged
        self._validator: Validator = extend(kind, keywords)(schema, registry=Registry())

    def errors(self, value: object) -> Iterator[ValidationError]:
        """Where a value does not fit. Raises `TimeoutError` if matching takes too long."""
        self._watch = Stopwatch(WITHIN)
        yield from self._validator.iter_errors(value)

    def _finds(self, pattern: str, text: str, *, unreadable: bool) -> bool:
        """`unreadable`: the answer for a pattern in the words of another language, which its owner can read."""
        try:
            return self._watch.find(pattern, text)
        except ValueError:
            return unreadable

    def _pattern(self, validator: Validator, pattern: str, value: Any, _: object) -> Iterator[ValidationError]:
        from jsonschema.exceptions import ValidationError

        if validator.is_type(value, "string") and not self._finds(pattern, value, unreadable=True):
            yield ValidationError(f"{value!r} does not match {pattern!r}")

    def _pattern_properties(
        self, validator: Validator, patterns: Mapping[str, Any], value: Any, _: object
    ) -> Iterator[ValidationError]:
        if validator.is_type(value, "object"):
            for pattern, schema in patterns.items():
                for name, part in value.items():
                    if self._finds(pattern, name, unreadable=False):
                        yield from validator.descend(part, schema, path=name, schema_path=pattern)

    def _additional_properties(
        self, validator: Validator, allowed: Any, value: Any, schema: Mapping[str, Any]
    ) -> Iterator[ValidationError]:
        """The library's own, which is spared the patterns."""
        if (patterns := schema.get("patternProperties")) and validator.is_type(value, "object"):
            known = schema.get("properties", {})
            value = {
                name: part
                for name, part in value.items()
                if name in known or not any(self._finds(pattern, name, unreadable=True) for pattern in patterns)
            }
            schema = {"properties": known}
        yield from self._additional(validator, allowed, value, schema) or ()


def _not_judged(*_: object) -> tuple[ValidationError, ...]:
    return ()


def _patterns(schema: object, path: Path) -> Iterator[tuple[Path, str]]:
    """All that look like patterns, also below a property of that name: it is a schema, and no text."""
    if isinstance(schema, Mapping):
        for name, value in schema.items():
            if name == "pattern" and isinstance(value, str):
                yield (*path, name), value
            elif name == "patternProperties" and isinstance(value, Mapping):
                yield from (((*path, name, pattern), pattern) for pattern in value)
            if name not in NO_SCHEMAS:
                yield from _patterns(value, (*path, name))
    elif isinstance(schema, list | tuple):
        for index, value in enumerate(schema):
            yield from _patterns(value, (*path, index))


def _references(schema: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(schema, Mapping):
        for name, value in schema.items():
            if name in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield (*path, name), value
            elif name not in NO_SCHEMAS:
                yield from _references(value, (*path, name))
    elif isinstance(schema, list | tuple):
        for index, value in enumerate(schema):
            yield from _references(value, (*path, index))


def _unresolved(schema: Mapping[str, Any], reference: str) -> str:
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resource = DRAFT202012.create_resource(schema)
    try:
        Registry().with_resource(resource.id() or "", resource).resolver(resource.id() or "").lookup(reference)
    except Unresolvable:
        return f"expected a reference to a part of this schema, such as #/$defs/name, got {reference!r}"
    return ""


def _dotted(path: Path) -> str:
    joined = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return joined.lstrip(".") or "the whole"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_PROBLEM else text[: LONGEST_PROBLEM - 1] + "…"
