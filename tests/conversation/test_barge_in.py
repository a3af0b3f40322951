"""The caller speaks while the agent does: when it stops, when it goes on, and what is remembered."""

from __future__ import annotations

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import CancelReply, ClearPlayback, Hangup, SendAudio, StartReply, Synthesize
from phoneagent.conversation.meaning import Meaning, meaning
from phoneagent.conversation.policy import Interruption, Phrasing, Policy
from phoneagent.conversation.states import State

from .scripted_call import WORD, ScriptedCall


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("", Meaning.NOTHING),
        ("mm", Meaning.NOTHING),  # the beginning of "mm-hm"
        ("I", Meaning.NOTHING),  # the beginning of "I see"
        ("I want", Meaning.INTERRUPTION),
        ("Mm-hmm.", Meaning.BACKCHANNEL),
        ("okay, yeah, right", Meaning.BACKCHANNEL),
        ("yeah but when", Meaning.INTERRUPTION),
        ("seven", Meaning.INTERRUPTION),
        ("from Tuesday", Meaning.ECHO),
        ("open from tuesday", Meaning.ECHO),
        ("from Monday", Meaning.NOTHING),
        ("from Monday to when", Meaning.NOTHING),
        ("from moon Tuesday to Sunday", Meaning.ECHO),  # misheard
        ("from Monday until when", Meaning.INTERRUPTION),
        ("Tuesday", Meaning.NOTHING),  # perhaps the first word of an echo
        ("no", Meaning.INTERRUPTION),
    ],
)
def test_what_words_over_the_agent_mean(said, meant):
    assert meaning(said, Policy(), needed=1, agent="We are open from Tuesday to Sunday") is meant


def test_few_words_do_not_interrupt_an_agent_that_wants_more_unless_they_are_urgent():
    policy = Policy()
    assert meaning("what about", policy, needed=3) is Meaning.NOTHING
    assert meaning("what about Monday", policy, needed=3) is Meaning.INTERRUPTION
    for said in ["stop", "Wait, wait.", "no no", "Hold on"]:
        assert meaning(said, policy, needed=3) is Meaning.INTERRUPTION


def test_the_answer_to_a_question_is_no_echo_of_it():
    agent = "Good. Shall I book a table for two?"
    for said, meant in [("for two", Meaning.INTERRUPTION), ("book a table for two", Meaning.ECHO)]:
        assert meaning(said, Policy(), needed=1, asked=True, final=True, agent=agent, echo=4) is meant


def test_the_answer_repeats_the_end_of_the_question():
    call = talking("Shall I book a table for two?")
    call.passes(2.2 * WORD / 8000)
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.EndOfTurn("For two."))
    assert call.transcript[-1] == "caller: For two."


def test_yeah_answers_a_question_though_the_agent_has_gone_on():
    call = talking("Is seven o'clock fine? I can also offer eight or nine.")
    call.passes(1.5 * WORD / 8000)
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.EndOfTurn("Yeah."))
    assert call.transcript[-1] == "caller: Yeah."


def talking(text: str = "We are open from Tuesday to Sunday and closed on all the Mondays.", **policy) -> ScriptedCall:
    """The agent has begun to answer and said four words."""
    call = ScriptedCall(**policy).greets()
    call.hears("When are you open?")
    call.answers(text)
    call.passes(4 * WORD / 8000)
    return call


def test_an_echo_makes_a_pause_at_most():
    call = talking()
    call.tells(e.SpeechStarted("vad"))
    assert call.state is State.PAUSED
    call.tells(e.PartialTranscript("open"))
    call.tells(e.PartialTranscript("open from"))
    assert call.state is State.SPEAKING, "nobody waits for the end of their own voice"
    call.tells(e.EndOfTurn("open from"))
    assert call.state is State.SPEAKING
    call.passes(4.0)
    assert call.transcript[-1] == "agent: We are open from Tuesday to Sunday and closed on all the Mondays."
    assert call.emitted("echo") == [{"text": "open from"}]


