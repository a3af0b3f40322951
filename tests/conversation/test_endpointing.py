"""When a caller has finished: by what was asked, and by what was said."""

from __future__ import annotations

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import CancelReply, SendAudio, StartReply, Synthesize
from phoneagent.conversation.endpointing import silence_needed
from phoneagent.conversation.policy import EndpointingRule, Policy
from phoneagent.conversation.states import State

from .scripted_call import ScriptedCall

POLICY = Policy()


@pytest.mark.parametrize(
    ("asked", "said", "seconds"),
    [
        ("How can I help you?", "A table for two, please.", 0.5),
        ("How can I help you?", "a table for two people", 0.7),
        ("How can I help you?", "I would like", 1.2),
        ("How can I help you?", "for two and", 1.2),
        ("Is that right?", "yes", 0.2),
        ("We have one at seven. Would you like that?", "No, thank you.", 0.2),
        ("Is that right?", "yes but", 1.2),
        ("Is that right?", "yes I would love that", 0.7),
        ("When would you like to come?", "yes", 0.7),
        ("What is your phone number?", "555 123", 1.3),
        ("What is your phone number?", "five five five", 1.3),
        ("What is your phone number?", "five five five one two three four five six seven", 0.5),
        ("What is your booking code?", "A B 7", 1.3),
        ("Could you spell that for me?", "M A", 1.3),
        ("What is your e-mail address?", "ana at example", 1.3),
        ("What seems to be the problem?", "It does not work.", 1.2),
        ("How can I help you?", "my number is five five five", 1.3),
        ("For how many?", "two", 0.8),
    ],
)
def test_the_silence_that_ends_a_turn(asked, said, seconds):
    assert silence_needed(said, POLICY, asked=asked) == seconds


def test_rules_of_ones_own_come_first():
    policy = Policy(rules=(EndpointingRule(2.5, agent="your address"), EndpointingRule(0.1, caller="^next$")))
    assert silence_needed("Main Street.", policy, asked="What is your address?") == 2.5
    assert silence_needed("next", policy, asked="Is that right?") == 0.1
    assert silence_needed("yes", policy, asked="Is that right?") == 0.2
    assert silence_needed("yes", Policy(built_in_rules=False), asked="Is that right?") == 0.7


def asks(call: ScriptedCall, question: str) -> None:
    call.hears("I want to leave my number.")
    call.answers(question)
    call.passes(5.0)
    assert call.state is State.LISTENING


def says(call: ScriptedCall, text: str, *, seconds: float = 0.6) -> None:
    """Ears with turn events take this for a turn."""
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.SpeechStarted("stt"))
    call.passes(seconds)
    call.later(0.2, e.SpeechStopped(ended=call.at))
    call.later(0.12, e.EagerEndOfTurn(text))
    call.later(0.26, e.EndOfTurn(text))
    call.passes(0.27)


def test_digits_dictated_in_groups_are_one_turn_though_the_ears_end_each_group():
    call = ScriptedCall().greets()
    asks(call, "What is your phone number?")
    for group in ["five five five", "one two three", "four five six seven"]:
        says(call, group)
        assert call.state is State.CALLER_SPEAKING
        call.passes(0.9 - 0.27)
    assert call.transcript[-1] == "caller: five five five one two three four five six seven"
    assert call.state is State.THINKING


def test_a_group_that_the_ears_end_twice_is_one_group_but_one_said_twice_is_two():
    call = ScriptedCall().greets()
    asks(call, "What is your phone number?")
    says(call, "five five")
    call.tells(e.EndOfTurn("five five"))
    says(call, "five five")
    call.passes(1.4)
    assert call.transcript[-1] == "caller: five five five five"


def test_while_a_turn_is_held_back_the_answer_is_prepared():
    call = ScriptedCall().greets()
    asks(call, "What is your phone number?")
    says(call, "five five five")
    reply = call.last(StartReply).reply
    call.replies("And the rest?")
    call.voices(reply)
    assert reply not in {command.reply for command in call.all(SendAudio)}
    call.passes(1.3 - 0.27 - 0.01)
    assert call.state is State.CALLER_SPEAKING
    call.passes(0.02)
    assert call.state is State.SPEAKING
    assert len([command for command in call.all(StartReply) if command.reply == reply]) == 1


def test_a_noise_does_not_prolong_a_turn_that_is_held_back_for_long():
    call = ScriptedCall().greets()
    asks(call, "What is your phone number?")
    says(call, "five five five")
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at - 0.2))
    call.passes(1.2)
    assert call.transcript[-1] == "caller: five five five"


