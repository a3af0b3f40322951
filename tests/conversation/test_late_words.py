"""Words that come late: the ears settle on a turn when it has been answered. (Smart formatting waits three seconds.)"""

from __future__ import annotations

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import ClearPlayback, StartReply
from phoneagent.conversation.late_words import words_again
from phoneagent.conversation.states import State

from .scripted_call import ScriptedCall

ANSWER = "Thank you, I have written that down for you."


def answered(interim="It's 55501"):
    """The caller's turn has ended on a transcript that was not final, and the agent is in the middle of its answer."""
    call = ScriptedCall(turn_events=False).greets()
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.6)
    call.tells(e.PartialTranscript(interim))
    call.passes(0.4)
    call.tells(e.SpeechStopped(ended=call.at - 0.2))
    call.passes(1.35)
    assert call.state is State.THINKING
    call.answers(ANSWER)
    assert call.state is State.SPEAKING
    call.passes(1.5)
    return call


@pytest.mark.parametrize(
    ("interim", "final"),
    [
        ("It's 55501", "It's 55501."),
        ("It's five five five oh one", "It's 55501."),
        ("It's 5 5 5 0 1", "It's 55501."),
        ("on the third of march", "On March 3rd."),
        ("it is twenty three dollars", "It is $23."),
        ("ana at example dot com", "ana@example.com."),
        ("It's 55501", "It's 55509."),
        ("A table for two", "a table for 2"),
    ],
)
def test_a_final_three_seconds_late_is_no_new_turn(interim, final):
    call = answered(interim)
    assert call.all(ClearPlayback) == []
    commands = call.tells(e.PartialTranscript(final, final=True))
    assert not [command for command in commands if isinstance(command, ClearPlayback | StartReply)]
    call.passes(3.0)
    assert len(call.all(StartReply)) == 1
    turns = [turn.text for turn in call.core.turns if turn.role == "caller"]
    assert len(turns) == 1
    assert turns[0] in (interim, final)
    assert call.core.turns[-1].text == ANSWER
    assert not call.core.turns[-1].interrupted


def test_the_transcript_has_the_words_that_the_ears_have_settled_on():
    """While the answer is being said there is still time: the model will read the right number."""
    call = answered("It's 55501")
    call.tells(e.PartialTranscript("It's 55509.", final=True))
    call.passes(3.0)
    assert call.core.turns[1].text == "It's 55509."


def test_interim_words_that_come_again_change_nothing_either():
    call = answered()
    assert call.tells(e.PartialTranscript("it's 55501")) == []
    assert call.tells(e.PartialTranscript("It's 55501.")) == []
    assert call.tells(e.PartialTranscript("It's 55501.", final=True)) == []
    call.passes(3.0)
    assert len(call.all(StartReply)) == 1


def test_told_late_and_then_told_again():
    call = answered()
    for _ in range(3):
        assert call.tells(e.PartialTranscript("It's 55501.", final=True)) == []
        call.passes(0.1)
    call.passes(3.0)
    assert len(call.all(StartReply)) == 1


def test_late_when_the_agent_has_finished():
    call = answered()
    call.passes(1.0)
    assert call.state is State.LISTENING
    assert call.tells(e.PartialTranscript("It's 55501.", final=True)) == []
    assert call.state is State.LISTENING
    call.passes(1.5)
    assert len(call.all(StartReply)) == 1


def test_after_a_cough_over_the_agent():
    call = answered()
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.2)
    call.tells(e.SpeechStopped(ended=call.at - 0.1))
    call.tells(e.PartialTranscript("It's 55501.", final=True))
    call.passes(4.0)
    assert len(call.all(StartReply)) == 1
    assert [turn.role for turn in call.core.turns] == ["agent", "caller", "agent"]
    assert call.core.turns[-1].text == ANSWER


def test_what_the_caller_adds_over_the_agent_is_heard_without_what_they_have_said_before():
    call = answered()
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.5)
    call.tells(e.PartialTranscript("It's 55501. And my name"))
    assert call.state is State.CALLER_SPEAKING
    call.passes(0.3)
    call.tells(e.PartialTranscript("It's 55501. And my name is Bob.", final=True))
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(1.5)
    assert len(call.all(StartReply)) == 2
    turns = [turn.text for turn in call.core.turns if turn.role == "caller"]
    assert turns == ["It's 55501", "And my name is Bob."]


