"""The model or a tool is slow, or the caller is: what is said meanwhile."""

from __future__ import annotations

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import ClearPlayback, Hangup, RunTool, SendAudio, StartReply, Synthesize
from phoneagent.conversation.deadlines import Reason
from phoneagent.conversation.policy import Interruption, Phrasing
from phoneagent.conversation.states import State

from .scripted_call import WORD, ScriptedCall

PHRASING = Phrasing(
    greeting="Hello there",
    fillers=("One moment, please, I will look.", "Let me see."),
    later_fillers=("Still looking.", "Not yet."),
)


@pytest.fixture
def call() -> ScriptedCall:
    return ScriptedCall(phrasing=PHRASING).greets()


def fillers(call: ScriptedCall) -> list[str]:
    return [filler["text"] for filler in call.emitted("filler")]


def voice_fillers(call: ScriptedCall, seconds: float) -> None:
    """Let time pass; what the agent says is spoken at once, as from a cache."""
    until = call.at + seconds
    while call.at < until - 0.0001:
        call.passes(min(0.05, until - call.at))
        if said := call.all(Synthesize):
            call.voices(said[-1].reply)


def test_a_slow_model_is_bridged_and_the_answer_follows(call):
    call.hears("What are your hours?")
    voice_fillers(call, 1.1)
    assert fillers(call) == []
    voice_fillers(call, 0.1)
    assert fillers(call) == ["One moment, please, I will look."]
    voice_fillers(call, 3.0)
    call.answers("We open at nine.")
    call.passes(2.0)
    assert call.transcript[-1] == "agent: One moment, please, I will look. We open at nine."
    latency = call.emitted("turn_ended")[-1]["latency"]
    assert latency["filler"] == pytest.approx(1.4, abs=0.06)
    assert latency["heard"] == pytest.approx(4.46, abs=0.06)


def test_a_filler_ends_with_its_word_when_the_answer_comes(call):
    call.hears("What are your hours?")
    voice_fillers(call, 1.19)
    call.passes(0.3)  # within "moment,"
    reply = call.last(StartReply).reply
    assert [c for c in call.tells(e.ReplyText(reply, "We open at nine.")) if isinstance(c, SendAudio)] == []
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    cut = call.passes(0.3)
    assert cut[0] == ClearPlayback()
    assert next(c for c in cut if isinstance(c, SendAudio)).start == 6 * WORD
    call.passes(2.0)
    assert call.transcript[-1] == "agent: One moment, We open at nine."
    assert call.state is State.LISTENING


def test_the_last_word_of_a_filler_is_not_worth_a_cut(call):
    call.hears("What are your hours?")
    voice_fillers(call, 1.19)
    call.passes(5.5 * WORD / 8000 - 0.05)
    call.answers("We open at nine.")
    assert ClearPlayback() not in call.passes(3.0)
    assert call.transcript[-1] == "agent: One moment, please, I will look. We open at nine."


def test_fillers_come_in_stages_and_never_the_same_again(call):
    call = ScriptedCall(phrasing=PHRASING, reply_within=60.0).greets()
    call.hears("What are your hours?")
    voice_fillers(call, 30.0)
    assert fillers(call) == ["One moment, please, I will look.", "Not yet.", "Still looking."]
    call.answers("At nine.")
    call.passes(2.0)
    call.hears("And on Sundays?")
    voice_fillers(call, 2.0)
    assert fillers(call)[-1] == "Let me see."


def test_an_agent_that_does_not_rush_does_not_pile_up_fillers():
    """One that may not be said yet would be followed by the next, as if it had been."""
    call = ScriptedCall(phrasing=PHRASING, respond_after=3.0).greets()
    call.hears("What are your hours?")
    voice_fillers(call, 2.5)
    assert fillers(call) == []
    voice_fillers(call, 3.0)
    assert fillers(call) == ["One moment, please, I will look."]


def test_a_slow_tool_is_bridged_and_the_model_knows_what_was_said(call):
    call.hears("Book it")
    call.asks_tool("book")
    call.tells(e.ReplyDone(call.last(StartReply).reply))
    voice_fillers(call, 4.0)
    assert fillers(call) == ["One moment, please, I will look."]
    call.tells(e.ToolReturned("call_1", "booked"))
    assert [turn.text for turn in call.last(StartReply).turns][-2:] == ["One moment, please, I will look.", "booked"]
    call.answers("It is booked.")
    call.passes(4.0)
    assert call.transcript[-1] == "agent: One moment, please, I will look. It is booked."


