"""Arguments against the JSON schema that the model was shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from phoneagent.errors import ToolError
from phoneagent.json_schemas import TOO_SLOW, SchemaValidator

Check = Callable[[Mapping[str, Any]], None]

PROBLEMS = 3  # that are told at once


def argument_check(tool: str, schema: Mapping[str, Any]) -> Check:
    """What raises `ToolError`, in words for the model, where arguments do not fit.

    Raises `ValueError` for what is no schema.
    """
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for
    from referencing.exceptions import Unresolvable

    kind = validator_for(schema)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        place = ".".join(map(str, error.absolute_path))
        raise ValueError(f"expected a JSON schema{f', at {place}' if place else ''}: {error.message}") from error
    except RecursionError as error:
        raise ValueError("expected a JSON schema that is less deep") from error
    validator = SchemaValidator(schema)

    def check(arguments: Mapping[str, Any]) -> None:
        problems = []
        try:
            for error in validator.errors(arguments):
                place = ".".join(map(str, error.absolute_path))
                problems.append(f"{place}: {error.message}" if place else error.message)
        except Unresolvable as error:
            raise ToolError(f"{tool}: its schema refers to {error.ref}, which is not in it.") from error
        except TimeoutError:
            problems.append(TOO_SLOW)
        if problems:
            raise ToolError(f"{tool}: {'; '.join(problems[:PROBLEMS])}")

    return check
