"""An operator steers the call: notes for the model, an agent that is silent for a while, keys that are pressed."""

from __future__ import annotations

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import (
    CancelReply,
    ClearPlayback,
    Hangup,
    SendAudio,
    SendDtmf,
    StartReply,
    Synthesize,
)
from phoneagent.conversation.entrance import BY_CALL, Entrance
from phoneagent.conversation.policy import Phrasing
from phoneagent.conversation.states import State
from phoneagent.conversation.transcript import Turn

from .scripted_call import ScriptedCall

MUTE, UNMUTE = e.ControlReceived("mute"), e.ControlReceived("unmute")


def note(text: str, *, answer: bool = False) -> e.ControlReceived:
    return e.ControlReceived("instruct", text, answer=answer)


@pytest.fixture
def call() -> ScriptedCall:
    return ScriptedCall().greets()


# -- notes ------------------------------------------------------------------------------------------


def test_a_note_is_read_with_the_next_turn_and_heard_by_nobody(call):
    assert not [c for c in call.tells(note("The terrace is closed.")) if isinstance(c, StartReply | Synthesize)]
    asked = call.hears("A table outside, please.")
    assert [(turn.role, turn.text) for turn in asked.turns] == [
        ("agent", "Hello there"),
        ("operator", "The terrace is closed."),
        ("caller", "A table outside, please."),
    ]
    assert call.state is State.THINKING


def test_a_note_that_is_to_be_answered_is_answered_at_once(call):
    call.tells(note("Offer them the table at eight.", answer=True))
    assert call.last(StartReply).turns[-1].text == "Offer them the table at eight."
    call.answers("There is a table at eight.")
    call.passes(3.0)
    assert call.transcript[-1] == "agent: There is a table at eight."
    assert call.state is State.LISTENING
    call.passes(0.5)
    assert len(call.all(StartReply)) == 1


def test_a_note_waits_for_the_end_of_what_the_agent_says(call):
    call.hears("When are you open?")
    call.answers("From nine to five.")
    call.tells(note("Also tell them about Sunday.", answer=True))
    assert call.state is State.SPEAKING
    call.passes(3.0)
    asked = call.last(StartReply)
    assert [turn.text for turn in asked.turns[-2:]] == ["Also tell them about Sunday.", "From nine to five."]
    call.answers("On Sunday we are closed.")
    call.passes(3.0)
    assert call.transcript[-1] == "agent: On Sunday we are closed."


def test_an_answer_to_the_caller_is_one_to_the_note_as_well(call):
    call.tells(e.SpeechStarted())
    call.tells(note("We are full.", answer=True))
    call.hears("A table for two.")
    call.answers("We are full, sorry.")
    call.passes(4.0)
    assert len(call.all(StartReply)) == 1
    assert call.state is State.LISTENING


def test_what_was_begun_without_the_note_is_begun_again_with_it(call):
    call.tells(e.SpeechStarted())
    call.tells(e.EagerEndOfTurn("A table for two."))
    begun = call.last(StartReply).reply
    assert CancelReply(begun) in call.tells(note("We are full."))
    call.tells(e.EndOfTurn("A table for two."))
    asked = call.last(StartReply)
    assert asked.reply > begun
    assert [turn.role for turn in asked.turns[-2:]] == ["operator", "caller"]


@pytest.mark.parametrize("problem", [e.ReplyDone, lambda reply: e.ReplyFailed(reply, "503")])
def test_nobody_apologises_for_a_note_that_brought_no_words(call, problem):
    call.tells(note("Nothing urgent.", answer=True))
    call.tells(problem(call.last(StartReply).reply))
    assert call.state is State.LISTENING
    assert len(call.all(Synthesize)) == 1  # the greeting


def test_the_model_may_say_goodbye_after_a_note():
    call = ScriptedCall(phrasing=Phrasing(greeting="Hello", end_call_phrases=("Goodbye.",))).greets()
    call.tells(note("Say goodbye.", answer=True))
    call.answers("Goodbye.")
    call.passes(2.0)
    assert call.all(Hangup) == [Hangup("agent")]


def test_a_note_does_not_change_how_a_call_is_carried_on():
    history = (Turn("agent", "Hello.", 1.0), Turn("operator", "Be brief.", 2.0))
    call = ScriptedCall(history=history)
    call.tells(e.CallStarted())
    assert not call.all(StartReply)
    assert call.all(Synthesize)  # the bridge
    call = ScriptedCall(history=(Turn("operator", "Be brief.", 2.0),))
    call.tells(e.CallStarted())
    assert call.last(Synthesize).text == "Hello there"


# -- mute -------------------------------------------------------------------------------------------


