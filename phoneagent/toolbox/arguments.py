"""What a model has given a tool, checked, and told where it is wrong."""

from __future__ import annotations

import math
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from phoneagent.errors import ToolError
from phoneagent.plain_text import plain

_OBJECT = TypeAdapter(dict[str, Any])


class Arguments(BaseModel):
    """Arguments by name; unknown ones are a mistake that the model is told of."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


T = TypeVar("T", bound=Arguments)


def read(tool: str, arguments: dict[str, Any], model: type[T]) -> T:
    """Raises `ToolError`."""
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        raise ToolError(f"{tool}: {problems(error)}") from error


def parsed(tool: str, arguments: str) -> dict[str, Any]:
    """What a model has written, without what is no text. Raises `ToolError`."""
    try:
        given = _OBJECT.validate_json(arguments or "{}")
    except (ValidationError, UnicodeError) as error:
        raise ToolError(f"{tool}: the arguments must be a JSON object.") from error
    return {plain(name): _plain(tool, value) for name, value in given.items()}


def _plain(tool: str, value: Any) -> Any:
    """No deeper than pydantic's parser goes, which is 200 levels."""
    match value:
        case str():
            return plain(value)
        case list():
            return [_plain(tool, each) for each in value]
        case dict():
            return {plain(name): _plain(tool, each) for name, each in value.items()}
        case float() if not math.isfinite(value):
            raise ToolError(f"{tool}: the arguments must be a JSON object, which cannot have {value} in it.")
    return value


def problems(error: ValidationError) -> str:
    """For the model: what it has given is not repeated."""
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'arguments'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    )