@pytest.mark.parametrize("turn_events", [True, False])
def test_a_line_that_returns_everything_does_not_cut_a_long_answer(turn_events):
    answer = (
        "We are open from Tuesday to Sunday and closed on all the Mondays, but in summer we have guests each single "
        "day until late at night, when nobody else would serve you anything good."
    )
    call = ScriptedCall(turn_events=turn_events).greets()
    call.tells(e.PartialTranscript("When are you open?", final=True))
    call.passes(6.1)
    call.answers(answer)
    call.passes(0.3)
    call.tells(e.SpeechStarted("vad"))
    words = answer.split()
    for count in range(2, len(words) - 1):
        call.tells(e.PartialTranscript(" ".join(words[:count])))
        call.passes(WORD / 8000)
    assert call.state is State.SPEAKING


@pytest.mark.parametrize("turn_events", [True, False])
def test_an_echo_that_ends_after_the_agent_has_finished_is_not_answered(turn_events):
    greeting = "Hello, how can I help you?"
    call = ScriptedCall(
        phrasing=Phrasing(greeting=greeting), turn_events=turn_events, greeting=Interruption(interruptible=False)
    )
    call.tells(e.CallStarted())
    call.voices(1)
    call.passes(0.3)
    call.tells(e.SpeechStarted("vad"))
    call.passes(6 * WORD / 8000)
    assert call.state is State.CALLER_SPEAKING
    call.tells(e.SpeechStopped(ended=call.at - 0.1))
    call.tells(e.EndOfTurn(greeting) if turn_events else e.PartialTranscript(greeting, final=True))
    call.passes(1.0)
    assert call.state is State.LISTENING
    assert call.transcript == [f"agent: {greeting}"]


@pytest.mark.parametrize("greeting", ["A table for two?", "We have tables for two."])
def test_an_answer_that_began_over_the_end_of_what_it_repeats_is_no_echo(greeting):
    call = ScriptedCall(greeting=Interruption(interruptible=False), phrasing=Phrasing(greeting=greeting))
    call.tells(e.CallStarted())
    call.voices(1)
    call.passes(0.9)
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.5)
    call.tells(e.SpeechStopped(ended=call.at - 0.1))
    call.tells(e.EndOfTurn("For two."))
    assert call.transcript == [f"agent: {greeting}", "caller: For two."]


def test_the_last_word_of_an_echo_is_no_interruption_either():
    call = talking()
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("open from"))
    call.passes(0.3)
    call.tells(e.EndOfTurn("open from Tuesday"))
    call.passes(4.0)
    assert call.transcript[-1] == "agent: We are open from Tuesday to Sunday and closed on all the Mondays."


def test_ears_that_take_a_noise_for_speech_and_say_no_more_are_not_waited_for():
    """Nobody would tell of the end of a sound that only they have heard."""
    call = talking()
    call.tells(e.SpeechStarted("stt"))
    call.passes(1.01)
    assert call.state is State.SPEAKING


def test_what_a_caller_says_in_one_breath_with_an_echo_is_theirs():
    call = talking()
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("open from"))
    call.tells(e.PartialTranscript("open from and on Mondays"))
    assert call.state is State.CALLER_SPEAKING
    call.tells(e.EndOfTurn("open from and on Mondays"))
    assert call.transcript[-1] == "caller: and on Mondays"


def test_a_choice_from_what_the_agent_offers_is_no_echo_of_it():
    call = talking("We have tables at six, at seven and at eight. Which would you like?")
    call.passes(7 * WORD / 8000)
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.EndOfTurn("At seven."))
    assert call.transcript[-1] == "caller: At seven."


def test_a_sound_must_last_where_that_is_wanted():
    call = talking(speaking=Interruption(voice=0.2))
    assert call.tells(e.SpeechStarted("vad")) == []
    call.passes(0.15)
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(0.2)
    assert call.state is State.SPEAKING
    call.tells(e.SpeechStarted("vad"))
    assert ClearPlayback() in call.passes(0.21)
    assert call.state is State.PAUSED


def test_a_sound_that_began_while_the_agent_thought_stops_it_when_it_speaks():
    call = ScriptedCall(thinking=Interruption(voice=0.2), speaking=Interruption(voice=0.2)).greets()
    call.hears("When are you open?")
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.1)
    call.answers("From nine to five.")
    assert call.state is State.SPEAKING
    assert ClearPlayback() in call.passes(0.11)