def test_a_muted_agent_falls_silent_and_what_was_heard_is_kept(call):
    call.hears("When are you open?")
    reply = call.answers("We open at nine and close at five.")
    call.passes(0.6)
    commands = call.tells(MUTE)
    assert [c for c in commands if isinstance(c, ClearPlayback | CancelReply)] == [ClearPlayback(), CancelReply(reply)]
    assert call.transcript[-1] == "agent: We open —"
    assert call.state is State.LISTENING


def test_a_muted_agent_listens_and_says_nothing_not_even_are_you_there(call):
    call.tells(MUTE)
    seen = len(call.commands)
    call.tells(e.SpeechStarted())
    call.tells(e.EagerEndOfTurn("Is anybody there?"))
    call.tells(e.EndOfTurn("Is anybody there?"))
    assert call.state is State.LISTENING
    call.passes(120.0)
    said = [c for c in call.commands[seen:] if isinstance(c, StartReply | Synthesize | SendAudio)]
    assert said == []
    assert call.transcript[-1] == "caller: Is anybody there?"


def test_unmuted_it_answers_what_was_asked_meanwhile(call):
    call.tells(MUTE)
    for text in ("Is anybody there?", "I need a table."):
        call.tells(e.SpeechStarted())
        call.tells(e.EndOfTurn(text))
        call.passes(3.0)
    call.tells(UNMUTE)
    assert call.last(StartReply).turns[-1].text == "Is anybody there? I need a table."
    call.answers("Yes, for how many?")
    call.passes(3.0)
    assert call.transcript[-1] == "agent: Yes, for how many?"


def test_unmuted_in_the_middle_of_a_sentence_it_waits_for_its_end(call):
    call.tells(MUTE)
    call.tells(e.SpeechStarted())
    call.tells(e.PartialTranscript("I need"))
    call.tells(UNMUTE)
    assert not call.all(StartReply)
    call.tells(e.EndOfTurn("I need a table."))
    assert call.last(StartReply).turns[-1].text == "I need a table."


def test_unmuted_it_says_nothing_if_nobody_asked_anything(call):
    call.tells(MUTE)
    call.passes(20.0)
    call.tells(UNMUTE)
    assert not call.all(StartReply)
    assert len(call.all(Synthesize)) == 1
    call.passes(9.0)
    assert call.emitted("deadline")[-1]["state"] == "listening"
    assert len(call.all(Synthesize)) == 2  # are you still there?


def test_an_operators_words_are_spoken_by_a_muted_agent_and_count_as_the_answer(call):
    call.tells(MUTE)
    call.tells(e.EndOfTurn("Is anybody there?"))
    call.tells(e.ControlReceived("say", "One moment please."))
    call.voices(call.last(Synthesize).reply)
    call.passes(3.0)
    assert call.transcript[-1] == "agent: One moment please."
    call.tells(UNMUTE)
    assert not call.all(StartReply)


def test_a_voice_that_fails_a_muted_agent_brings_no_apology(call):
    call.tells(MUTE)
    for _ in range(3):
        call.tells(e.ControlReceived("say", "One moment please."))
        call.tells(e.ReplyFailed(call.last(Synthesize).reply, "503", "tts"))
        assert call.state is State.LISTENING
    assert {c.text for c in call.all(Synthesize)} == {"Hello there", "One moment please."}


def test_who_interrupts_the_operators_words_is_not_answered(call):
    call.tells(MUTE)
    call.tells(e.ControlReceived("say", "One moment please, I will be back."))
    call.voices(call.last(Synthesize).reply)
    call.passes(0.6)
    call.tells(e.SpeechStarted())
    call.tells(e.EndOfTurn("No, listen to me."))
    assert call.state is State.LISTENING
    assert not call.all(StartReply)
    call.tells(UNMUTE)
    assert call.last(StartReply).turns[-1].text == "No, listen to me."


def test_muting_ends_a_goodbye_and_the_call_goes_on():
    call = ScriptedCall(phrasing=Phrasing(greeting="Hello", end_call_phrases=("Goodbye.",))).greets()
    call.hears("That was all.")
    call.answers("Thank you for calling us today. Goodbye.")
    call.tells(MUTE)
    call.passes(60.0)
    assert not call.all(Hangup)
    assert call.state is State.LISTENING


def test_muted_before_the_greeting_it_greets_when_it_may():
    call = ScriptedCall()
    call.tells(e.CallStarted())
    call.tells(MUTE)
    call.passes(5.0)
    assert not call.all(SendAudio)
    call.tells(UNMUTE)
    call.voices(call.last(Synthesize).reply)
    call.passes(2.0)
    assert call.transcript == ["agent: Hello there"]


ASKED = (Turn("agent", "Hello there", 1.0), Turn("caller", "What are your hours?", 3.0))