def test_who_waits_for_model_and_tool_and_model_again_waits_once(call):
    """Each is quick enough for itself; to the caller it is one silence."""
    call.hears("Book it")
    voice_fillers(call, 0.8)
    call.asks_tool("book")
    call.tells(e.ReplyDone(call.last(StartReply).reply))
    voice_fillers(call, 0.2)
    call.tells(e.ToolReturned("call_1", "booked"))
    voice_fillers(call, 0.1)
    assert fillers(call) == []
    voice_fillers(call, 0.1)
    assert fillers(call) == ["One moment, please, I will look."]


def test_what_the_model_says_before_its_tool_is_a_filler_too(call):
    call.hears("Book it")
    reply = call.replies("I will book that now. ", done=False)
    call.asks_tool("book")
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    voice_fillers(call, 5 * WORD / 8000 + 4.8)
    assert fillers(call) == []
    voice_fillers(call, 0.3)
    assert fillers(call) == ["Still looking."]


def test_a_slow_voice_is_not_asked_for_fillers(call):
    """It has something to say already; a filler would come after it."""
    call.hears("What are your hours?")
    call.replies("We open at nine.")
    call.passes(4.0)
    assert fillers(call) == []


def test_a_caller_interrupts_a_filler_like_anything_else(call):
    call.hears("What are your hours?")
    voice_fillers(call, 1.19)
    call.passes(0.3)
    assert ClearPlayback() in call.tells(e.SpeechStarted("vad"))
    call.tells(e.EndOfTurn("Never mind, book a table"))
    assert call.transcript[-2:] == ["agent: One —", "caller: Never mind, book a table"]


def test_a_cough_over_a_filler_does_not_bring_it_back_when_the_answer_is_there(call):
    call.hears("What are your hours?")
    voice_fillers(call, 1.19)
    call.passes(0.3)
    call.tells(e.SpeechStarted("vad"))
    call.answers("We open at nine.")
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(4.0)
    assert call.transcript[-1] == "agent: One We open at nine."


def test_an_agent_without_fillers_is_silent():
    call = ScriptedCall(phrasing=Phrasing(greeting="Hello there", fillers=())).greets()
    call.hears("What are your hours?")
    call.passes(5.0)
    assert fillers(call) == []


def test_a_model_that_never_answers_is_apologised_for_in_spite_of_fillers(call):
    call.hears("What are your hours?")
    voice_fillers(call, 10.2)
    assert call.emitted("reply_failed")
    assert "agent: One moment, please, I will look. Not yet. —" in call.transcript


# -- a slow caller ----------------------------------------------------------------------------------


@pytest.mark.parametrize("asking", ["One moment, let me look for my card.", "Hang on.", "wait a second please"])
def test_a_caller_who_asks_for_a_moment_gets_it(call, asking):
    call.hears(asking)
    call.answers("Sure, take your time.")
    call.passes(1.1)
    assert call.state is State.LISTENING
    call.passes(20.0)
    assert call.state is State.LISTENING
    voice_fillers(call, 11.0)
    assert call.transcript[-1] == "agent: Are you still there?"
    voice_fillers(call, 10.0)
    assert call.transcript.count("agent: Are you still there?") == 2, "then the usual patience again"


def test_nobody_is_asked_whether_they_are_there_while_a_tool_works_for_them(call):
    call.hears("Book it")
    call.asks_tool("book")
    reply = call.last(StartReply).reply
    call.tells(e.ReplyDone(reply))
    call.tells(e.DtmfReceived("1"))
    call.core._listening.listen(call.at)  # whatever made it listen while the tool runs
    call.core._replies.reply = None
    call.passes(9.0)
    assert "agent: Are you still there?" not in call.transcript
    assert call.all(RunTool)


def test_tools_with_the_same_id_are_told_apart(call):
    call.hears("Book it")
    call.asks_tool("book", id="call_0")
    call.tells(e.ReplyDone(call.last(StartReply).reply))
    first = call.last(RunTool).call.id
    call.core._replies._run_tool(call.core._replies.current, call.last(RunTool).call, call.at)
    assert [c.call.id for c in call.core._floor.take() if isinstance(c, RunTool)] != [first]


# -- the first words, and the last --------------------------------------------------------------------


def test_the_caller_begins_where_that_is_wanted():
    call = ScriptedCall(phrasing=PHRASING, first_message="caller")
    call.tells(e.CallStarted())
    assert call.state is State.LISTENING
    assert call.all(Synthesize) == []


def test_the_model_greets_where_that_is_wanted():
    call = ScriptedCall(phrasing=PHRASING, first_message="generated")
    call.tells(e.CallStarted())
    assert call.last(StartReply).turns == ()
    call.answers("Good evening, Ana!")
    call.passes(2.0)
    assert call.transcript == ["agent: Good evening, Ana!"]
    assert call.emitted("turn_ended")[0]["kind"] == "greeting"


