"""Tools that are Python functions."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError, validate_call
from pydantic.errors import PydanticUserError
from pydantic_core import to_json

from .errors import ToolError
from .records import ToolSpec

log = structlog.get_logger(__name__)


class PythonTools:
    """Runs Python functions; implements `ports.ToolBox`.

    Functions without `async` run in a thread, so that the calls in progress go on. One that overruns its time keeps
    its thread until it returns: Python cannot stop it.
    """

    def __init__(self, tools: tuple[ToolSpec, ...], functions: Mapping[str, Callable[..., Any]] | None = None) -> None:
        """`functions` are found by the tool's name; all others by `ToolSpec.function`.

        Raises `LookupError` and `TypeError`, see `find_function` and `tool_spec`.
        """
        self._tools = {
            spec.name: _Tool(spec, validate_call((functions or {}).get(spec.name) or find_function(spec.function)))
            for spec in tools
        }

    async def run(self, name: str, arguments: str, *, call: str) -> str:
        """Run a tool; `arguments` is JSON text as the model wrote it. Raises `ToolError` with a text for the model."""
        tool = self._tools.get(name)
        if tool is None:
            raise ToolError(f"There is no tool called {name!r}. There are: {', '.join(self._tools) or 'none'}.")
        given = _arguments(name, arguments)
        try:
            async with asyncio.timeout(tool.spec.timeout) as limit:
                result = await tool.call(given)
        except TimeoutError as error:
            if limit.expired():
                raise ToolError(f"{name} did not answer within {tool.spec.timeout:g} seconds.") from error
            raise ToolError(f"{name} waited too long for something it needs.") from error
        except ToolError:
            raise
        except ValidationError as error:
            raise ToolError(f"{name}: {_problems(error)}") from error
        except Exception as error:
            # Whatever a tool does wrong must not end the call. Its text may hold private values: only its kind is told.
            log.warning("tool_failed", tool=name, call=call, error=type(error).__name__)
            raise ToolError(f"{name} failed ({type(error).__name__}).") from error
        return result if isinstance(result, str) else to_json(result, fallback=str).decode()


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


@dataclass(frozen=True, slots=True)
class _Tool:
    spec: ToolSpec
    function: Callable[..., Any]

    async def call(self, arguments: dict[str, Any]) -> Any:
        if inspect.iscoroutinefunction(self.function):
            return await self.function(**arguments)
        result = await asyncio.to_thread(self.function, **arguments)
        return await result if inspect.isawaitable(result) else result


def _arguments(name: str, text: str) -> dict[str, Any]:
    try:
        return TypeAdapter(dict[str, Any]).validate_json(text or "{}")
    except ValidationError as error:
        raise ToolError(f"{name}: the arguments must be a JSON object.") from error


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'arguments'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    )
