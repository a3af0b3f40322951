"""The conversation as it was heard: what goes to the store and to the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from phoneagent.plain_text import plain

Role = Literal["caller", "agent", "tool", "operator"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model asked for. `arguments` is JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str

    @property
    def identity(self) -> tuple[str, str]:
        """What is the same in two calls that do the same, however their arguments are written."""
        try:
            return self.name, json.dumps(json.loads(self.arguments or "{}"), sort_keys=True)
        except (ValueError, RecursionError):
            return self.name, self.arguments

    def text_of(self, argument: str) -> str:
        """What the model gave for an argument; empty if that is no text, or the arguments are no use."""
        try:
            given = json.loads(self.arguments or "{}")
        except (ValueError, RecursionError):
            return ""
        value = given.get(argument, "") if isinstance(given, dict) else ""
        return plain(value) if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One party's contribution, as heard.

    `text`: the caller's words; of the agent's, those that the caller heard; of a tool, its result;
    of an operator, a note for the model that nobody heard.
    `at`: seconds since the call began at which it was complete.
    `interrupted`: the caller cut it off; `generated` then has what would have been said.
    `tool`: the call that `text` answers; only with role `tool`.
    `over`: of an agent's turn, what the caller said meanwhile without wanting the floor ("mm-hm").
    `latency`: of an answer, how far each stage was from the end of the caller's speech, in seconds; see `latency`. How
    long it took does not make it another turn.
    """

    role: Role
    text: str
    at: float
    interrupted: bool = False
    generated: str = ""
    tool: ToolCall | None = None
    over: str = ""
    latency: Mapping[str, float] = field(default_factory=dict, compare=False)
