"""What has happened. The only input of `Conversation`.

Positions in a reply's audio are samples at 8 kHz; the audio itself stays in the shell, so that a
journal of events is small and holds no voice. Anything that can arrive late carries the id of the
reply it belongs to; ids are never reused within a call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .transcript import ToolCall
from .words import Word


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The media stream is open: from now on the caller can hear and be heard."""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The media stream is gone, whoever closed it."""

    reason: str


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller began to make sound. `source` says who noticed: local voice activity or the STT."""

    source: Literal["vad", "stt"] = "stt"


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The caller fell silent. `ended`: seconds since the call began of the last voiced frame."""

    ended: float
    source: Literal["vad", "stt"] = "vad"


@dataclass(frozen=True, slots=True)
class PartialTranscript:
    """What the STT understood so far of the current segment.

    A `final` segment will not change any more; the next partial begins a new one. An STT with turn
    events has one segment a turn and never marks it final.
    """

    text: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class EagerEndOfTurn:
    """The STT thinks, without being sure, that the caller has finished. `text` is the whole turn."""

    text: str


@dataclass(frozen=True, slots=True)
class TurnResumed:
    """After an eager end of turn the caller went on speaking."""


@dataclass(frozen=True, slots=True)
class EndOfTurn:
    """The STT is sure that the caller has finished. `text` is the whole turn."""

    text: str


@dataclass(frozen=True, slots=True)
class EarsFailed:
    """The caller cannot be understood any more, by no provider."""

    problem: str


@dataclass(frozen=True, slots=True)
class ProviderFailed:
    """Ears, mind or voice failed, and somebody makes good for it: nothing is lost yet, but those who watch shall know.

    `then` says what is done: the name of the provider that takes over or is asked again; empty if there is none.
    """

    part: Literal["stt", "llm", "tts"]
    provider: str
    problem: str
    then: str = ""


@dataclass(frozen=True, slots=True)
class ReplyText:
    """The model produced more text of a reply. Not `interruptible`: the caller must hear it to its end."""

    reply: int
    text: str
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class ReplyDone:
    """The model has produced all of a reply.

    `cut`: its token limit ended it in the middle. `wordless`: it wrote marks and no word, so it wants to say nothing.
    """

    reply: int
    cut: bool = False
    wordless: bool = False


@dataclass(frozen=True, slots=True)
class ReplyFailed:
    """A reply cannot go on. `stage` is who failed; `problem` is for the journal, not the caller."""

    reply: int
    problem: str
    stage: Literal["llm", "tts"] = "llm"


@dataclass(frozen=True, slots=True)
class ToolRequested:
    """The model asks for a tool while producing a reply."""

    reply: int
    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """A tool has finished, well or badly (`failed`); `result` is what the model shall read."""

    call_id: str
    result: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class ReplyAudio:
    """More speech of a reply has arrived: `samples` of it.

    `words`: those that begin in this piece, positions counted from the beginning of the *reply*; empty
    when the voice gives no alignment. `audible`: offset in this piece of the first sample that can be
    heard, None if all of it is silence.
    """

    reply: int
    samples: int
    words: tuple[Word, ...] = ()
    audible: int | None = 0


@dataclass(frozen=True, slots=True)
class ReplyAudioDone:
    """All speech of a reply has arrived (after `FinishSpeech`)."""

    reply: int


@dataclass(frozen=True, slots=True)
class MarkPlayed:
    """The carrier returned a mark: all audio queued before it was played, or flushed by `clear`."""

    name: str


@dataclass(frozen=True, slots=True)
class DtmfReceived:
    """The caller pressed a key: one of `0123456789*#`, or `HIDDEN` for one that the conversation must not know.

    Which that is, `Conversation.conceals` says before.
    """

    digit: str


@dataclass(frozen=True, slots=True)
class KeysExpected:
    """What the mind wants to be typed next; it holds until the next of these. By default: nothing in particular.

    `length`: an entry of so many keys is complete (0: of any length); `end`: the key that ends it, "" if none does;
    `choices`: those of a menu. An entry is complete as soon as it is one of them and no longer one begins with it, or
    as none does: then it is told as it was typed. What is not said here is as the policy has it. `secret`: neither
    the model nor anybody who watches may know the keys.
    """

    length: int = 0
    end: str | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False


@dataclass(frozen=True, slots=True)
class ControlReceived:
    """An operator steers the call.

    `say` (argument: text) is spoken as it is, and heard to its end unless it is `interruptible`; `dtmf` (digits) is
    sent as tones, or pressed `by_carrier`, for which the call leaves the agent and comes back; `instruct` (text) is a
    note that the model reads, and answers at once if it shall `answer`; after `mute` the agent begins no replies until
    `unmute`, but it listens; `transfer` (target) and `hangup` leave the call.
    """

    action: Literal["say", "instruct", "transfer", "dtmf", "mute", "unmute", "hangup"]
    argument: str = ""
    interruptible: bool = True
    answer: bool = False
    by_carrier: bool = False


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """The caller was to be connected to somebody, and has not left: `words` say so, `note` is for the model."""

    words: str
    note: str


@dataclass(frozen=True, slots=True)
class SpendLimitReached:
    """The call has cost as much as it may: say goodbye."""


@dataclass(frozen=True, slots=True)
class MoveWanted:
    """The process is about to end: leave the media stream, for another process, where nobody notices."""


@dataclass(frozen=True, slots=True)
class AnswererDetected:
    """The carrier says who has answered a call that we placed: `human`, `machine_start`, `machine_end_beep`,
    `machine_end_silence`, `machine_end_other`, `fax` or `unknown`. It may say so twice, late, or be wrong.
    """

    verdict: str


@dataclass(frozen=True, slots=True)
class BeepStarted:
    """A pure tone is heard from the other side, and lasts: the one after which answering machines record."""


@dataclass(frozen=True, slots=True)
class BeepStopped:
    """The tone is over."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The deadline that `Conversation.deadline` announced has been reached."""


Event: TypeAlias = (
    CallStarted
    | CallEnded
    | SpeechStarted
    | SpeechStopped
    | PartialTranscript
    | EagerEndOfTurn
    | TurnResumed
    | EndOfTurn
    | EarsFailed
    | ProviderFailed
    | ReplyText
    | ReplyDone
    | ReplyFailed
    | ToolRequested
    | ToolReturned
    | ReplyAudio
    | ReplyAudioDone
    | MarkPlayed
    | DtmfReceived
    | KeysExpected
    | ControlReceived
    | TransferFailed
    | SpendLimitReached
    | MoveWanted
    | AnswererDetected
    | BeepStarted
    | BeepStopped
    | TimerFired
)
