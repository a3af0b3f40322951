"""What a model has given a tool, checked, and told where it is wrong."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from phoneagent.errors import ToolError


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


def problems(error: ValidationError) -> str:
    """For the model: what it has given is not repeated."""
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'arguments'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    )
