"""Tools that are Python functions."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError, validate_call
from pydantic.errors import PydanticUserError

from phoneagent.call.variables import KNOWN
from phoneagent.errors import ToolError
from phoneagent.records import ToolSpec
from phoneagent.tools import UNMARKED, CallInfo, mark_of

from .arguments import problems
from .box import Asked, Box
from .results import MOST_VALUES


class PythonTools(Box):
    """A box of Python functions alone."""

    def __init__(self, tools: tuple[ToolSpec, ...], functions: Mapping[str, Callable[..., Any]] | None = None) -> None:
        """As for `python_tools`."""
        super().__init__(python_tools(tools, functions or {}))


def python_tools(specs: Iterable[ToolSpec], functions: Mapping[str, Callable[..., Any]]) -> list[PythonTool]:
    """`functions` are found by the tool's name; all others by `ToolSpec.function`.

    Raises `LookupError` and `TypeError`, see `find_function` and `tool_spec`.
    """
    found = [(spec, functions.get(spec.name) or find_function(spec.function)) for spec in specs]
    return [PythonTool(spec, validate_call(function), _told_of_call(function)) for spec, function in found]


@dataclass(frozen=True, slots=True)
class PythonTool:
    """Implements `Tool`. Arguments are converted to what the function's annotations say.

    Functions without `async` run in a thread, so that the calls in progress go on. One that overruns its time keeps
    its thread until it returns: Python cannot stop it.
    """

    spec: ToolSpec
    function: Callable[..., Any]
    told: str = ""  # the parameter that is told for which call it is

    async def run(self, arguments: dict[str, Any], asked: Asked) -> Any:
        """See `Tool`."""
        if self.told:
            if self.told in arguments:
                raise ToolError(f"{self.spec.name}: {self.told}: Unexpected keyword argument")
            arguments = {**arguments, self.told: _call_info(asked)}
        try:
            if inspect.iscoroutinefunction(self.function):
                result = await self.function(**arguments)
            else:
                result = await asyncio.to_thread(_called, self.function, arguments)
            if inspect.isawaitable(result):
                result = await result
            if isinstance(result, AsyncIterator):
                return await _first(result)
            return await asyncio.to_thread(_collected, result) if isinstance(result, Iterator) else result
        except ValidationError as error:
            raise ToolError(f"{self.spec.name}: {problems(error)}") from error


def _called(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """In a thread."""
    try:
        return _collected(function(**arguments))
    except StopIteration as error:  # of a next() that found nothing: no future can hold it, and nobody would hear
        raise LookupError("expected one more") from error


def _collected(result: Any) -> Any:
    """What a generator yields, as far as a model reads; it may run for long, so in a thread."""
    return list(islice(result, MOST_VALUES)) if isinstance(result, Iterator) else result


async def _first(values: AsyncIterator[Any]) -> list[Any]:
    found = []
    async for value in values:
        found.append(value)
        if len(found) == MOST_VALUES:
            break
    return found


def _call_info(asked: Asked) -> CallInfo:
    known = {name: asked.variables.get(name, "") for name in KNOWN}
    others = {name: value for name, value in asked.variables.items() if name not in KNOWN}
    return CallInfo(asked.call, known["agent"], known["caller_number"], known["agent_number"], others)


def tool_spec(
    function: Callable[..., Any],
    *,
    name: str = "",
    description: str = "",
    safe: bool | None = None,
    timeout: float | None = None,
    reference: str = "",
    reads_keypad: bool | None = None,
) -> ToolSpec:
    """Describe a function to the model: name, docstring, and the JSON schema of its parameters.

    What is not said here is as `phoneagent.tools.tool` has it, or as that has it where nothing is said. `timeout` is
    seconds; `reference` is where the function can be found again, as `module:function`; `reads_keypad`: it is given
    what callers type in secret. Raises `TypeError` for a function that no JSON object can call.
    """
    marked = mark_of(function) or UNMARKED
    title = name or marked.name or getattr(function, "__name__", "")
    about, parameters = _documented(function)
    text = description or marked.description or about
    if not text:
        raise TypeError(f"{title} has no docstring: the model would not know what it is for")
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(function)  # type: ignore[arg-type]  # functions are described too
        schema = adapter.json_schema()
        told = _told_of_call(function)
    except (PydanticUserError, NameError) as error:
        problem = str(error).splitlines()[0]
        raise TypeError(f"the parameters of {title} cannot be described to a model: {problem}") from error
    if schema.get("type") != "object":
        raise TypeError(f"{title} has parameters that cannot be given by name")
    if told:
        schema = _without(schema, told)
    for parameter, words in parameters.items():
        if parameter in schema["properties"]:
            schema["properties"][parameter].setdefault("description", words)
    return ToolSpec(
        title,
        text,
        schema,
        marked.safe if safe is None else safe,
        marked.timeout if timeout is None else timeout,
        reference,
        marked.reads_keypad if reads_keypad is None else reads_keypad,
        messages=marked.messages,
    )


def _documented(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """What a docstring says of a function, and of its parameters, where that is written in one of the usual ways."""
    from docstring_parser import parse

    text = inspect.getdoc(function) or ""
    found = parse(text)
    parameters = {each.arg_name: " ".join((each.description or "").split()) for each in found.params}
    if not any(parameters.values()):
        return text, {}
    returns = f"Returns {found.returns.description}" if found.returns and found.returns.description else ""
    parts = (found.short_description, found.long_description, returns)
    return "\n\n".join(part for part in parts if part), {name: words for name, words in parameters.items() if words}


def _told_of_call(function: Callable[..., Any]) -> str:
    """The parameter that wants to know for which call it is, or nothing."""
    hints = get_type_hints(function) if inspect.isroutine(function) else {}
    return next((name for name, hint in hints.items() if hint is CallInfo and name != "return"), "")


def _without(schema: dict[str, Any], parameter: str) -> dict[str, Any]:
    """A function's schema without one of its parameters."""
    others = {name: about for name, about in schema["properties"].items() if name != parameter}
    required = [name for name in schema.get("required", ()) if name != parameter]
    definitions = {name: about for name, about in schema.get("$defs", {}).items() if name != CallInfo.__name__}
    kept = {name: value for name, value in schema.items() if name not in ("properties", "required", "$defs")}
    changed = {"properties": others, "required": required, "$defs": definitions}
    return {**kept, "properties": others, **{name: value for name, value in changed.items() if value}}


def find_function(reference: str) -> Callable[..., Any]:
    """Import `module:function`. Raises `LookupError` saying what is missing."""
    module_name, _, function_name = reference.partition(":")
    if not module_name or not function_name:
        raise LookupError(f"expected module:function, got {reference!r}")
    module = _imported(module_name)
    function: Callable[..., Any] | None = getattr(module, function_name, None)
    if callable(function):
        return function
    raise LookupError(f"{module_name!r} has no function {function_name!r}")


def find_marked(module_name: str) -> dict[str, Callable[..., Any]]:
    """Import a module: the functions in it that `phoneagent.tools.tool` has marked, by reference.

    Raises `LookupError` when there are none.
    """
    module = _imported(module_name)
    found = {f"{module_name}:{name}": value for name, value in vars(module).items() if mark_of(value) is not None}
    if not found:
        raise LookupError(f"{module_name!r} has no function marked with @tool (from phoneagent.tools import tool)")
    return found


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (ImportError, SyntaxError, ValueError, TypeError) as error:
        raise LookupError(f"the module {name!r} cannot be imported: {error}") from error
