"""The states of a call, and which event leads from which to which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

from . import events as e


class State(Enum):
    """Where a call stands. The value is what diagrams and logs print."""

    CONNECTING = "connecting"  # the media stream is not open yet
    LISTENING = "listening"  # nobody speaks
    CALLER_SPEAKING = "caller speaking"  # the caller's turn is open; a speculative reply may be under way
    THINKING = "thinking"  # a reply was asked for; none of it has been sent
    SPEAKING = "speaking"  # the reply is at the carrier
    AT_MACHINE = "at a machine"  # one has answered a call that we placed; its message waits for the beep
    PAUSED = "paused"  # the caller made a sound; the reply is held until it is clear whether it was meant
    LEAVING = "leaving"  # hang-up or transfer is under way
    CLOSING = "closing"  # the stream is gone; the caller's last words may still be understood
    ENDED = "ended"


S = State
Row: TypeAlias = Mapping[type[e.Event], tuple[str, frozenset[State]]]


def _to(handler: str, *targets: State) -> tuple[str, frozenset[State]]:
    """`handler` names a method of `Conversation` or of one of its parts; it stays, or goes to one of `targets`."""
    return handler, frozenset(targets)


_REPLY: Row = {
    e.ReplyText: _to("replies.reply_text"),
    e.ReplyAudio: _to("replies.reply_audio"),
    e.ToolRequested: _to("replies.tool_requested"),
    e.ToolReturned: _to("replies.tool_returned"),
    e.MarkPlayed: _to("replies.mark_played"),
    e.KeysExpected: _to("listening.keys_expected"),
    e.ProviderFailed: _to("provider_failed"),
    e.SpendLimitReached: _to("spend_limit_reached"),
}
"""What a reply under way brings, and providers tell, wherever the call stands."""

_HEARD = (S.LISTENING, S.CALLER_SPEAKING, S.THINKING, S.LEAVING)
"""Where a call can go when a reply has been heard to its end, has failed, or was silenced by an operator."""

_ANSWERED = (S.CALLER_SPEAKING, S.THINKING, S.LISTENING, S.LEAVING)
"""Where it can go when the caller has interrupted; an agent that is muted does not answer, and one whose process is
about to end leaves."""

_GONE = (S.CLOSING, S.ENDED)

_DETECTED = (S.AT_MACHINE, S.THINKING, S.LEAVING)
"""Where it goes when the carrier says that a machine has answered."""

_ANSWERER: Row = {
    e.AnswererDetected: _to("answerer.detected", *_DETECTED),
    e.BeepStarted: _to("answerer.beep_started", S.AT_MACHINE),
    e.BeepStopped: _to("answerer.beep_stopped", S.THINKING),
}
"""Who has answered a call that we placed may turn out at any moment of it. Words show it too, see `answerer.takes`."""

TRANSITIONS: Mapping[State, Row] = MappingProxyType(
    {
        S.CONNECTING: {
            e.CallStarted: _to("call_started", S.LISTENING, *_DETECTED, S.CALLER_SPEAKING),
            e.CallEnded: _to("call_ended", S.ENDED),
            e.TimerFired: _to("timer_fired", S.ENDED),
        },
        S.LISTENING: {
            **_REPLY,
            **_ANSWERER,
            e.SpeechStarted: _to("listening.speech_started", S.CALLER_SPEAKING),
            e.SpeechStopped: _to("listening.speech_stopped"),
            e.PartialTranscript: _to("listening.partial_transcript", S.CALLER_SPEAKING, S.AT_MACHINE),
            e.EagerEndOfTurn: _to("listening.eager_end_of_turn", S.CALLER_SPEAKING, S.AT_MACHINE),
            e.EndOfTurn: _to("listening.end_of_turn", S.CALLER_SPEAKING, S.THINKING, S.LEAVING, S.AT_MACHINE),
            e.EarsFailed: _to("ears_failed", S.THINKING),
            e.DtmfReceived: _to("listening.key_pressed", S.CALLER_SPEAKING, S.THINKING, S.LEAVING),
            e.MoveWanted: _to("move_wanted"),
            e.ControlReceived: _to("control", S.THINKING, S.LEAVING),
            e.CallEnded: _to("call_ended", *_GONE),
            e.TimerFired: _to("timer_fired", S.THINKING, S.LEAVING),
        },
        S.CALLER_SPEAKING: {
            **_REPLY,
            **_ANSWERER,
            e.SpeechStarted: _to("listening.speech_goes_on"),
            e.SpeechStopped: _to("listening.speech_pauses"),
            e.PartialTranscript: _to("listening.partial_transcript", S.AT_MACHINE),
            e.EagerEndOfTurn: _to("listening.eager_end_of_turn", S.AT_MACHINE),
            e.TurnResumed: _to("listening.turn_resumed"),
            e.EndOfTurn: _to("listening.end_of_turn", S.LISTENING, S.THINKING, S.SPEAKING, S.LEAVING, S.AT_MACHINE),
            e.EarsFailed: _to("ears_failed", S.THINKING),
            e.DtmfReceived: _to("listening.key_pressed", S.LISTENING, S.THINKING, S.LEAVING),
            e.MoveWanted: _to("move_wanted"),
            e.ControlReceived: _to("control", S.THINKING, S.LEAVING),
            e.ReplyDone: _to("replies.reply_done"),
            e.ReplyFailed: _to("replies.reply_failed"),
            e.ReplyAudioDone: _to("replies.reply_audio_done"),
            e.CallEnded: _to("call_ended", *_GONE),
            e.TimerFired: _to("timer_fired", S.LISTENING, S.THINKING, S.SPEAKING, S.LEAVING),
        },
        S.THINKING: {
            **_REPLY,
            **_ANSWERER,
            e.ReplyText: _to("replies.reply_text"),
            e.ReplyAudio: _to("replies.reply_audio", S.SPEAKING),
            e.ReplyDone: _to("replies.reply_done", *_HEARD),
            e.ReplyFailed: _to("replies.reply_failed", *_HEARD),
            e.ReplyAudioDone: _to("replies.reply_audio_done", S.SPEAKING, *_HEARD),
            e.SpeechStarted: _to("barge_in.speech_started", S.PAUSED),
            e.SpeechStopped: _to("barge_in.speech_stopped"),
            e.PartialTranscript: _to("barge_in.partial_transcript", S.CALLER_SPEAKING, S.AT_MACHINE),
            e.EagerEndOfTurn: _to("barge_in.eager_end_of_turn", S.CALLER_SPEAKING, S.AT_MACHINE),
            e.TurnResumed: _to("listening.speech_goes_on"),
            e.EndOfTurn: _to("barge_in.end_of_turn", *_ANSWERED, S.AT_MACHINE),
            e.EarsFailed: _to("ears_failed"),
            e.DtmfReceived: _to("barge_in.key_pressed", *_ANSWERED),
            e.MoveWanted: _to("move_wanted"),
            e.ControlReceived: _to("control", *_HEARD),
            e.CallEnded: _to("call_ended", *_GONE),
            e.TimerFired: _to("timer_fired", S.SPEAKING, S.PAUSED, *_HEARD),
        },
        S.SPEAKING: {
            **_REPLY,
            **_ANSWERER,
            e.ReplyDone: _to("replies.reply_done", S.THINKING, S.LEAVING),
            e.ReplyFailed: _to("replies.reply_failed", *_HEARD),
            e.ReplyAudioDone: _to("replies.reply_audio_done", *_HEARD),
            e.MarkPlayed: _to("replies.mark_played", *_HEARD),
            e.SpeechStarted: _to("barge_in.speech_started", S.PAUSED),
            e.SpeechStopped: _to("barge_in.speech_stopped"),
            e.PartialTranscript: _to("barge_in.partial_transcript", S.CALLER_SPEAKING, S.AT_MACHINE),
            e.EagerEndOfTurn: _to("barge_in.eager_end_of_turn", S.CALLER_SPEAKING, S.AT_MACHINE),
            e.TurnResumed: _to("listening.speech_goes_on"),
            e.EndOfTurn: _to("barge_in.end_of_turn", *_ANSWERED, S.AT_MACHINE),
            e.EarsFailed: _to("ears_failed", S.THINKING),
            e.DtmfReceived: _to("barge_in.key_pressed", *_ANSWERED),
            e.MoveWanted: _to("move_wanted"),
            e.ControlReceived: _to("control", *_HEARD),
            e.CallEnded: _to("call_ended", *_GONE),
            e.TimerFired: _to("timer_fired", S.PAUSED, *_HEARD),
        },
        S.PAUSED: {
            **_REPLY,
            **_ANSWERER,
            e.ReplyDone: _to("replies.reply_done", *_HEARD),
            e.ReplyFailed: _to("replies.reply_failed"),
            e.ReplyAudioDone: _to("replies.reply_audio_done"),
            e.SpeechStarted: _to("listening.speech_goes_on"),
            e.SpeechStopped: _to("barge_in.pause_ends"),
            e.PartialTranscript: _to("barge_in.partial_transcript", *_HEARD, S.SPEAKING, S.AT_MACHINE),
            e.EagerEndOfTurn: _to("barge_in.eager_end_of_turn", S.CALLER_SPEAKING, S.AT_MACHINE),
            e.TurnResumed: _to("listening.speech_goes_on"),
            e.EndOfTurn: _to("barge_in.end_of_turn", *_HEARD, S.SPEAKING, S.AT_MACHINE),
            e.EarsFailed: _to("ears_failed", S.THINKING),
            e.DtmfReceived: _to("barge_in.key_pressed", *_ANSWERED),
            e.MoveWanted: _to("move_wanted"),
            e.ControlReceived: _to("control", *_HEARD),
            e.CallEnded: _to("call_ended", *_GONE),
            e.TimerFired: _to("timer_fired", *_HEARD, S.SPEAKING),
        },
        S.AT_MACHINE: {
            **_REPLY,
            **_ANSWERER,
            e.BeepStopped: _to("answerer.beep_stopped", S.THINKING, S.LISTENING),
            e.SpeechStarted: _to("answerer.speech_started"),
            e.SpeechStopped: _to("answerer.speech_stopped"),
            e.PartialTranscript: _to("answerer.words", S.THINKING, S.LISTENING, S.LEAVING),
            e.EagerEndOfTurn: _to("answerer.words"),
            e.TurnResumed: _to("listening.speech_goes_on"),
            e.EndOfTurn: _to("answerer.turn_ended", S.THINKING, S.LISTENING, S.LEAVING),
            e.EarsFailed: _to("ears_failed"),
            e.DtmfReceived: _to("too_late"),
            e.MoveWanted: _to("move_wanted"),
            e.ControlReceived: _to("control", S.LEAVING),
            e.CallEnded: _to("call_ended", *_GONE),
            e.TimerFired: _to("timer_fired", S.THINKING, S.LISTENING, S.LEAVING),
        },
        S.LEAVING: {
            **_REPLY,
            e.SpendLimitReached: _to("too_late"),
            e.ToolRequested: _to("too_late"),
            e.ReplyDone: _to("too_late"),
            e.ReplyFailed: _to("too_late"),
            e.ReplyAudioDone: _to("too_late"),
            e.SpeechStarted: _to("too_late"),
            e.SpeechStopped: _to("too_late"),
            e.PartialTranscript: _to("listening.last_words"),
            e.EagerEndOfTurn: _to("listening.last_words"),
            e.TurnResumed: _to("too_late"),
            e.EndOfTurn: _to("listening.last_turn"),
            e.EarsFailed: _to("too_late"),
            e.DtmfReceived: _to("too_late"),
            e.MoveWanted: _to("too_late"),
            e.ControlReceived: _to("too_late"),
            e.AnswererDetected: _to("too_late"),
            e.BeepStarted: _to("too_late"),
            e.BeepStopped: _to("too_late"),
            e.TransferFailed: _to("transfer_failed", S.THINKING),
            e.CallEnded: _to("call_ended", *_GONE),
            e.TimerFired: _to("timer_fired", S.ENDED),
        },
        S.CLOSING: {
            e.PartialTranscript: _to("listening.last_words"),
            e.EagerEndOfTurn: _to("listening.last_words"),
            e.EndOfTurn: _to("listening.last_turn"),
            e.ToolReturned: _to("replies.tool_returned"),
            e.ProviderFailed: _to("provider_failed"),
            e.SpendLimitReached: _to("too_late"),
            e.TimerFired: _to("timer_fired", S.ENDED),
        },
        S.ENDED: {},
    }
)
"""What is absent is impossible in that state: it is counted and ignored, for the network reorders."""


EVERYWHERE = (e.CallEnded, e.ControlReceived, e.EarsFailed)
"""What changes every state alike: the caller has gone, an operator steers, or nobody can be understood."""


def diagram() -> str:
    """The transitions as a Mermaid state diagram, without those of `EVERYWHERE`; several events share an edge."""
    edges: dict[tuple[State, State], list[str]] = {}
    for state, row in TRANSITIONS.items():
        for event, (_, targets) in row.items():
            for target in targets - {state}:
                if event not in EVERYWHERE or state in (S.CONNECTING, S.LEAVING):
                    edges.setdefault((state, target), []).append(event.__name__)
    lines = ["stateDiagram-v2", f"    [*] --> {_id(S.CONNECTING)}"]
    order = list(State)
    for state, target in sorted(edges, key=lambda edge: (order.index(edge[0]), order.index(edge[1]))):
        lines += [f"    {_id(state)} --> {_id(target)}: {', '.join(sorted(edges[state, target]))}"]
    lines += [
        f"    {_id(S.ENDED)} --> [*]",
        f"    note right of {_id(S.CLOSING)}: CallEnded leads here from every state",
    ]
    return "\n".join(lines)


def _id(state: State) -> str:
    return state.value.replace(" ", "_")
