"""The names of a call's own values, which no model may give: `caller_number` is whoever calls, not whom they name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from phoneagent.call.variables import KNOWN

from .box import Asked

log = structlog.stdlib.get_logger(__name__)


def reserved_in(schema: Mapping[str, Any]) -> list[str]:
    """Those among the parameters of a JSON schema."""
    return sorted(parameters_in(schema) & {*KNOWN})


def parameters_in(schema: Mapping[str, Any]) -> set[str]:
    """The names of the parameters that a JSON schema describes, wherever in it."""
    found: set[str] = set()
    parts: list[Any] = [schema]
    while parts:
        part = parts.pop()
        if not isinstance(part, Mapping):
            continue
        found.update(_mapping(part.get("properties")), _texts(part.get("required")))
        parts += [part.get(key) for key in ("then", "else", "if")]
        parts += [each for key in ("allOf", "anyOf", "oneOf") for each in _list(part.get(key))]
        parts += [*_mapping(part.get("dependentSchemas")).values()]
    return found


def expected(names: list[str]) -> str:
    """What is wrong with them, and what to write."""
    written = " and ".join(f"{{{name}}}" for name in names)
    return (
        f"expected parameters with other names than {' and '.join(names)}, which are values of the call itself: take "
        f"them out, and write {written} where the request needs them"
    )


def without_reserved(arguments: Mapping[str, Any], tool: str, asked: Asked) -> dict[str, Any]:
    """What a model gave, but for the call's own values."""
    _tell(arguments, tool, asked)
    return {name: value for name, value in arguments.items() if name not in KNOWN}


def with_own_values(arguments: Mapping[str, Any], tool: str, asked: Asked) -> dict[str, Any]:
    """What a model gave, with the call's own values in place of those that it made up."""
    _tell(arguments, tool, asked)
    own = {name: asked.variables[name] for name in KNOWN if name in arguments and name in asked.variables}
    return {**arguments, **own}


def _tell(arguments: Mapping[str, Any], tool: str, asked: Asked) -> None:
    if names := [name for name in KNOWN if name in arguments and arguments[name] != asked.variables.get(name)]:
        log.warning("tool_argument_overruled", tool=tool, call=asked.call, names=names, count=len(names))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [each for each in _list(value) if isinstance(each, str)]
