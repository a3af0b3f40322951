"""What shall be done. The only output of `Conversation`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .transcript import ToolCall, Turn


@dataclass(frozen=True, slots=True)
class StartReply:
    """Ask the model for a reply to the conversation in `turns`; if not `tools`, it must do without them."""

    reply: int
    turns: tuple[Turn, ...]
    tools: bool = True


@dataclass(frozen=True, slots=True)
class CancelReply:
    """Stop the model and the voice of this reply; whatever still arrives of it is dropped."""

    reply: int


@dataclass(frozen=True, slots=True)
class Synthesize:
    """Speak this phrase next in the reply."""

    reply: int
    text: str


@dataclass(frozen=True, slots=True)
class FinishSpeech:
    """No further phrase follows in this reply: report `ReplyAudioDone` when the last one is spoken."""

    reply: int


@dataclass(frozen=True, slots=True)
class SendDtmf:
    """Make the tones of these keys the audio of this reply: report it as `ReplyAudio` and `ReplyAudioDone`."""

    reply: int
    digits: str


@dataclass(frozen=True, slots=True)
class PressKeys:
    """Have the carrier press these keys. The media stream ends for it, and the call comes back (`Entrance`)."""

    digits: str


@dataclass(frozen=True, slots=True)
class SealKeys:
    """A secret entry is over: keep the keys that were hidden last, as many as `keys` has of `HIDDEN`, under this name.

    Where `keys` has another key in their midst, that was pressed before the entry was known to be secret.
    """

    name: str
    keys: str


@dataclass(frozen=True, slots=True)
class SendAudio:
    """Send the reply's audio from sample `start` to sample `end` to the caller."""

    reply: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SendMark:
    """Ask the carrier to return this name when everything sent before it was played."""

    name: str


@dataclass(frozen=True, slots=True)
class ClearPlayback:
    """Silence at once: drop what is queued, here and at the carrier."""


@dataclass(frozen=True, slots=True)
class Expect:
    """Tell the ears what the caller may say next, given the conversation in `turns`."""

    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class ListenForBeeps:
    """Begin, or stop, to report `BeepStarted` and `BeepStopped`."""

    on: bool


@dataclass(frozen=True, slots=True)
class RunTool:
    """Run a tool and report `ToolReturned`."""

    reply: int
    call: ToolCall


@dataclass(frozen=True, slots=True)
class CancelTool:
    """Stop a tool that changes nothing, and whose result nobody wants any more; no `ToolReturned` is to come of it."""

    call_id: str


@dataclass(frozen=True, slots=True)
class SaveTurn:
    """Append a turn to the transcript that outlives the process. `seq` counts from 1 without gaps.

    The last `seq` again replaces that turn: the caller went on before anything of the agent was heard.
    """

    seq: int
    turn: Turn


@dataclass(frozen=True, slots=True)
class Transfer:
    """Connect the caller to `target`: a department by its name, or, if `anywhere`, also a number or a SIP address.

    Operators may name any number. A model may not: a caller could talk it into one that is expensive.
    """

    target: str
    anywhere: bool = False


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give the call to another agent of this server: in another language, or for another department."""

    agent: str


@dataclass(frozen=True, slots=True)
class BlockCaller:
    """Put the number of who is on the line on the do-not-call list."""


@dataclass(frozen=True, slots=True)
class MoveOn:
    """Leave the media stream: another process carries the call on (`Entrance`)."""


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""

    reason: str


@dataclass(frozen=True, slots=True)
class Emit:
    """Tell whoever watches: `turn_ended`, `interrupted`, `ignored`, ... Values are plain data."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)


Command: TypeAlias = (
    StartReply
    | CancelReply
    | Synthesize
    | FinishSpeech
    | SendDtmf
    | SealKeys
    | PressKeys
    | SendAudio
    | SendMark
    | ClearPlayback
    | Expect
    | ListenForBeeps
    | RunTool
    | CancelTool
    | SaveTurn
    | Transfer
    | HandOver
    | BlockCaller
    | MoveOn
    | Hangup
    | Emit
)
