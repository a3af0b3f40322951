"""One box for tools of every kind: here their arguments are read, and their time and their results are bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from phoneagent.errors import ToolError
from phoneagent.plain_text import plain
from phoneagent.records import ToolSpec

from .arguments import parsed
from .results import LONGEST, cut, told

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """For which call a tool is run. `variables`: what stands in an agent's texts, and may stand in its requests."""

    call: str
    variables: Mapping[str, str] = field(default_factory=dict)


class Tool(Protocol):
    """Something a model may ask for."""

    @property
    def spec(self) -> ToolSpec: ...

    async def run(self, arguments: dict[str, Any], asked: Asked) -> Any:
        """Do it, in any time: who calls bounds that. Text is what the model reads; anything else becomes JSON.

        Raises `ToolError` with a text for the model.
        """


class ToolSource(Protocol):
    """Tools of which it is only known at run time what they are."""

    @property
    def tools(self) -> Mapping[str, Tool]:
        """By name; those that there are now."""


class Box:
    """Implements `ports.ToolBox`. Where two sources have a tool of the same name, the first is asked."""

    def __init__(self, tools: Iterable[Tool] = (), sources: Iterable[ToolSource] = ()) -> None:
        self._tools = {tool.spec.name: tool for tool in tools}
        self._sources = tuple(sources)

    @property
    def found(self) -> tuple[ToolSpec, ...]:
        """See `ports.ToolBox`."""
        found: dict[str, ToolSpec] = {}
        for source in self._sources:
            for name, tool in source.tools.items():
                if name not in self._tools:
                    found.setdefault(name, tool.spec)
        return tuple(found.values())

    def _named(self, name: str) -> Tool:
        for tools in (self._tools, *(source.tools for source in self._sources)):
            if name in tools:
                return tools[name]
        known = [*self._tools, *(spec.name for spec in self.found)]
        raise ToolError(f"There is no tool called {name!r}. There are: {', '.join(known) or 'none'}.")

    async def run(self, name: str, arguments: str, *, call: str, variables: Mapping[str, str] | None = None) -> str:
        """Run a tool; `arguments` is JSON text as the model wrote it. Raises `ToolError` with a text for the model.

        Both texts are plain, and no longer than a model shall read.
        """
        try:
            text = told(name, await self._ran(self._named(name), parsed(name, arguments), Asked(call, variables or {})))
        except ToolError as error:
            raise ToolError(_said(error, name)) from error
        if len(text) > LONGEST:
            log.warning("tool_result_cut", tool=name, call=call, characters=len(text), kept=LONGEST)
        return cut(text)

    async def _ran(self, tool: Tool, arguments: dict[str, Any], asked: Asked) -> Any:
        name = tool.spec.name
        try:
            async with asyncio.timeout(tool.spec.timeout) as limit:
                return await tool.run(arguments, asked)
        except TimeoutError as error:
            if limit.expired():
                raise ToolError(f"{name} did not answer within {tool.spec.timeout:g} seconds.") from error
            raise ToolError(f"{name} waited too long for something it needs.") from error
        except ToolError:
            raise
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            raise _failed(name, asked.call, error) from error  # by something of its own
        except (Exception, SystemExit) as error:
            raise _failed(name, asked.call, error) from error


def _failed(name: str, call: str, error: BaseException) -> ToolError:
    """Whatever a tool does wrong must not end the call. Its text may hold private values: only its kind is told."""
    kind = plain(type(error).__name__)
    log.warning("tool_failed", tool=name, call=call, error=kind)
    return ToolError(f"{name} failed ({kind}).")


def _said(error: ToolError, name: str) -> str:
    try:
        return cut(str(error))
    except Exception:  # noqa: BLE001 - of a class of their own, whose text cannot be made
        return f"{name} failed."