def test_each_part_of_a_call_has_its_own_limits():
    call = ScriptedCall(thinking=Interruption(interruptible=False)).greets()
    call.hears("When are you open?")
    assert call.tells(e.SpeechStarted("vad")) == []
    call.tells(e.SpeechStopped(ended=call.at))
    call.answers("From nine to five, from Monday to Friday.")
    call.passes(0.5)
    assert ClearPlayback() in call.tells(e.SpeechStarted("vad"))


def test_what_must_be_heard_is_not_interrupted_but_the_rest_is():
    call = ScriptedCall().greets()
    reply = call.hears("Book it.").reply
    call.tells(e.ReplyText(reply, "This call is recorded for your safety. ", interruptible=False))
    call.tells(e.ReplyText(reply, "For how many people is it?"))
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    call.passes(0.5)
    assert call.tells(e.SpeechStarted("vad")) == []
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(7 * WORD / 8000 - 0.5 + 0.1)
    assert ClearPlayback() in call.tells(e.SpeechStarted("vad"))


def test_a_murmur_does_not_interrupt_because_of_what_was_said_over_a_part_that_must_be_heard():
    call = ScriptedCall().greets()
    reply = call.hears("Book it.").reply
    call.tells(e.ReplyText(reply, "This call is recorded for your safety. ", interruptible=False))
    call.tells(e.ReplyText(reply, "We have a table for you at eight."))
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    call.passes(0.5)
    call.tells(e.EndOfTurn("For two people."))
    call.passes(9 * WORD / 8000 - 0.5)
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("Mm-hm"))
    assert call.state is State.PAUSED
    call.tells(e.EndOfTurn("Mm-hm"))
    call.passes(3.0)
    assert call.transcript[-2:] == [
        "agent: This call is recorded for your safety. We have a table for you at eight.",
        "caller: For two people.",
    ]


def test_an_operators_words_may_be_sacred():
    call = ScriptedCall().greets()
    call.tells(e.ControlReceived("say", "The building must be left at once.", interruptible=False))
    call.voices(call.commands[-1].reply if hasattr(call.commands[-1], "reply") else 2)
    call.passes(0.3)
    assert call.tells(e.SpeechStarted("vad")) == []


def test_words_over_what_must_be_heard_are_answered_afterwards_but_mm_hm_is_not():
    for said, turns in [("And on Mondays?", 4), ("mm-hmm", 3)]:
        call = talking("We open at nine and close at five.", speaking=Interruption(interruptible=False))
        call.tells(e.SpeechStarted("vad"))
        call.tells(e.EndOfTurn(said))
        call.passes(4.0)
        assert len(call.transcript) == turns
        assert call.transcript[2] == "agent: We open at nine and close at five."


@pytest.mark.parametrize("said", ["mm-hmm", "close at five"])
def test_no_murmur_and_no_echo_over_what_must_be_heard_is_answered_with_other_ears_either(said):
    call = ScriptedCall(turn_events=False, speaking=Interruption(interruptible=False)).greets()
    call.tells(e.PartialTranscript("When are you open?", final=True))
    call.passes(1.0)
    call.answers("We open at nine and close at five every day.")
    call.passes(7 * WORD / 8000)
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at - 0.1))
    call.tells(e.PartialTranscript(said, final=True))
    call.passes(4.0)
    assert call.transcript[-1] == "agent: We open at nine and close at five every day."
    assert call.state is State.LISTENING


def test_a_noise_after_words_over_what_must_be_heard_does_not_delay_their_answer():
    call = talking("We open at nine and close at five.", speaking=Interruption(interruptible=False))
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.EndOfTurn("And on Mondays?"))
    call.passes(2.5 * WORD / 8000)
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.4)
    assert call.state is State.CALLER_SPEAKING
    call.tells(e.SpeechStopped(ended=call.at - 0.2))
    call.passes(0.5)
    assert call.transcript[-1] == "caller: And on Mondays?"


def test_after_an_interruption_the_agent_leaves_a_moment():
    call = talking(back_off=1.0)
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.EndOfTurn("Stop."))
    call.answers("Sorry. What else?")
    assert call.state is State.THINKING
    call.passes(0.99)
    assert call.state is State.THINKING
    call.passes(0.02)
    assert call.state is State.SPEAKING


