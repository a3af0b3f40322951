"""A "hello?" while the agent thinks takes nothing back, and is answered."""

from __future__ import annotations

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.check_in import CHECK_INS, check_in
from phoneagent.conversation.commands import CancelReply, RunTool, StartReply, Synthesize
from phoneagent.conversation.policy import Phrasing
from phoneagent.conversation.states import State

from .scripted_call import PHRASING, ScriptedCall
from .test_slowness import fillers, voice_fillers


def waiting(**options) -> ScriptedCall:
    """A call whose caller waits for an answer."""
    call = ScriptedCall(**options).greets()
    call.hears("What are your opening hours?")
    call.passes(1.0)
    return call


def checks_in(call: ScriptedCall, text: str) -> None:
    call.tells(e.SpeechStarted())
    call.passes(0.4)
    call.tells(e.PartialTranscript(text))
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(0.26)
    call.tells(e.EndOfTurn(text))
    call.voices(call.last(Synthesize).reply)


def said(call: ScriptedCall) -> list[str]:
    return [command.text for command in call.all(Synthesize)]


@pytest.mark.parametrize(
    ("language", "text"),
    [(language, phrase) for language, table in CHECK_INS.items() for phrase in table.words.phrases],
)
def test_every_way_to_ask_whether_anybody_is_there(language, text):
    assert check_in(language).words.covers(text.capitalize() + "?")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Hello? Hello? Are you still there?"),
        ("en", "Um, hello, can you hear me?"),
        ("en", "Sorry, are you there?"),
        ("en", "Hey, anybody there? I can't hear you."),
        ("de", "Hallo, sind Sie noch da?"),
        ("de", "Äh, hören Sie mich?"),
        ("de-AT", "Hello?"),
        ("es", "¿Hola? ¿Sigue ahí?"),
        ("fr", "Allô ? Vous m’entendez ?"),
        ("fr", "Êtes-vous toujours là ?"),
        ("it", "Pronto? C'è ancora?"),
        ("pt-BR", "Alô? Você ainda está aí?"),
        ("nl", "Hallo, bent u er nog?"),
        ("pl", "Halo? Czy pan mnie słyszy?"),
    ],
)
def test_they_are_said_together_and_with_words_around(language, text):
    assert check_in(language).words.covers(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Hello, I would like to cancel."),
        ("en", "Are you there on Sundays?"),
        ("en", "Can you hear me or should I call again?"),
        ("en", "Actually never mind."),
        ("en", "No."),
        ("en", "Still."),
        ("de", "Sind Sie noch da am Sonntag?"),
        ("es", "Hola, quiero otra cosa."),
        ("fr", "Non."),
    ],
)
def test_words_that_want_something_are_no_check_in(language, text):
    assert not check_in(language).words.covers(text)


@pytest.mark.parametrize("turn_events", [True, False])
def test_hello_while_the_model_thinks_takes_nothing_back(turn_events):
    call = waiting(turn_events=turn_events) if turn_events else ScriptedCall(turn_events=False).greets()
    if not turn_events:
        call.tells(e.SpeechStarted("vad"))
        call.tells(e.PartialTranscript("What are your opening hours?", final=True))
        call.tells(e.SpeechStopped(ended=call.at))
        call.passes(2.0)
    asked = len(call.all(StartReply))
    if turn_events:
        checks_in(call, "Hello?")
    else:
        call.tells(e.SpeechStarted("vad"))
        call.passes(0.4)
        call.tells(e.PartialTranscript("Hello?", final=True))
        call.tells(e.SpeechStopped(ended=call.at))
        call.voices(call.last(Synthesize).reply)
    assert call.all(CancelReply) == []
    assert len(call.all(StartReply)) == asked
    assert said(call)[-1] == "I am still here."
    call.passes(2.0)
    call.answers("We are open from noon to eleven.")
    call.passes(4.0)
    assert call.transcript[-2:] == [
        "caller: What are your opening hours?",
        "agent: I am still here. We are open from noon to eleven.",
    ]
    assert call.state is State.LISTENING


def test_the_model_is_told_of_it():
    call = waiting()
    checks_in(call, "Hello?")
    call.answers("We are open from noon to eleven.")
    call.passes(4.0)
    assert call.core.turns[-1].over == "Hello?"


def test_it_is_heard_at_most_once_in_a_few_seconds():
    call = waiting(reply_within=60.0)
    for _ in range(4):
        checks_in(call, "Hello?")
        call.passes(1.0)
    assert said(call).count("I am still here.") == 2
    assert len(call.all(StartReply)) == 1


