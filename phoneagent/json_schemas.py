"""JSON schemas of other people: whether they are any, and whether values fit them. Nothing is fetched for them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

Path: TypeAlias = tuple[str | int, ...]

TYPES = "array, boolean, integer, null, number, object or string"
NO_SCHEMAS = frozenset({"const", "default", "enum", "examples"})
"""Below these keywords are values."""

LONGEST_PROBLEM = 300  # characters: a message quotes the value, which may be long
MOST_PROBLEMS = 10  # of one value; a model that is told ten of them has enough to do


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
        _validator(json.dumps(schema)).check_schema(schema)
    except SchemaError as error:
        path = tuple(error.absolute_path)
        reason = f"expected one of the types {TYPES}" if path[-1:] == ("type",) else error.message[:LONGEST_PROBLEM]
        return SchemaProblem(path, f"expected a JSON schema: {reason}")
    for path, reference in _references(schema, ()):
        if problem := _unresolved(schema, reference):
            return SchemaProblem(path, problem)
    return None


def misfits(schema: Mapping[str, Any], value: object) -> tuple[str, ...]:
    """Where a value does not fit a schema that is one, as `people[0].name: 'x' is too short`; empty if it fits."""
    try:
        errors = sorted(_validator(json.dumps(schema)).iter_errors(value), key=lambda error: list(map(str, error.path)))
    except RecursionError:
        return ("the whole: the value, or the schema, refers to itself without end",)
    return tuple(f"{_dotted(tuple(error.path))}: {_short(error.message)}" for error in errors[:MOST_PROBLEMS])


@lru_cache(maxsize=64)
def _validator(schema: str) -> Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for
    from referencing import Registry

    known = json.loads(schema)
    made: Validator = validator_for(known, default=Draft202012Validator)(known, registry=Registry())
    return made


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