def test_an_answer_to_a_question_is_no_interruption_to_back_off_from():
    call = talking("Is that right?", back_off=1.0)
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.EndOfTurn("Yes."))
    call.answers("Good.")
    assert call.state is State.SPEAKING


@pytest.mark.parametrize(("words", "start"), [(0, 4 * WORD), (1, 3 * WORD), (9, 0)])
def test_the_agent_goes_on_at_the_word_where_it_stopped_or_before(words, start):
    call = talking(resume_words_before=words)
    call.passes(0.1)
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at - 0.2))
    resumed = [command for command in call.passes(0.5) if isinstance(command, SendAudio)]
    assert resumed[0].start == start


def test_what_a_listener_murmurs_is_part_of_the_agents_turn():
    call = talking()
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.EndOfTurn("mm-hmm"))
    call.passes(5.0)
    assert call.core.turns[-1].over == "mm-hmm"
    assert not call.core.turns[-1].interrupted


def test_a_caller_interrupts_twice():
    call = talking()
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("And"))
    first = call.last(CancelReply).reply
    call.tells(e.EndOfTurn("And on Mondays?"))
    call.answers("On Mondays we are closed all day.")
    call.passes(1.0)
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.EndOfTurn("And on Tuesdays?"))
    assert call.last(CancelReply).reply != first
    assert [line for line in call.transcript if line.endswith("—")] == [
        "agent: We are open from —",
        "agent: On Mondays —",
    ]
    assert [turn.text for turn in call.last(StartReply).turns][-1] == "And on Tuesdays?"


def test_when_the_first_sound_was_heard_is_known_of_a_reply_cut_before_its_first_mark():
    call = talking()
    call.passes(5.0)
    call.hears("And on Mondays?")
    call.answers("On Mondays we are closed.")
    call.passes(0.14)
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("stop it"))
    assert call.emitted("turn_ended")[-1]["latency"]["heard"] == pytest.approx(0.26)


# -- one answer to the whole --------------------------------------------------------------------------


def test_a_caller_who_goes_on_makes_one_turn():
    call = ScriptedCall().greets()
    call.hears("I'd like a table…")
    call.answers("Sure, for how many?")
    call.passes(0.05)
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("for two"))
    call.passes(0.4)
    call.tells(e.EndOfTurn("for two"))
    call.answers("For two. At what time?")
    call.passes(3.0)
    assert [(turn.role, turn.text) for turn in call.core.turns] == [
        ("agent", "Hello there"),
        ("caller", "I'd like a table… for two"),
        ("agent", "For two. At what time?"),
    ]


def test_what_the_agent_was_heard_to_say_divides_turns():
    call = ScriptedCall().greets()
    call.hears("I'd like a table…")
    call.answers("Sure, for how many?")
    call.passes(0.3)
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.EndOfTurn("for two"))
    assert call.transcript[1:] == ["caller: I'd like a table…", "agent: Sure, —", "caller: for two"]


def test_words_that_came_to_nothing_do_not_lose_the_question_before_them():
    """The ears took a noise for a word, and thought better of it when the answer had been dropped."""
    call = ScriptedCall().greets()
    call.hears("What are your hours?")
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("huh"))
    call.tells(e.EndOfTurn(""))
    assert call.state is State.THINKING
    assert call.last(StartReply).turns[-1].text.startswith("What are your hours?")


def test_a_transcript_that_was_amended_is_what_is_thought_about_ahead():
    call = ScriptedCall().greets()
    call.hears("I'd like a table…")
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.EagerEndOfTurn("for two"))
    assert [turn.text for turn in call.last(StartReply).turns] == ["Hello there", "I'd like a table… for two"]
    call.answers("At what time?")
    call.tells(e.EndOfTurn("for two"))
    assert call.state is State.SPEAKING


# -- the end of a call, and other moments -------------------------------------------------------------


def leaving() -> ScriptedCall:
    call = ScriptedCall().greets()
    call.hears("That is all.")
    reply = call.replies("Goodbye and have a nice day.", done=False)
    call.asks_tool("end_call")
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    call.passes(0.8)
    return call