def test_no_wait_begins_anew():
    phrasing = Phrasing(greeting="Hello there", fillers=("Let me see.",), still_here="Yes, I am here.")
    call = ScriptedCall(phrasing=phrasing).greets()
    call.hears("What are your opening hours?")
    began = call.at
    call.passes(0.9)
    call.tells(e.SpeechStarted())
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(0.2)
    call.tells(e.EndOfTurn("Hello?"))
    assert said(call)[-1] == "Yes, I am here."
    voice_fillers(call, 9.5)
    failed = [round(at - began, 2) for at, event in call.journal if isinstance(event, e.TimerFired)]
    assert any(at == pytest.approx(10.0) for at in failed)
    assert call.emitted("reply_failed")


def test_a_cough_does_not_put_a_filler_off():
    phrasing = Phrasing(greeting="Hello there", fillers=("Let me see.",))
    call = ScriptedCall(phrasing=phrasing).greets()
    call.hears("What are your opening hours?")
    call.passes(0.5)
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(0.3)
    assert fillers(call) == []
    call.passes(0.1)
    assert fillers(call) == ["Let me see."]


def test_the_answer_that_came_meanwhile_follows_at_once():
    call = waiting()
    call.tells(e.SpeechStarted())
    call.passes(0.3)
    call.answers("We are open from noon to eleven.")
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.EndOfTurn("Are you there?"))
    call.passes(4.0)
    assert call.transcript[-1] == "agent: We are open from noon to eleven."
    assert call.all(CancelReply) == []
    assert "I am still here." not in said(call)


def test_over_a_running_tool():
    call = ScriptedCall().greets()
    call.hears("Can you find my booking?")
    call.asks_tool("look_up")
    call.answers("Let me look.")
    call.passes(2.5)
    checks_in(call, "Are you still there?")
    call.passes(2.0)
    assert len(call.all(RunTool)) == 1
    assert call.all(CancelReply) == []
    call.tells(e.ToolReturned("call_1", "found"))
    call.answers("I have found it.")
    call.passes(3.0)
    assert call.transcript[-1] == "agent: Let me look. I am still here. I have found it."


def test_what_follows_the_hello_is_heeded():
    call = waiting()
    call.tells(e.SpeechStarted())
    call.passes(0.3)
    call.tells(e.PartialTranscript("Hello, forget"))
    assert call.all(CancelReply)
    call.tells(e.EndOfTurn("Hello, forget the hours, where are you?"))
    assert call.transcript[-1] == "caller: What are your opening hours? Hello, forget the hours, where are you?"


def test_hello_to_a_listening_agent_is_a_turn():
    call = ScriptedCall().greets()
    call.passes(3.0)
    call.hears("Hello?")
    assert call.transcript[-1] == "caller: Hello?"
    assert call.state is State.THINKING


def test_hello_over_an_answer_that_is_heard_is_a_turn():
    call = ScriptedCall().greets()
    call.hears("What are your hours?")
    call.answers("We are open from noon to eleven in the evening on all days.")
    call.passes(1.0)
    checks_in(call, "Hello?")
    assert call.transcript[-1] == "caller: Hello?"


def test_an_agent_without_words_in_its_language_says_nothing():
    assert check_in("tr").answer == ""
    assert PHRASING.still_here == ""


@pytest.mark.parametrize("text", ["Yes, hi.", "Hello?", "Good evening.", "Yes hello, good morning."])
def test_who_greets_over_the_greeting_hears_it_to_its_end(text):
    call = ScriptedCall(phrasing=Phrasing(greeting="Good evening, this is Aurelia, how can I help you?"))
    call.tells(e.CallStarted())
    call.voices(call.last(Synthesize).reply)
    call.passes(0.5)
    checks_in(call, text)
    call.passes(4.0)
    assert call.all(CancelReply) == []
    assert call.transcript == ["agent: Good evening, this is Aurelia, how can I help you?"]


@pytest.mark.parametrize("text", ["Yes.", "Hi, a table for two please.", "Wrong number."])
def test_who_says_more_is_answered(text):
    call = ScriptedCall(phrasing=Phrasing(greeting="Good evening, this is Aurelia, how can I help you?"))
    call.tells(e.CallStarted())
    call.voices(call.last(Synthesize).reply)
    call.passes(0.5)
    checks_in(call, text)
    assert call.transcript[-1] == f"caller: {text}"
