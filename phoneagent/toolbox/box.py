"""One box for tools of every kind: here their arguments are read, and their time and their results are bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from phoneagent.errors import ToolError
from phoneagent.records import ToolSpec

log = structlog.get_logger(__name__)

LONGEST = 20_000
"""Characters of a result that the model is given: some 5,000 tokens, which it reads anew with every later request."""

_OBJECT = TypeAdapter(dict[str, Any])


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
        """Run a tool; `arguments` is JSON text as the model wrote it. Raises `ToolError` with a text for the model."""
        tool = self._named(name)
        try:
            given = _OBJECT.validate_json(arguments or "{}")
        except ValidationError as error:
            raise ToolError(f"{name}: the arguments must be a JSON object.") from error
        try:
            async with asyncio.timeout(tool.spec.timeout) as limit:
                result = await tool.run(given, Asked(call, variables or {}))
        except TimeoutError as error:
            if limit.expired():
                raise ToolError(f"{name} did not answer within {tool.spec.timeout:g} seconds.") from error
            raise ToolError(f"{name} waited too long for something it needs.") from error
        except ToolError:
            raise
        except Exception as error:
            # Whatever a tool does wrong must not end the call. Its text may hold private values: only its kind is told.
            log.warning("tool_failed", tool=name, call=call, error=type(error).__name__)
            raise ToolError(f"{name} failed ({type(error).__name__}).") from error
        text = result if isinstance(result, str) else to_json(result, fallback=str).decode()
        if len(text) > LONGEST:
            log.warning("tool_result_cut", tool=name, call=call, characters=len(text), kept=LONGEST)
            text = f"{text[:LONGEST]} … [cut: these are the first {LONGEST:,} of {len(text):,} characters]"
        return text