@pytest.mark.parametrize("said", ["Bye bye.", "Thank you, bye", "you too"])
def test_a_goodbye_over_the_goodbye_ends_the_call(said):
    call = leaving()
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.4)
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.PartialTranscript(said[:6]))
    call.tells(e.EndOfTurn(said))
    call.passes(3.0)
    assert call.all(Hangup)
    assert call.core.turns[-1].text == "Goodbye and have a nice day."


def test_whoever_wants_something_after_all_is_not_hung_up_on():
    call = leaving()
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.EndOfTurn("Thank you, and when do you open?"))
    call.passes(3.0)
    assert call.all(Hangup) == []
    assert call.state is State.THINKING


def test_nobody_apologises_to_somebody_who_is_speaking():
    call = ScriptedCall().greets()
    reply = call.hears("Hours?").reply
    call.tells(e.SpeechStarted("vad"))
    assert call.tells(e.ReplyFailed(reply, "503")) == []
    call.passes(0.5)
    call.tells(e.EndOfTurn("And the address?"))
    assert call.last(StartReply).turns[-1].text == "Hours? And the address?"


def test_an_apology_comes_when_the_sound_meant_nothing():
    call = ScriptedCall().greets()
    reply = call.hears("Hours?").reply
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.ReplyFailed(reply, "503"))
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(0.5)
    assert call.last(Synthesize).text.startswith("I am sorry")


def test_yeah_after_a_well_answers_the_question_before_it():
    call = ScriptedCall().greets()
    call.hears("At seven?")
    call.answers("Is seven o'clock fine?")
    call.passes(2.0)
    call.hears("Well,")
    call.tells(e.EndOfTurn("yeah"))
    assert call.transcript[-1] == "caller: Well, yeah"


def test_a_murmur_after_a_yes_is_one():
    call = ScriptedCall().greets()
    call.hears("At seven?")
    call.answers("Is seven o'clock fine?")
    call.passes(2.0)
    reply = call.hears("Yes please.").reply
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.EndOfTurn("yeah"))
    assert call.last(StartReply).reply == reply


# --- one word of its own -------------------------------------------------------------------------------


def begun(text: str, *, after: float = 0.45, **options) -> ScriptedCall:
    """The agent has begun to speak, and a sound has made it pause."""
    call = ScriptedCall(**options).greets()
    call.hears("What are your hours?")
    call.answers(text)
    call.passes(after)
    call.tells(e.SpeechStarted("vad"))
    assert call.state is State.PAUSED
    return call


@pytest.mark.parametrize(
    ("text", "echo"),
    [
        ("We are open from noon to eleven.", "We."),
        ("We are open from noon to eleven.", "are"),
        ("Great, your table is booked for seven.", "Great."),
        ("Certainly, I will look into that.", "certainly"),
    ],
)
@pytest.mark.parametrize("turn_events", [True, False])
def test_its_first_word_comes_back_alone(text, echo, turn_events):
    call = begun(text, turn_events=turn_events)
    call.passes(0.2)
    call.tells(e.PartialTranscript(echo, final=not turn_events))
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(0.2)
    if turn_events:
        call.tells(e.EagerEndOfTurn(echo))
        call.tells(e.EndOfTurn(echo))
    call.passes(4.0)
    assert call.all(CancelReply) == []
    assert call.transcript[-1] == f"agent: {text}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Stop me at any time, we are open from noon to eleven.", "Stop."),
        ("No table is free today, I am sorry to say.", "No."),
        ("Seven is fully booked, I am afraid, but eight is free.", "Seven."),
        ("Say yes or no, then I know what you want.", "Yes."),
        ("Choose pizza or pasta, and I will put it down.", "Pasta."),
        ("We are open from noon to eleven.", "Tomorrow."),
    ],
)
def test_one_word_of_the_callers_interrupts(text, said):
    call = begun(text)
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.EndOfTurn(said))
    assert call.all(CancelReply)
    assert call.transcript[-1] == f"caller: {said}" or call.transcript[-1].endswith(said)


def test_one_word_of_what_was_said_long_ago_is_no_echo():
    call = begun("Monday is free, Tuesday is free, and so are all the other days.", after=3.0)
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.EndOfTurn("Monday."))
    assert call.all(CancelReply)