def test_ears_without_turn_events_are_answered_ahead_too():
    call = ScriptedCall(turn_events=False).greets()
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.6)
    call.tells(e.SpeechStopped(ended=call.at - 0.2))
    call.tells(e.PartialTranscript("What are your hours", final=True))
    reply = call.last(StartReply).reply
    call.replies("From nine to five.")
    call.voices(reply)
    assert call.state is State.CALLER_SPEAKING
    assert call.transcript[-1] == "agent: Hello there"
    call.passes(0.51)
    assert call.state is State.SPEAKING
    assert call.emitted("speculation_paid") == [{"reply": reply, "seconds": pytest.approx(0.5)}]


def test_more_words_cancel_what_was_begun_ahead():
    call = ScriptedCall(turn_events=False).greets()
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.PartialTranscript("A table for two people", final=True))
    first = call.replies("Of course. At what time?", done=False)
    call.passes(0.4)
    call.tells(e.SpeechStarted("vad"))
    assert call.tells(e.PartialTranscript("and a baby"))[0] == CancelReply(first)
    assert call.emitted("speculation_lost") == [{"reply": first, "tokens": 1, "characters": 10}]
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.PartialTranscript("and a baby.", final=True))
    call.passes(0.51)
    assert call.transcript[-1] == "caller: A table for two people and a baby."


def test_what_is_plainly_not_over_is_not_answered_ahead():
    call = ScriptedCall(turn_events=False).greets()
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.PartialTranscript("I would like a table for", final=True))
    assert call.all(StartReply) == []


def test_an_agent_that_does_not_rush_waits_before_it_answers():
    call = ScriptedCall(respond_after=1.5).greets()
    call.hears("What are your hours?")
    call.answers("From nine to five.")
    assert call.state is State.THINKING
    call.passes(1.5 - 0.26 - 0.01)
    assert call.state is State.THINKING
    call.passes(0.02)
    assert call.state is State.SPEAKING


# -- what the ears tell twice, late, or not at all ----------------------------------------------------


@pytest.mark.parametrize(
    "again",
    [e.EndOfTurn("a table for two"), e.EagerEndOfTurn("A table for two."), e.PartialTranscript("A table")],
)
def test_what_the_ears_repeat_is_not_said_twice(again):
    call = ScriptedCall().greets()
    reply = call.hears("A table for two.").reply
    assert call.tells(again) == []
    call.answers("Sure, at what time?")
    assert call.tells(again) == []
    assert call.last(StartReply).reply == reply


def test_a_yes_said_again_with_a_sound_of_its_own_counts():
    call = ScriptedCall().greets()
    call.hears("Yes.")
    call.tells(e.SpeechStarted())
    call.tells(e.EndOfTurn("Yes."))
    assert call.transcript[-1] == "caller: Yes. Yes."


def test_a_short_answer_said_again_to_the_next_question_counts():
    """Its sound is over when its words come, but it is a sound of its own."""
    call = ScriptedCall().greets()
    call.hears("Yes.")
    call.answers("Two?")
    call.passes(0.4)
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at - 0.1))
    call.tells(e.EndOfTurn("Yes."))
    assert call.transcript[-2:] == ["agent: Two?", "caller: Yes."]
    assert call.state is State.THINKING


def test_what_is_said_after_a_sound_does_not_replace_what_was_not_settled():
    call = ScriptedCall(turn_events=False).greets()
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("A table for two"))
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(1.3)
    assert call.state is State.THINKING
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at - 0.1))
    call.tells(e.PartialTranscript("At seven.", final=True))
    call.passes(1.5)
    assert call.core.turns[-1].text == "A table for two At seven."


def test_a_final_transcript_later_than_our_own_deadline_makes_no_second_turn():
    call = ScriptedCall(turn_events=False).greets()
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("A table for"))
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(1.3)
    assert call.transcript[-1] == "caller: A table for"
    call.tells(e.PartialTranscript("A table for two people.", final=True))
    call.passes(0.4)
    assert call.transcript[-1] == "caller: A table for two people."
    assert call.core.turns[-1].text == "A table for two people."
    assert len(call.core.turns) == 2


def test_the_same_words_as_final_transcript_change_nothing():
    call = ScriptedCall(turn_events=False).greets()
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("A table please"))
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(1.1)
    reply = call.last(StartReply).reply
    assert call.tells(e.PartialTranscript("A table, please.", final=True)) == []
    call.answers("For how many?")
    assert call.last(StartReply).reply == reply


