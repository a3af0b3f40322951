"""What holds whatever happens, in any order: random walks through calls with a truthful carrier and unruly
providers.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phoneagent.conversation import events as e
from phoneagent.conversation.answerer import AGAIN, BEEPS
from phoneagent.conversation.answering import Answering
from phoneagent.conversation.commands import (
    CancelReply,
    ClearPlayback,
    RunTool,
    SaveTurn,
    SendAudio,
    StartReply,
    Synthesize,
)
from phoneagent.conversation.conversation import Conversation
from phoneagent.conversation.policy import Phrasing, Policy
from phoneagent.conversation.states import TRANSITIONS, State, diagram
from phoneagent.conversation.transcript import ToolCall
from phoneagent.conversation.words import Word

from .scripted_call import ScriptedCall

TEXTS = st.sampled_from(
    [
        "",
        "yes",
        "mm-hm",
        "yeah",
        "A table for two.",
        "and",
        "stop",
        "four one five",
        "Goodbye then",
        "Who is this?",
        "Leave a message after the tone.",
        "Say your name and why you are calling.",
        "Please hold the line.",
    ]
)
REPLIES = st.integers(0, 8)
TOOLS = st.builds(
    ToolCall,
    st.sampled_from(["call_1", "call_2"]),
    st.sampled_from(["book", "look_up", "end_call", "transfer"]),
    st.sampled_from(["{}", '{"target": "desk"}', "no json", "[1]"]),
)
EVENTS: dict[type[Any], st.SearchStrategy[Any]] = {
    e.CallStarted: st.builds(e.CallStarted),
    e.CallEnded: st.builds(e.CallEnded, st.just("the stream stopped")),
    e.SpeechStarted: st.builds(e.SpeechStarted, st.sampled_from(["vad", "stt"])),
    e.SpeechStopped: st.builds(e.SpeechStopped, st.floats(0, 10)),
    e.PartialTranscript: st.builds(e.PartialTranscript, TEXTS, st.booleans()),
    e.EagerEndOfTurn: st.builds(e.EagerEndOfTurn, TEXTS),
    e.TurnResumed: st.builds(e.TurnResumed),
    e.EndOfTurn: st.builds(e.EndOfTurn, TEXTS),
    e.EarsFailed: st.builds(e.EarsFailed, st.just("deaf")),
    e.ProviderFailed: st.builds(e.ProviderFailed, st.sampled_from(["stt", "llm", "tts"]), st.just("a"), st.just("503")),
    e.ReplyText: st.builds(
        e.ReplyText, REPLIES, st.sampled_from(["Hello. ", "We open at nine and ", "3.5 ", "\n", ""])
    ),
    e.ReplyDone: st.builds(e.ReplyDone, REPLIES),
    e.ReplyFailed: st.builds(e.ReplyFailed, REPLIES, st.just("503"), st.sampled_from(["llm", "tts"])),
    e.ToolRequested: st.builds(e.ToolRequested, REPLIES, TOOLS),
    e.ToolReturned: st.builds(e.ToolReturned, st.sampled_from(["call_1", "call_2"]), st.just("done"), st.booleans()),
    e.ReplyAudio: st.builds(e.ReplyAudio, REPLIES, st.integers(0, 9000)),
    e.ReplyAudioDone: st.builds(e.ReplyAudioDone, REPLIES),
    e.MarkPlayed: st.builds(e.MarkPlayed, st.sampled_from(["1.0.1280", "2.0.1280", "2.1.2560", "bogus"])),
    e.DtmfReceived: st.builds(e.DtmfReceived, st.sampled_from("0123456789*#")),
    e.KeysExpected: st.builds(
        e.KeysExpected,
        length=st.integers(0, 4),
        end=st.sampled_from([None, "", "*"]),
        choices=st.lists(st.sampled_from(["1", "12", "#"])).map(tuple),
        secret=st.booleans(),
    ),
    e.ControlReceived: st.one_of(
        st.builds(e.ControlReceived, st.sampled_from(["say", "transfer", "hangup"]), st.just("Hold on.")),
        st.builds(e.ControlReceived, st.sampled_from(["mute", "unmute"])),
        st.builds(e.ControlReceived, st.just("instruct"), st.just("Be brief."), answer=st.booleans()),
        st.builds(e.ControlReceived, st.just("dtmf"), st.sampled_from(["1", "42#"]), by_carrier=st.booleans()),
    ),
    e.SpendLimitReached: st.builds(e.SpendLimitReached),
    e.MoveWanted: st.builds(e.MoveWanted),
    e.AnswererDetected: st.builds(
        e.AnswererDetected,
        st.sampled_from(["human", "machine_start", "machine_end_beep", "machine_end_silence", "fax", "unknown"]),
    ),
    e.BeepStarted: st.builds(e.BeepStarted),
    e.BeepStopped: st.builds(e.BeepStopped),
    e.TimerFired: st.builds(e.TimerFired),
}


ANSWERING = st.one_of(
    st.none(),
    st.builds(
        Answering,
        st.sampled_from(["ignore", "hang_up", "voicemail"]),
        st.sampled_from(["", "Call us back."]),
        st.sampled_from(["", "It is me."]),
        st.sampled_from(["", "", "", "human", "machine_start", "machine_end_beep", "fax"]),
        st.sampled_from(["", "", "", "voicemail_left", "hung_up", "screening_answered"]),
    ),
)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", list(EVENTS))
def test_every_pair_of_state_and_event_is_defined(state, event):
    """Handled by a method that exists, or impossible: then it is counted, and nothing else happens."""
    if event in TRANSITIONS[state]:
        handler, _ = TRANSITIONS[state][event]
        assert callable(Conversation(Phrasing(), Policy()).handler(handler))
        return
    core = Conversation(Phrasing(), Policy())
    core._floor.state = state
    commands = core.receive(_plain(event), at=1.0)
    assert [getattr(command, "name", "") for command in commands] == ["ignored"]
    assert core.state is state
    assert core.impossible[state.value, event.__name__] == 1


def _plain(event: type[Any]) -> Any:
    arguments: dict[type[Any], tuple[Any, ...]] = {
        e.CallEnded: ("",), e.SpeechStopped: (0.0,), e.PartialTranscript: ("",), e.EagerEndOfTurn: ("",),
        e.EndOfTurn: ("",), e.EarsFailed: ("",), e.ReplyText: (1, ""), e.ReplyDone: (1,), e.ReplyFailed: (1, ""),
        e.ProviderFailed: ("llm", "", ""),
        e.ToolRequested: (1, ToolCall("", "", "")), e.ToolReturned: ("", ""), e.ReplyAudio: (1, 0),
        e.ReplyAudioDone: (1,), e.MarkPlayed: ("",), e.DtmfReceived: ("1",), e.ControlReceived: ("hangup",),
        e.AnswererDetected: ("human",),
    }  # fmt: skip
    return event(*arguments.get(event, ()))


def test_every_state_is_reachable_and_only_the_last_is_final():
    reached = {State.CONNECTING}
    for row in TRANSITIONS.values():
        for _, targets in row.values():
            reached |= targets
    assert reached == set(State)
    assert [state for state in State if not TRANSITIONS[state]] == [State.ENDED]
    assert "speaking --> paused: SpeechStarted" in diagram()


def check(call: ScriptedCall) -> None:
    """The invariants that can be seen at any moment."""
    deadline = call.core.deadline
    if call.core.state is State.ENDED:
        assert deadline is None
    else:
        assert deadline is not None, "nothing explains the wait"
        assert call.core._floor.deadlines.explains_state, f"{call.core.state} has no deadline of its own"


def check_commands(call: ScriptedCall) -> None:
    """The invariants of the whole stream of commands."""
    cancelled: set[int] = set()
    started: list[int] = []
    for command in call.commands:
        match command:
            case StartReply(reply, _) | Synthesize(reply, _):
                assert reply not in cancelled, "a cancelled reply came back"
                if reply not in started:
                    assert not started or reply > started[-1], "a reply id was reused"
                    started.append(reply)
            case CancelReply(reply):
                cancelled.add(reply)
            case SendAudio(reply, _, _):
                assert reply not in cancelled, "audio of a cancelled reply was sent"
            case RunTool(reply, _):
                assert reply not in cancelled, "a tool of a cancelled reply was run"
            case _:
                pass
    saved: list[SaveTurn] = []
    for command in call.all(SaveTurn):
        if saved and command.seq == saved[-1].seq:
            assert command.turn.role == saved[-1].turn.role == "caller", "only a caller goes on"
            saved.pop()
        saved.append(command)
    assert [command.seq for command in saved] == list(range(1, len(saved) + 1))
    assert [command.turn for command in saved] == call.core.turns


def check_heard(call: ScriptedCall, saved: int) -> None:
    """Every word that the turn saved by this command claims was heard has been played, at least half of it."""
    save = call.commands[saved]
    assert isinstance(save, SaveTurn)
    reply = max((c.reply for c in call.commands[:saved] if isinstance(c, SendAudio)), default=None)
    assert reply is not None, "an agent's turn without any audio"
    words = iter(call.words[reply])
    for text in save.turn.text.split():
        word = next(word for word in words if word.text == text)  # the rest of a filler that was cut is left out
        heard = call.carrier.heard(reply, word.start, word.end, call.at)
        assert heard >= (word.end - word.start) / 2 - 2, f"{word} was recorded, {heard} samples of it were played"


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.02, 0.2, 1.0, 9.0]), st.one_of(*EVENTS.values())), max_size=60),
    st.booleans(),
    ANSWERING,
)
def test_no_sequence_of_events_breaks_the_core(steps, turn_events, answering):
    """Pure chaos: events that make no sense, in any order, at any time."""
    core = Conversation(
        Phrasing(), Policy(), turn_events=turn_events, safe_tools=frozenset({"look_up"}), answering=answering
    )
    at, cleared, sent = 0.0, 0, 0
    for pause, event in [(0.0, e.CallStarted()), *steps]:
        at += pause
        for command in core.receive(event, at=at):
            cleared += isinstance(command, ClearPlayback)
            sent += isinstance(command, SendAudio)
        ended = core.state is State.ENDED
        assert (core.deadline is None) == ended
        assert ended or core._floor.deadlines.explains_state


class Walk:
    """A call in which every party behaves, but not together: providers are slow, fast, silent or fail as the data
    says.
    """

    def __init__(
        self, data: st.DataObject, turn_events: bool, aligned: bool, answering: Answering | None = None
    ) -> None:
        self.data = data
        self.call = ScriptedCall(
            phrasing=Phrasing(greeting="Hello there, how are you?"),
            turn_events=turn_events,
            safe_tools=frozenset({"look_up"}),
            answering=answering,
        )
        self.call.aligned = aligned
        self.seen = 0

    def step(self) -> None:
        call = self.call
        actions = ["wait", "wait", "caller", "model", "voice", "voice", "voice", "operator", "answerer"]
        match self.data.draw(st.sampled_from(actions), label="who"):
            case "wait":
                call.passes(self.data.draw(st.sampled_from([0.02, 0.1, 0.3, 0.7, 2.0]), label="seconds"))
            case "caller":
                kinds = [
                    e.SpeechStarted,
                    e.SpeechStopped,
                    e.PartialTranscript,
                    e.EagerEndOfTurn,
                    e.TurnResumed,
                    e.EndOfTurn,
                ]
                event = self.data.draw(
                    st.one_of(*(EVENTS[kind] for kind in [*kinds, e.DtmfReceived, e.KeysExpected])), label="caller"
                )
                if isinstance(event, e.SpeechStopped):
                    event = e.SpeechStopped(ended=call.at)
                call.tells(event)
            case "operator":
                wanted = st.one_of(EVENTS[e.ControlReceived], EVENTS[e.ControlReceived], EVENTS[e.MoveWanted])
                call.tells(self.data.draw(wanted, label="operator"))
            case "answerer":
                kinds = [e.AnswererDetected, e.BeepStarted, e.BeepStopped]
                call.tells(self.data.draw(st.one_of(*(EVENTS[kind] for kind in kinds)), label="answerer"))
            case "model":
                asked = call.all(StartReply)
                if asked:
                    reply = asked[-1].reply
                    written = [EVENTS[kind] for kind in (e.ReplyText, e.ReplyDone, e.ToolRequested, e.ToolReturned)]
                    event = self.data.draw(st.one_of(*written), label="model")
                    if not isinstance(event, e.ToolReturned):
                        event = type(event)(reply, *(getattr(event, name) for name in event.__slots__[1:]))
                    call.tells(event)
            case "voice":
                spoken = call.all(Synthesize)
                if spoken:
                    pieces = self.data.draw(st.sampled_from([None, None, 500, 4000]), label="samples")
                    call.voices(spoken[-1].reply, samples=pieces)
        self.check()

    def check(self) -> None:
        check(self.call)
        for number, command in enumerate(self.call.commands[self.seen :], self.seen):
            if isinstance(command, SaveTurn) and command.turn.role == "agent" and self.call.aligned:
                check_heard(self.call, number)
        self.seen = len(self.call.commands)


@settings(deadline=None)
@given(st.data(), st.booleans(), ANSWERING, st.integers(5, 60))
def test_what_is_recorded_was_played(data, turn_events, answering, steps):
    walk = Walk(data, turn_events, aligned=True, answering=answering)
    walk.call.tells(e.CallStarted())
    for _ in range(steps):
        walk.step()
    check_commands(walk.call)


@settings(deadline=None)
@given(st.data(), st.booleans(), ANSWERING, st.integers(5, 40))
def test_every_call_ends_by_itself(data, turn_events, answering, steps):
    """Whatever state a call is in when everybody falls silent, it is over after its limit."""
    walk = Walk(data, turn_events, aligned=False, answering=answering)
    call = walk.call
    call.tells(e.CallStarted())
    for _ in range(steps):
        walk.step()
    call.passes(700.0)
    assert call.core.state is State.ENDED


@settings(deadline=None)
@given(st.data(), st.booleans(), ANSWERING, st.integers(5, 60))
def test_a_journal_replays_to_the_same_commands(data, turn_events, answering, steps):
    walk = Walk(data, turn_events, aligned=True, answering=answering)
    walk.call.tells(e.CallStarted())
    for _ in range(steps):
        walk.step()
    call = walk.call
    again = Conversation(
        Phrasing(greeting="Hello there, how are you?"),
        Policy(),
        turn_events=turn_events,
        safe_tools=frozenset({"look_up"}),
        answering=answering,
    )
    replayed = [command for at, event in call.journal for command in again.receive(event, at=at)]
    assert replayed == call.commands


def test_late_audio_after_a_clear_is_not_sent():
    call = ScriptedCall().greets()
    call.hears("Hours?")
    reply = call.replies("We open at nine and close at ten.")
    call.voices(reply, samples=4000)
    call.passes(0.2)
    call.tells(e.SpeechStarted())
    assert call.tells(e.ReplyAudio(reply, 0)) == []
    call.tells(e.EndOfTurn("Stop that."))
    assert call.tells(e.ReplyAudio(reply, 8000, (Word("late", 0, 10),))) == []


@settings(deadline=None)
@given(st.data(), st.booleans(), st.integers(5, 60))
def test_a_message_is_interrupted_by_nobody_but_its_own_beginning_and_an_operator(data, turn_events, steps):
    answering = Answering("voicemail", "Call us back.", "It is me.", "machine_start")
    walk = Walk(data, turn_events, aligned=True, answering=answering)
    call = walk.call
    call.tells(e.CallStarted())
    for _ in range(steps):
        walk.step()
    messages = [turn for turn in call.emitted("turn_ended") if turn["kind"] == "voicemail"]
    again, outcomes = call.emitted("voicemail_again"), [told["outcome"] for told in call.emitted("answerer_handled")]
    assert len(again) <= AGAIN + BEEPS
    assert len(messages) <= 1 + len(again)
    assert sum(outcome.startswith("voicemail") for outcome in outcomes) <= 1
    if "voicemail_left" in outcomes:
        assert not messages[-1]["interrupted"]
        taken_over = call.emitted("muted")  # between the last word and its mark: then the operator decides what follows
        assert taken_over or call.core.state in (State.LEAVING, State.CLOSING, State.ENDED)
    if len(messages) > len(again):
        assert outcomes[-1].startswith("voicemail"), "its end is told"