def test_a_model_that_fails_to_greet_is_stood_in_for():
    call = ScriptedCall(phrasing=PHRASING, first_message="generated")
    call.tells(e.CallStarted())
    call.tells(e.ReplyFailed(1, "503"))
    assert call.last(Synthesize).text == "Hello there"
    call.tells(e.ReplyFailed(2, "503", "tts"))
    assert call.last(Synthesize).text == PHRASING.failure_goodbye


@pytest.mark.parametrize(("answer", "ends"), [("Have a nice day. Goodbye!", True), ("Goodbye is a word.", False)])
def test_a_phrase_that_ends_the_call_does_so_when_it_was_heard(answer, ends):
    call = ScriptedCall(phrasing=Phrasing(greeting="Hello there", end_call_phrases=("goodbye",))).greets()
    call.hears("That is all.")
    call.answers(answer)
    call.passes(0.9)
    assert call.all(Hangup) == []
    call.passes(1.0)
    assert bool(call.all(Hangup)) is ends


# -- keys -------------------------------------------------------------------------------------------


def test_an_entry_of_known_length_needs_no_end(call):
    call = ScriptedCall(keypad_length=4).greets()
    for digit in "1234":
        call.tells(e.DtmfReceived(digit))
    assert call.transcript[-1] == "caller: [keypad: 1234]"


def test_the_key_that_ends_an_entry_is_chosen(call):
    call = ScriptedCall(keypad_end="*").greets()
    for digit in "1#*":
        call.tells(e.DtmfReceived(digit))
    assert call.transcript[-1] == "caller: [keypad: 1#*]"


# --- idle: from the agent's last word ------------------------------------------------------------------


def idle_at(call: ScriptedCall) -> float:
    """How long after now the caller is asked whether they are there."""
    began = call.at
    while call.emitted("deadline") == [] or call.emitted("deadline")[-1]["reason"] != Reason.SILENCE.value:
        call.passes(0.1)
        assert call.at < began + 30.0
    return call.at - began


def test_idle_counts_from_an_answer_whose_echo_was_dropped():
    call = ScriptedCall(phrasing=PHRASING, speaking=Interruption(voice=0.5)).greets()
    call.passes(2.0)
    call.hears("What are your hours?")
    call.answers("We are open from nine in the morning to eleven in the evening.")
    call.passes(12 * 0.25)
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.3)
    assert call.state is State.CALLER_SPEAKING
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(0.3)
    call.tells(e.EndOfTurn("eleven in the evening."))
    assert call.state is State.LISTENING
    assert idle_at(call) == pytest.approx(8.0 - 0.35, abs=0.2)


def test_idle_counts_from_an_answer_that_was_stopped_by_a_sound_without_words():
    call = ScriptedCall(phrasing=PHRASING, idle_after=4.0, turn_events=True).greets()
    call.hears("What are your hours?")
    call.answers("We are open from nine to eleven in the evening on all days.")
    call.passes(2.4)
    call.tells(e.SpeechStarted())
    call.tells(e.PartialTranscript("Uh what"))
    call.passes(0.3)
    call.tells(e.EndOfTurn(""))
    assert call.state is State.LISTENING
    assert idle_at(call) == pytest.approx(4.0 - 0.3, abs=0.2)


def test_idle_counts_from_a_filler_that_was_all_there_was():
    call = ScriptedCall(phrasing=PHRASING, reply_within=60.0).greets()
    call.hears("What are your hours?")
    voice_fillers(call, 5.0)
    reply = call.last(StartReply).reply
    call.passes(0.5)
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    call.passes(0.1)
    assert call.state is State.LISTENING
    assert call.transcript[-1] == "agent: One moment, please, I will look."
    assert idle_at(call) == pytest.approx(5.15, abs=0.2)  # of 8 s: it was heard 2.8 s ago
    assert call.core.state is not State.ENDED


def test_an_empty_answer_lets_its_filler_be_heard():
    call = ScriptedCall(phrasing=PHRASING).greets()
    call.hears("What are your hours?")
    voice_fillers(call, 1.6)
    assert call.state is State.SPEAKING
    reply = call.last(StartReply).reply
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    call.passes(3.0)
    assert call.transcript[-1] == "agent: One moment, please, I will look."
    assert call.state is State.LISTENING


def test_idle_counts_from_a_resumed_answer_and_from_one_after_a_tool():
    call = ScriptedCall(phrasing=PHRASING).greets()
    call.hears("Find it")
    call.asks_tool("look_up")
    call.answers("Let me look.")
    call.passes(3.0)
    call.tells(e.ToolReturned("call_1", "found"))
    call.answers("I have found it in our books for you.")
    call.passes(1.0)
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.2)
    call.tells(e.SpeechStopped(ended=call.at))
    while call.state is not State.LISTENING:
        call.passes(0.1)
    assert idle_at(call) == pytest.approx(8.0, abs=0.2)


