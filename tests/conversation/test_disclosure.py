"""What callers must hear, that an AI speaks or that they are recorded, is heard to its end, whoever talks over it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.answering import Answering
from phoneagent.conversation.commands import ClearPlayback, StartReply, Synthesize
from phoneagent.conversation.entrance import Entrance
from phoneagent.conversation.policy import Phrasing
from phoneagent.conversation.states import State
from phoneagent.conversation.transcript import Turn

from .scripted_call import PHRASING, ScriptedCall

NOTICE = "You are talking with an artificial intelligence."  # 7 words: 1.75 s
DISCLOSING = replace(PHRASING, disclosure=NOTICE)


def begun(phrasing=DISCLOSING, **options):
    call = ScriptedCall(phrasing=phrasing, **options)
    call.tells(e.CallStarted())
    call.voices(call.last(Synthesize).reply)
    return call


def spoken(call):
    return [command.text for command in call.all(Synthesize)]


def says_over(call, text):
    call.tells(e.SpeechStarted())
    call.passes(0.3)
    call.tells(e.PartialTranscript(text))
    call.passes(0.2)
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.EndOfTurn(text))


def test_it_comes_before_the_greeting_and_is_told_when_it_was_heard():
    call = begun()
    assert spoken(call) == [NOTICE, "Hello there"]
    call.passes(1.7)
    assert call.emitted("disclosed") == []
    call.passes(0.3)
    assert len(call.emitted("disclosed")) == 1
    call.passes(2.0)
    call.hears("What are your hours?")
    reply = call.answers("We open at nine.")
    assert spoken(call)[2:] == ["We open at nine."], "it is said once"
    assert reply
    assert len(call.emitted("disclosed")) == 1


def test_who_talks_over_it_hears_it_again_before_the_answer_and_cannot_cut_it_twice():
    call = begun()
    call.passes(0.6)
    says_over(call, "Hello who is this please")
    assert ClearPlayback() in call.commands
    assert call.emitted("disclosed") == []
    assert spoken(call)[-1] == NOTICE, "at once, while the model thinks"
    reply = call.last(StartReply).reply
    call.voices(reply)
    call.passes(0.5)
    cleared = call.all(ClearPlayback)
    says_over(call, "I asked who is this please")
    assert call.all(ClearPlayback) == cleared, "nobody can cut it now"
    call.replies("This is the shop.", reply=reply)
    call.voices(reply)
    call.passes(1.3)
    assert len(call.emitted("disclosed")) == 1


@pytest.mark.parametrize("first", ["caller", "generated"])
def test_whoever_speaks_first(first):
    call = ScriptedCall(phrasing=DISCLOSING, first_message=first)
    call.tells(e.CallStarted())
    assert spoken(call) == [NOTICE]


def test_a_cough_over_it_changes_nothing():
    call = begun()
    call.passes(0.5)
    call.tells(e.SpeechStarted())
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(8.0)
    assert len(call.emitted("disclosed")) == 1


def test_with_an_announcement_of_the_recording_neither_can_be_cut():
    call = begun(replace(DISCLOSING, announcement="This call is recorded."))
    assert spoken(call) == [NOTICE, "This call is recorded.", "Hello there"]
    call.passes(0.5)
    says_over(call, "Hello who is this please")
    assert call.all(ClearPlayback) == []
    call.passes(2.5)
    assert [len(call.emitted(name)) for name in ("disclosed", "announced")] == [1, 1]


def test_a_call_that_is_carried_on_hears_it_if_it_has_not():
    history = (Turn("caller", "Hello", 1.0),)
    call = ScriptedCall(phrasing=DISCLOSING, history=history, entrance=Entrance("moved"), turn_events=True)
    call.tells(e.CallStarted())
    assert spoken(call) == [NOTICE]
    heard = ScriptedCall(phrasing=replace(DISCLOSING, disclosure=""), history=history, entrance=Entrance("moved"))
    heard.tells(e.CallStarted())
    assert spoken(heard) == []


def test_a_voice_that_fails_is_asked_three_times_and_no_more():
    call = ScriptedCall(phrasing=DISCLOSING, failures_at_most=20)
    call.tells(e.CallStarted())
    for _ in range(6):
        call.tells(e.ReplyFailed(call.last(Synthesize).reply, "no voice", "tts"))
    assert spoken(call).count(NOTICE) == 3
    assert call.emitted("disclosure_unheard") == [{}]


def test_a_machine_gets_its_message_without_it():
    call = ScriptedCall(phrasing=DISCLOSING, answering=Answering("voicemail", "Call us back.", "", "machine_end_beep"))
    call.tells(e.CallStarted())
    call.passes(10.0)
    assert NOTICE not in spoken(call)


def test_a_goodbye_waits_for_nothing():
    call = ScriptedCall(phrasing=Phrasing(disclosure=NOTICE, fillers=()), call_at_most=20.0, first_message="caller")
    call.tells(e.CallStarted())
    call.passes(19.9)
    assert call.state in (State.SPEAKING, State.LEAVING, State.THINKING, State.LISTENING, State.ENDED)
    assert spoken(call).count(NOTICE) <= 3