@pytest.mark.parametrize(
    ("history", "entrance"),
    [
        ((), BY_CALL),
        (ASKED[:1], BY_CALL),
        (ASKED, BY_CALL),
        (ASKED[:1], Entrance("moved")),
        (ASKED, Entrance("return")),
    ],
)
def test_a_call_that_is_carried_on_while_the_agent_is_muted_stays_silent(history, entrance):
    call = ScriptedCall(history=history, entrance=entrance, muted=True)
    call.tells(e.CallStarted())
    call.passes(60.0)
    assert call.state is State.LISTENING
    assert not call.all(Synthesize)
    assert not call.all(StartReply)


def test_a_call_that_was_carried_on_is_answered_when_the_agent_may_speak():
    call = ScriptedCall(history=ASKED, muted=True)
    call.tells(e.CallStarted())
    call.passes(5.0)
    assert [type(command) for command in call.tells(UNMUTE)] == [StartReply]
    fresh = ScriptedCall(muted=True)
    fresh.tells(e.CallStarted())
    fresh.tells(UNMUTE)
    assert fresh.last(Synthesize).text == "Hello there"


def test_who_could_not_be_connected_is_told_so_by_a_muted_agent_too():
    call = ScriptedCall(history=ASKED, entrance=Entrance("return", "The line is busy.", "busy"), muted=True)
    call.tells(e.CallStarted())
    assert call.last(Synthesize).text == "The line is busy."


def test_the_limit_of_a_call_holds_for_a_muted_agent(call):
    call.tells(MUTE)
    call.passes(700.0)
    assert call.all(Hangup) == [Hangup("duration")]
    assert len(call.all(Synthesize)) == 1


def test_the_goodbye_before_the_limit_that_came_in_silence_is_said_when_the_agent_may_speak(call):
    call.tells(MUTE)
    call.passes(595.0 - call.at)
    call.tells(UNMUTE)
    call.passes(0.1)
    assert call.last(Synthesize).text == Phrasing().time_goodbye


def test_ears_that_fail_a_muted_agent_end_the_call_when_it_speaks_again(call):
    call.tells(MUTE)
    call.tells(e.EarsFailed("deaf"))
    assert call.state is State.LISTENING
    call.tells(UNMUTE)
    assert call.last(Synthesize).text == Phrasing().failure_goodbye


# -- keys -------------------------------------------------------------------------------------------


def test_keys_are_sent_like_speech_and_leave_no_trace_in_the_transcript(call):
    call.tells(e.ControlReceived("dtmf", "42#"))
    assert call.last(SendDtmf).digits == "42#"
    call.passes(0.1)
    assert call.state is State.SPEAKING
    assert sum(c.end - c.start for c in call.all(SendAudio) if c.reply == call.last(SendDtmf).reply) == 3 * 1600
    call.passes(1.0)
    assert call.state is State.LISTENING
    assert call.transcript == ["agent: Hello there"]
    assert call.emitted("dtmf_sent") == [{"keys": 3, "whole": True}]


def test_keys_wait_for_the_agent_but_not_for_somebody_who_recites_a_menu(call):
    call.hears("Hello?")
    call.answers("Good evening to you.")
    call.tells(e.ControlReceived("dtmf", "1"))
    assert not call.all(SendDtmf)
    call.passes(2.0)
    assert call.last(SendDtmf).digits == "1"
    call.tells(e.SpeechStarted())
    call.tells(e.PartialTranscript("For reservations press"))
    call.tells(e.ControlReceived("dtmf", "2"))
    assert call.last(SendDtmf).digits == "2"
    call.passes(0.1)
    call.tells(e.PartialTranscript("For reservations press two"))
    call.passes(1.0)
    assert call.state is State.CALLER_SPEAKING
    assert call.tells(e.EndOfTurn("For reservations press two."))[0].turn.text == "For reservations press two."


def test_a_turn_that_ends_over_tones_is_answered_after_them(call):
    call.tells(e.SpeechStarted())
    call.tells(e.PartialTranscript("Okay"))
    call.tells(e.ControlReceived("dtmf", "2"))
    call.passes(0.05)
    call.tells(e.EndOfTurn("Okay"))
    assert call.state is State.SPEAKING
    call.passes(0.5)
    assert call.last(StartReply).turns[-1].text == "Okay"


def test_tones_that_come_back_are_no_keys_of_the_caller(call):
    call.tells(e.ControlReceived("dtmf", "42"))
    call.passes(0.3)
    call.tells(e.DtmfReceived("4"))
    call.passes(0.4)
    call.tells(e.DtmfReceived("2"))
    assert call.state is State.LISTENING
    call.passes(2.0)
    call.tells(e.DtmfReceived("2"))
    assert call.state is State.CALLER_SPEAKING


def test_a_callers_own_key_over_tones_is_kept(call):
    call.tells(e.ControlReceived("dtmf", "42"))
    call.passes(0.1)
    call.tells(e.DtmfReceived("7"))
    assert not call.all(ClearPlayback)
    call.passes(4.0)
    assert call.last(StartReply).turns[-1].text == "[keypad: 7]"