# --- when a filler is due, whatever the model does -----------------------------------------------------


def first_filler(call: ScriptedCall) -> float | None:
    """When it was given to the voice, from the caller's last sound."""
    ended = [event.ended for _, event in call.journal if isinstance(event, e.SpeechStopped)][-1]
    for at, event in call.journal:
        if isinstance(event, e.TimerFired) and at > ended + 1.0:
            return at - ended
    return None


@pytest.mark.parametrize("late", [0.26, 0.6])
def test_a_filler_is_due_from_the_callers_last_sound(late):
    call = ScriptedCall(phrasing=PHRASING).greets()
    call.tells(e.SpeechStarted())
    call.passes(0.5)
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(late)
    call.tells(e.EndOfTurn("What are your hours?"))
    voice_fillers(call, 2.0)
    assert first_filler(call) == pytest.approx(1.4, abs=0.01)


def test_but_an_answer_that_is_on_time_after_a_late_end_of_turn_comes_without_one():
    call = ScriptedCall(phrasing=PHRASING).greets()
    call.tells(e.SpeechStarted())
    call.passes(0.5)
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(1.5)
    call.tells(e.EndOfTurn("What are your hours?"))
    call.passes(0.6)
    call.answers("We open at nine.")
    call.passes(2.0)
    assert fillers(call) == []


def test_a_model_that_stalls_in_the_middle_is_bridged_once():
    call = ScriptedCall(phrasing=PHRASING).greets()
    call.hears("What are your hours?")
    reply = call.replies("We are open from noon. ", done=False)
    voice_fillers(call, 1.25 + 1.35)
    assert fillers(call) == []
    voice_fillers(call, 0.2)
    assert fillers(call) == ["One moment, please, I will look."]
    voice_fillers(call, 4.0)
    call.tells(e.ReplyText(reply, "To eleven. "))
    voice_fillers(call, 3.0)
    assert len(fillers(call)) == 1
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    call.passes(3.0)
    assert call.transcript[-1] == "agent: We are open from noon. One moment, please, I will look. To eleven."
    assert call.state is State.LISTENING


def test_a_model_that_says_half_a_word_and_stalls_is_bridged():
    call = ScriptedCall(phrasing=PHRASING).greets()
    call.hears("What are your hours?")
    call.replies("We", done=False)
    voice_fillers(call, 1.2)
    assert fillers(call) == ["One moment, please, I will look."]


# --- ears that lose the end, callers who go on, voices that are too slow -------------------------------


@pytest.mark.parametrize(("text", "silence"), [("What are your hours?", 3.0), ("I would like to", 6.0)])
def test_a_turn_that_the_ears_never_end_is_answered_when_nobody_is_heard_any_more(text, silence):
    call = ScriptedCall(phrasing=PHRASING, eager_turns=False).greets()
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.5)
    call.tells(e.PartialTranscript(text))
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(silence - 0.05)
    assert call.state is State.CALLER_SPEAKING
    call.passes(0.1)
    assert call.state is State.THINKING


def test_a_monologue_does_not_use_up_the_eager_budget():
    call = ScriptedCall(phrasing=PHRASING).greets()
    call.tells(e.SpeechStarted())
    for sentence in range(12):
        call.passes(1.0)
        call.tells(e.EagerEndOfTurn(f"Part {sentence} of my story."))
        call.passes(0.3)
        call.tells(e.TurnResumed())
    assert len(call.all(StartReply)) == 3
    call.tells(e.EndOfTurn("That was my story."))
    call.answers("I see.")
    call.passes(3.0)
    call.tells(e.SpeechStarted())
    call.tells(e.EagerEndOfTurn("And now?"))
    assert len(call.all(StartReply)) == 5


def test_a_voice_slower_than_speech_gets_a_lead_after_two_holes():
    call = ScriptedCall(phrasing=PHRASING).greets()
    call.hears("What are your hours?")
    reply = call.replies("We are open from nine in the morning to eleven in the evening on all days but Mondays.")
    holes, ends = 0, None
    for _ in range(30):
        before = len(call.all(SendAudio))
        call.voices(reply, samples=1440)  # 180 ms of speech every 200 ms
        if len(call.all(SendAudio)) > before:
            holes += ends is not None and call.at > ends + 0.001
            ends = max(ends or call.at, call.at) + sum(
                (sent.end - sent.start) / 8000 for sent in call.all(SendAudio)[before:]
            )
        call.passes(0.2)
    assert holes <= 3, "two that tell, and the one in which the lead is made"
    call.voices(reply)
    call.passes(5.0)
    assert call.transcript[-1].endswith("but Mondays.")
