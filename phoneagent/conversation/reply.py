"""One answer of the agent, from the first request to the last word heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .commands import Hangup, Transfer
from .latency import Waterfall
from .phrases import Phrases
from .playout import Playout
from .transcript import ToolCall, Turn

Kind = Literal["greeting", "answer", "idle", "apology", "farewell", "operator"]


@dataclass(slots=True)
class Reply:
    """`then` is carried out when the reply was heard; None goes back to listening."""

    id: int
    kind: Kind
    phrases: Phrases
    playout: Playout
    speculative_for: str | None = None  # the caller's words it was started for, until they are certain
    text: str = ""  # what the model has written so far
    held_phrases: list[str] = field(default_factory=list)  # not yet given to the voice: the reply is speculative
    held_tools: list[ToolCall] = field(default_factory=list)
    running_tools: dict[str, ToolCall] = field(default_factory=dict)
    tools_answered: bool = False  # the model has not yet read what they returned
    tool_turns: list[Turn] = field(default_factory=list)
    written: bool = False  # the model has finished
    handed_over: bool = False  # the voice knows that no phrase follows
    then: Hangup | Transfer | None = None
    waterfall: Waterfall = field(default_factory=Waterfall)

    @property
    def speculative(self) -> bool:
        return self.speculative_for is not None
