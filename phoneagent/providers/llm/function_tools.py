"""Tools as functions that OpenAI takes, whatever their authors wrote. Pure.

One function that is refused makes the whole request a 400, and no turn is answered. So each schema is told as far as it
is taken (`told_schemas`), and marked strict where strict mode takes all of it (`strict_schemas`): then arguments always
fit. The tool itself checks its arguments by its own schema in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from phoneagent.records import ToolSpec

from .strict_schemas import closed_schema
from .told_schemas import Schema, kind_of_root, plain_text, told_schema

NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
NAME_IN_WORDS = "a name of at most 64 letters (a to z), digits, - and _, for models take no other"
LONGEST_DESCRIPTION = 1024  # characters, at OpenAI; more is `string_above_max_length` (getsentry/sentry-mcp#106)
MOST_TOOLS = 128  # of a request (API reference, `tools`)


def function_tools(tools: Sequence[ToolSpec], *, strict: bool) -> list[Schema]:
    """Tools as function schemas, strict where that is wanted and possible. Those that cannot be told are left out."""
    told = [tool for tool in tools if not untellable(tool)]
    return [{"type": "function", "function": _function(tool, strict=strict)} for tool in told[:MOST_TOOLS]]


def left_out(tools: Sequence[ToolSpec]) -> Iterator[tuple[str, str]]:
    """The tools that `function_tools` leaves out, and why."""
    problems = {tool.name: untellable(tool) for tool in tools}
    yield from ((name, problem) for name, problem in problems.items() if problem)
    told = [tool.name for tool in tools if not problems[tool.name]]
    yield from ((name, f"a request has at most {MOST_TOOLS} tools") for name in told[MOST_TOOLS:])


def untellable(tool: ToolSpec) -> str:
    """Why a model cannot be told of this tool, as `expected …, got …`; empty if it can."""
    if not NAME.fullmatch(tool.name):
        return f"expected {NAME_IN_WORDS}, got {tool.name!r}"
    parameters: object = tool.parameters
    if not isinstance(parameters, Mapping):
        return f"expected parameters as a JSON schema, got {parameters!r}"
    if (kind := kind_of_root(parameters)) is not None:
        return f'expected parameters with type = "object", for a model passes arguments by name, got {kind!r}'
    return ""


def _function(tool: ToolSpec, *, strict: bool) -> Schema:
    parameters: Mapping[str, Any] = tool.parameters or {"type": "object", "properties": {}}
    closed = closed_schema(parameters) if strict else None
    about = plain_text(tool.description)
    described: Schema = {"name": tool.name, "description": _shortened(about) if strict else about}
    if closed is None:
        return described | {"parameters": told_schema(parameters)}
    return described | {"parameters": closed, "strict": True}


def _shortened(about: str) -> str:
    """Without the middle of what is too long: at the end stands what we have to say of a tool."""
    if len(about) <= LONGEST_DESCRIPTION:
        return about
    end = LONGEST_DESCRIPTION // 3
    return f"{about[: LONGEST_DESCRIPTION - end - 3]} … {about[-end:]}"