def test_the_late_final_comes_while_the_caller_speaks_again():
    call = answered()
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.3)
    call.tells(e.PartialTranscript("It's 55501.", final=True))
    call.passes(0.3)
    call.tells(e.PartialTranscript("And my name is Bob.", final=True))
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(1.5)
    turns = [turn.text for turn in call.core.turns if turn.role == "caller"]
    assert turns == ["It's 55501", "And my name is Bob."]


def test_a_second_turn_that_ends_before_the_ears_have_settled_on_the_first():
    call = answered()
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.5)
    call.tells(e.PartialTranscript("It's 55501. And my name is Bob"))
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(1.35)
    call.answers("Hello Bob, how can I help you today?")
    call.passes(1.2)
    call.tells(e.PartialTranscript("It's 55501. And my name is Bob.", final=True))
    call.passes(4.0)
    assert len(call.all(StartReply)) == 2
    turns = [turn.text for turn in call.core.turns if turn.role == "caller"]
    assert [turn.rstrip(".") for turn in turns] == ["It's 55501", "And my name is Bob"]


def test_words_that_the_answer_did_not_know_of_are_answered_without_those_it_did():
    call = answered("It's 55501")
    call.tells(e.PartialTranscript("It's 55501, and I am in a hurry.", final=True))
    call.passes(1.5)
    assert len(call.all(StartReply)) == 2
    assert [turn.text for turn in call.core.turns if turn.role == "caller"] == ["It's 55501", "and I am in a hurry."]


def test_a_short_answer_to_the_next_question_counts_though_it_is_the_same_word():
    call = answered("Yes")
    call.tells(e.PartialTranscript("Yes.", final=True))
    call.passes(1.0)
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.3)
    call.tells(e.PartialTranscript("Yes"))
    call.tells(e.SpeechStopped(ended=call.at - 0.1))
    call.tells(e.PartialTranscript("Yes.", final=True))
    call.passes(1.5)
    assert len(call.all(StartReply)) == 2


def test_a_caller_who_hangs_up_meanwhile_has_said_it_once():
    call = answered()
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.1)
    call.tells(e.CallEnded("caller"))
    call.tells(e.PartialTranscript("It's 55501.", final=True))
    call.passes(2.0)
    assert [turn.text for turn in call.core.turns if turn.role == "caller"] == ["It's 55501"]


def test_an_end_of_turn_that_comes_when_the_answer_is_under_way():
    call = ScriptedCall().greets()
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("It's 55501"))
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(6.1)
    call.answers(ANSWER)
    call.passes(1.2)
    assert call.tells(e.EndOfTurn("It's 55501.")) == []
    call.passes(3.0)
    assert len(call.all(StartReply)) == 1


@pytest.mark.parametrize("apart", [0.0, 0.12, 0.5, 1.5])
def test_the_end_of_a_turn_told_twice(apart):
    call = ScriptedCall().greets()
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("A table for two."))
    call.passes(0.4)
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.EndOfTurn("A table for two."))
    call.passes(apart)
    call.tells(e.EndOfTurn("A table for two."))
    call.passes(1.0)
    assert [turn.text for turn in call.core.turns if turn.role == "caller"] == ["A table for two."]
    assert len({command.reply for command in call.all(StartReply)}) == 1


@pytest.mark.parametrize(
    ("known", "text", "again"),
    [
        ("It's 55501", "It's 55501.", 2),
        ("It's 55501", "It's 55501. And more", 2),
        ("It's five five five oh one", "It's 55501. And more", 2),
        ("It's 55501", "Something else entirely here", 0),
        ("It's 55501", "It's", 1),
        ("A table for", "A table for two people.", 3),
        ("", "A table", 0),
        ("A table", "", 0),
        ("...", "A table", 0),
    ],
)
def test_words_told_again(known, text, again):
    assert words_again(known, text) == again
