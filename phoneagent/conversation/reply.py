"""One answer of the agent, from the first request to the last word heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .commands import HandOver, Hangup, Transfer
from .latency import Waterfall
from .phrases import Phrases
from .playout import Phrase, Playout
from .transcript import ToolCall, Turn

Kind = Literal[
    "greeting", "answer", "idle", "apology", "farewell", "operator", "instructed", "keys", "voicemail", "screening"
]
"""`operator`: words given by one; `instructed`: what the model makes of an operator's note; `keys`: tones;
`voicemail`: the message for a machine; `screening`: what a screener gets that asks who is calling."""


@dataclass(slots=True)
class Reply:
    """`then` is carried out when the reply was heard; None goes back to listening."""

    id: int
    kind: Kind
    phrases: Phrases
    playout: Playout
    began: float  # when it was first asked for
    since: float  # the model, or the voice, is waited for since then
    asked: float  # the caller waits since then, through all that tools take
    speculative_for: str | None = None  # the caller's words it was started for, until they are certain
    before: str = ""  # what was heard of it until a media stream was lost
    notices: list[tuple[str, int]] = field(default_factory=list)  # what must be heard: its event, and where it ends
    text: str = ""  # what the model has written so far
    tokens: int = 0  # pieces in which the model wrote it: servers send one a token
    interruptible: bool = True  # what is being written
    held_phrases: list[Phrase] = field(default_factory=list)  # not yet given to the voice: the reply is speculative
    held_tools: list[ToolCall] = field(default_factory=list)
    running_tools: dict[str, ToolCall] = field(default_factory=dict)
    tools_answered: bool = False  # the model has not yet read what they returned
    rounds: int = 0  # so often it has read what they returned
    done: dict[tuple[str, str], str] = field(default_factory=dict)  # what calls that change something returned
    tool_turns: list[Turn] = field(default_factory=list)
    owed_since: float | None = None  # when the model was asked; None when it has answered
    not_before: float = 0.0  # it is held until then
    fillers: int = 0  # said in this wait
    bridged: bool = False  # a hole in the middle of it was
    filler_ends: float | None = None  # when the filler under way makes way for the answer
    over: list[str] = field(default_factory=list)  # what the caller said over it without interrupting
    keys: str = ""  # those whose tones it is made of
    failed: str = ""  # why it cannot go on, if that turned out while it was paused
    written: bool = False  # the model has finished
    handed_over: bool = False  # the voice knows that no phrase follows
    then: Hangup | Transfer | HandOver | None = None
    waits: bool = False  # the caller has asked for a moment: nothing is to follow
    blocks: bool = False  # the caller wants no more calls, as the model has understood
    presses: str = ""  # keys that follow it
    waterfall: Waterfall = field(default_factory=Waterfall)

    @property
    def speculative(self) -> bool:
        return self.speculative_for is not None

    @property
    def waits_for_more(self) -> bool:
        """Whether the model or a tool has still to bring what is said next."""
        return self.owed_since is not None or bool(self.running_tools)

    @property
    def spoken(self) -> bool:
        """Whether any of it, but for fillers, was given to the voice."""
        return any(not phrase.filler for phrase in self.playout.phrases)
