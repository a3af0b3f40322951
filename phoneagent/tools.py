"""What a module of tools needs: `from phoneagent.tools import CallInfo, ToolError, tool`. It imports little."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, overload

from .conversation.running_tools import NO_MESSAGES, SlowMessage, ToolMessages
from .errors import ToolError

__all__ = ["CallInfo", "ToolError", "tool"]

F = TypeVar("F", bound=Callable[..., Any])

_MARK: Final = "__phoneagent_tool__"


@dataclass(frozen=True, slots=True)
class CallInfo:
    """For which call a tool runs. A parameter with this annotation is filled by us; the model does not know of it.

    `caller_number` is that of whoever is at the other end, in E.164 form where the carrier knows it, `agent_number` our
    own. Empty where there is no telephone, as in `phoneagent chat`.
    """

    id: str
    agent: str = ""
    caller_number: str = ""
    agent_number: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Marked:
    """What `tool` was given."""

    name: str = ""
    description: str = ""
    safe: bool = False
    timeout: float = 10.0
    reads_keypad: bool = False
    messages: ToolMessages = NO_MESSAGES


UNMARKED = Marked()


@overload
def tool(function: F, /) -> F: ...


@overload
def tool(
    *,
    name: str = "",
    description: str = "",
    safe: bool = False,
    timeout: float = 10.0,
    reads_keypad: bool = False,
    start: str = "",
    slow: Mapping[float, str] | None = None,
    failed: str = "",
) -> Callable[[F], F]: ...


def tool(
    function: F | None = None,
    /,
    *,
    name: str = "",
    description: str = "",
    safe: bool = False,
    timeout: float = 10.0,
    reads_keypad: bool = False,
    start: str = "",
    slow: Mapping[float, str] | None = None,
    failed: str = "",
) -> F | Callable[[F], F]:
    """Mark a function as a tool. It stays the function that it is.

    Its name, signature and docstring are what the model knows of it, unless `name` and `description` say otherwise.
    `safe`: it changes nothing. `timeout`: seconds. `reads_keypad`: it is given what callers type in secret. `start`,
    `slow` (by the seconds after which) and `failed` are said while it runs. Raises `ValueError`.
    """
    if not 0 < timeout < float("inf"):
        raise ValueError(f"timeout: expected seconds above 0, got {timeout!r}")
    stages = tuple(SlowMessage(float(after), say) for after, say in sorted((slow or {}).items()))
    if stages and stages[0].after <= 0:
        raise ValueError(f"slow: expected seconds above 0, got {stages[0].after:g}")
    marked = Marked(name, description, safe, float(timeout), reads_keypad, ToolMessages(start, stages, failed))

    def mark(function: F) -> F:
        setattr(function, _MARK, marked)
        return function

    return mark if function is None else mark(function)


def mark_of(function: object) -> Marked | None:
    """What a function was marked with, if it was."""
    found = getattr(function, _MARK, None)
    return found if isinstance(found, Marked) else None
