"""Tools that are Python functions."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError, validate_call
from pydantic.errors import PydanticUserError

from phoneagent.errors import ToolError
from phoneagent.records import ToolSpec

from .arguments import problems
from .box import Asked, Box


class PythonTools(Box):
    """A box of Python functions alone."""

    def __init__(self, tools: tuple[ToolSpec, ...], functions: Mapping[str, Callable[..., Any]] | None = None) -> None:
        """As for `python_tools`."""
        super().__init__(python_tools(tools, functions or {}))


def python_tools(specs: Iterable[ToolSpec], functions: Mapping[str, Callable[..., Any]]) -> list[PythonTool]:
    """`functions` are found by the tool's name; all others by `ToolSpec.function`.

    Raises `LookupError` and `TypeError`, see `find_function` and `tool_spec`.
    """
    return [PythonTool(spec, validate_call(functions.get(spec.name) or find_function(spec.function))) for spec in specs]


@dataclass(frozen=True, slots=True)
class PythonTool:
    """Implements `Tool`. Arguments are converted to what the function's annotations say.

    Functions without `async` run in a thread, so that the calls in progress go on. One that overruns its time keeps
    its thread until it returns: Python cannot stop it.
    """

    spec: ToolSpec
    function: Callable[..., Any]

    async def run(self, arguments: dict[str, Any], asked: Asked) -> Any:
        """See `Tool`. A function does not learn for whom it is called."""
        try:
            if inspect.iscoroutinefunction(self.function):
                return await self.function(**arguments)
            result = await asyncio.to_thread(self.function, **arguments)
            return await result if inspect.isawaitable(result) else result
        except ValidationError as error:
            raise ToolError(f"{self.spec.name}: {problems(error)}") from error


def tool_spec(
    function: Callable[..., Any],
    *,
    name: str = "",
    description: str = "",
    safe: bool = False,
    timeout: float = 10.0,
    reference: str = "",
    reads_keypad: bool = False,
) -> ToolSpec:
    """Describe a function to the model: name, docstring, and the JSON schema of its parameters.

    `timeout` is seconds; `reference` is where the function can be found again, as `module:function`; `reads_keypad`: it
    is given what callers type in secret. Raises `TypeError` for a function that no JSON object can call.
    """
    title = name or getattr(function, "__name__", "")
    text = description or inspect.getdoc(function) or ""
    if not text:
        raise TypeError(f"{title} has no docstring: the model would not know what it is for")
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(function)  # type: ignore[arg-type]  # functions are described too
        schema = adapter.json_schema()
    except (PydanticUserError, NameError) as error:
        problem = str(error).splitlines()[0]
        raise TypeError(f"the parameters of {title} cannot be described to a model: {problem}") from error
    if schema.get("type") != "object":
        raise TypeError(f"{title} has parameters that cannot be given by name")
    return ToolSpec(title, text, schema, safe, timeout, reference, reads_keypad)


def find_function(reference: str) -> Callable[..., Any]:
    """Import `module:function`. Raises `LookupError` saying what is missing."""
    module_name, _, function_name = reference.partition(":")
    if not module_name or not function_name:
        raise LookupError(f"expected module:function, got {reference!r}")
    try:
        module = importlib.import_module(module_name)
    except (ImportError, SyntaxError) as error:
        raise LookupError(f"the module {module_name!r} cannot be imported: {error}") from error
    function: Callable[..., Any] | None = getattr(module, function_name, None)
    if callable(function):
        return function
    raise LookupError(f"{module_name!r} has no function {function_name!r}")