def test_an_end_of_turn_that_comes_after_we_gave_up_waiting_amends_the_turn():
    call = ScriptedCall().greets()
    call.tells(e.SpeechStarted())
    call.tells(e.PartialTranscript("A table for"))
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(6.1)
    assert call.transcript[-1] == "caller: A table for"
    call.tells(e.EndOfTurn("A table for two."))
    assert call.core.turns[-1].text == "A table for two."
    assert len(call.core.turns) == 2


def test_an_eager_end_that_comes_after_we_gave_up_waiting_amends_the_turn():
    call = ScriptedCall().greets()
    call.tells(e.SpeechStarted())
    call.tells(e.PartialTranscript("A table for"))
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(6.1)
    call.tells(e.EagerEndOfTurn("A table for two."))
    assert call.last(StartReply).turns[-1].text == "A table for two."
    call.tells(e.EndOfTurn("A table for two."))
    assert call.core.turns[-1].text == "A table for two."


def test_an_eager_end_that_no_end_follows_is_answered():
    call = ScriptedCall().greets()
    call.tells(e.SpeechStarted("stt"))
    call.tells(e.EagerEndOfTurn("Yes."))
    call.passes(6.1)
    assert call.transcript[-1] == "caller: Yes."


def test_an_eager_end_over_the_agent_that_no_end_follows_is_answered():
    call = ScriptedCall().greets()
    call.hears("What are your hours?")
    call.answers("We open at nine and close at five.")
    call.passes(0.6)
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.EagerEndOfTurn("And on Sunday?"))
    call.passes(6.1)
    assert call.transcript[-1] == "caller: And on Sunday?"


@pytest.mark.parametrize(("turn_events", "seconds"), [(True, 6.1), (False, 3.1)])
def test_a_sound_that_only_the_ears_have_heard_is_not_waited_for(turn_events, seconds):
    call = ScriptedCall(turn_events=turn_events).greets()
    call.tells(e.SpeechStarted("stt"))
    call.tells(e.SpeechStarted("stt"))
    call.passes(seconds)
    assert call.state is State.LISTENING


def test_the_end_of_an_old_sound_is_no_silence_after_new_words():
    """They would be answered at once, for the silence before them."""
    call = ScriptedCall(turn_events=False).greets()
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(3.0)
    call.tells(e.PartialTranscript("A table for two and", final=True))
    call.passes(1.1)
    assert call.state is State.CALLER_SPEAKING


def test_a_caller_too_quiet_for_us_to_notice_is_not_waited_for():
    call = ScriptedCall(turn_events=False).greets()
    call.tells(e.SpeechStarted("stt"))
    call.tells(e.PartialTranscript("What are your hours?", final=True))
    call.passes(0.6)
    assert call.transcript[-1] == "caller: What are your hours?"


def test_a_noise_that_does_not_stop_ends_no_patience():
    call = ScriptedCall().greets()
    call.tells(e.SpeechStarted("vad"))
    call.passes(12.1)
    assert call.state is State.LISTENING
    call.passes(1.1)
    assert call.emitted("deadline")[-1]["reason"] == "the caller has been silent for long"


def test_a_caller_may_speak_longer_than_a_noise():
    call = ScriptedCall().greets()
    call.tells(e.SpeechStarted("vad"))
    call.passes(2.0)
    call.tells(e.PartialTranscript("Well it all began"))
    for _ in range(10):
        call.passes(4.0)
        call.tells(e.PartialTranscript("Well it all began and it went on"))
    assert call.state is State.CALLER_SPEAKING


def test_a_line_that_crackles_now_and_then_is_asked_too():
    call = ScriptedCall().greets()
    for _ in range(2):
        call.passes(3.0)
        call.tells(e.SpeechStarted("vad"))
        call.passes(0.3)
        call.tells(e.SpeechStopped(ended=call.at - 0.2))
        call.tells(e.EndOfTurn(""))
    call.passes(3.0)
    assert any(line["reason"] == "the caller has been silent for long" for line in call.emitted("deadline"))


def test_a_question_is_still_open_after_are_you_still_there():
    call = ScriptedCall().greets()
    asks(call, "What is your phone number?")
    call.passes(8.1)
    call.voices(call.last(Synthesize).reply)
    call.passes(2.0)
    assert call.transcript[-1] == "agent: Are you still there?"
    says(call, "five five five")
    assert call.state is State.CALLER_SPEAKING, "held back for the rest"


def test_words_that_the_ears_take_back_are_not_answered():
    call = ScriptedCall().greets()
    asks(call, "What is your phone number?")
    says(call, "five five five")
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("and a"))
    call.tells(e.EndOfTurn(""))
    call.passes(2.0)
    assert call.transcript[-1] == "caller: five five five"
