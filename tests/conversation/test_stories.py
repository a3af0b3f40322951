"""Whole conversations, told as a caller would tell them."""

from __future__ import annotations

from typing import Any

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import (
    CancelReply,
    ClearPlayback,
    Expect,
    FinishSpeech,
    HandOver,
    Hangup,
    RunTool,
    SaveTurn,
    SendAudio,
    SendMark,
    StartReply,
    Synthesize,
    Transfer,
)
from phoneagent.conversation.deadlines import Reason
from phoneagent.conversation.entrance import Entrance
from phoneagent.conversation.policy import Interruption, Phrasing, Policy
from phoneagent.conversation.states import State
from phoneagent.conversation.transcript import ToolCall, Turn

from .scripted_call import PHRASING, WORD, ScriptedCall

DEAF = Interruption(interruptible=False)


@pytest.fixture
def call() -> ScriptedCall:
    return ScriptedCall().greets()


# -- the plain turn ---------------------------------------------------------------------------------


def test_the_agent_greets_and_then_listens():
    call = ScriptedCall()
    assert call.tells(e.CallStarted()) == [Synthesize(1, "Hello there"), FinishSpeech(1)]
    call.voices(1)
    assert call.state is State.SPEAKING
    call.passes(0.6)
    assert call.state is State.LISTENING
    assert call.transcript == ["agent: Hello there"]


def test_an_agent_without_a_greeting_lets_the_caller_begin():
    call = ScriptedCall(phrasing=Phrasing(greeting=""))
    assert call.tells(e.CallStarted()) == []
    assert call.state is State.LISTENING


def test_the_model_reads_the_conversation_as_it_was_heard(call):
    request = call.hears("What are your hours?")
    assert [turn.text for turn in request.turns] == ["Hello there", "What are your hours?"]
    call.answers("We open at nine.")
    call.passes(2)
    assert call.transcript == ["agent: Hello there", "caller: What are your hours?", "agent: We open at nine."]


def test_the_first_phrase_is_spoken_before_the_model_has_finished(call):
    reply = call.hears("What are your hours?").reply
    assert call.tells(e.ReplyText(reply, "We open every")) == []
    assert call.tells(e.ReplyText(reply, " day at nine o'clock")) == [Synthesize(reply, "We open every day")]


def test_audio_is_sent_as_it_arrives_in_slices_with_a_mark_after_each(call):
    reply = call.hears("Hours?").reply
    call.replies("We open at nine.")
    call.commands.clear()
    call.voices(reply, samples=3000)
    slices = [(command.start, command.end) for command in call.all(SendAudio)]
    assert slices == [(0, 1280), (1280, 2560), (2560, 3000)]
    assert [type(command) for command in call.commands] == [SendAudio, SendMark] * 3


def test_the_silence_before_the_first_sound_is_not_waited_through(call):
    call.hears("Hours?")
    reply = call.replies("We open at nine.")
    call.spoken[reply] = 8000
    assert call.tells(e.ReplyAudio(reply, 1000, audible=None)) == []
    sent = call.tells(e.ReplyAudio(reply, 2000, audible=500))
    assert sent[0] == SendAudio(reply, 1500, 1500 + 1280)
    call.passes(0.5)
    assert call.core._replies.reply.waterfall.heard == pytest.approx(call.at - 0.5)


def test_a_reply_of_nothing_but_silence_is_heard_as_silence(call):
    call.hears("Hours?")
    reply = call.replies("…")
    call.spoken[reply] = 8000
    call.tells(e.ReplyAudio(reply, 1000, audible=None))
    call.tells(e.ReplyAudioDone(reply))
    call.passes(1.0)
    assert call.state is State.LISTENING


def test_the_ears_learn_what_may_be_said_next(call):
    call.hears("I want a table.")
    call.replies("For how many people?")
    assert call.last(Expect).turns[-1] == Turn("agent", "For how many people?", call.at)


def test_latency_is_told_from_the_last_voiced_frame_to_the_ear(call):
    call.tells(e.SpeechStarted())
    call.passes(1.0)
    ended = call.at
    call.tells(e.SpeechStopped(ended=ended))
    call.passes(0.26)
    call.tells(e.EndOfTurn("What are your hours?"))
    call.passes(0.25)
    reply = call.replies("We open at nine.")
    call.passes(0.09)
    call.voices(reply)
    call.passes(3)
    told = call.emitted("turn_ended")[-1]
    assert told["latency"] == pytest.approx(
        {"end_of_turn": 0.26, "first_token": 0.51, "first_phrase": 0.51, "first_audio": 0.6, "heard": 0.6}
    )
    assert told["caller"] == "What are your hours?"


def test_a_voice_detector_slower_than_the_ears_still_gives_the_end_of_speech(call):
    call.tells(e.SpeechStarted())
    call.passes(1.0)
    call.tells(e.EndOfTurn("Yes."))
    call.tells(e.SpeechStopped(ended=call.at - 0.1))
    call.answers("Good.")
    call.passes(3)
    assert call.emitted("turn_ended")[-1]["latency"]["end_of_turn"] == pytest.approx(0.1)


def test_speech_over_the_answer_is_no_start_of_its_latency():
    call = ScriptedCall(thinking=DEAF, speaking=DEAF).greets()
    call.tells(e.EndOfTurn("Hours?"))
    call.answers("We open at nine.")
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.5)
    call.tells(e.SpeechStopped(ended=call.at - 0.2))
    call.passes(2.0)
    assert call.emitted("turn_ended")[-1]["latency"] == {}


@pytest.mark.parametrize("option", ["slice_samples", "phrase_characters"])
def test_a_policy_that_would_cut_speech_for_ever_is_refused(option):
    nothing: dict[str, Any] = {option: 0}
    with pytest.raises(ValueError, match=option):
        Policy(**nothing)


# -- interruption -----------------------------------------------------------------------------------


def test_barge_in_keeps_only_what_was_heard(call):
    call.hears("What are your hours?")
    reply = call.answers("We open at nine and close at ten.")
    call.passes(0.55)  # "We open" and a little of "at"
    assert call.tells(e.SpeechStarted()) == [ClearPlayback()]
    call.passes(0.2)
    assert call.tells(e.PartialTranscript("And on")) == [
        CancelReply(reply),
        SaveTurn(3, Turn("agent", "We open", call.at, interrupted=True, generated="We open at nine and close at ten.")),
    ]
    call.tells(e.EndOfTurn("And on Sunday?"))
    assert [turn.text for turn in call.last(StartReply).turns[-2:]] == ["We open", "And on Sunday?"]


def test_marks_flushed_by_clear_do_not_count_as_heard(call):
    call.hears("What are your hours?")
    call.answers("We open at nine and close at ten.")
    call.passes(0.55)
    call.tells(e.SpeechStarted())
    call.passes(0.3)  # every outstanding mark has come back by now
    call.tells(e.PartialTranscript("Stop"))
    assert call.transcript[-1] == "agent: We open —"


@pytest.mark.parametrize("sound", ["Mm-hmm.", "Yeah.", "okay yeah", "I see"])
def test_a_backchannel_lets_the_agent_go_on_at_the_word_where_it_stopped(call, sound):
    call.hears("What are your hours?")
    reply = call.answers("We open at nine and close at ten.")
    call.passes(0.6)  # in the middle of "at"
    call.tells(e.SpeechStarted())
    call.tells(e.PartialTranscript(sound))
    call.passes(0.2)
    resumed = call.tells(e.EndOfTurn(sound))
    assert next(c for c in resumed if isinstance(c, SendAudio)) == SendAudio(reply, 2 * WORD, 2 * WORD + 1280)
    call.passes(4)
    assert call.transcript[-1] == "agent: We open at nine and close at ten."


def test_a_cough_lets_the_agent_go_on(call):
    call.hears("What are your hours?")
    call.answers("We open at nine and close at ten.")
    call.passes(0.6)
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.2)
    call.tells(e.SpeechStopped(ended=call.at))
    assert call.state is State.PAUSED
    call.passes(0.65)
    assert call.state is State.SPEAKING
    call.passes(4)
    assert call.transcript[-1] == "agent: We open at nine and close at ten."


def test_the_agent_does_not_talk_over_somebody_who_speaks_though_no_words_have_come(call):
    """Ears that understand whole utterances only have nothing to tell before the end."""
    call.hears("What are your hours?")
    call.answers("We open at nine and close at ten.")
    call.passes(0.6)
    call.tells(e.SpeechStarted("vad"))
    call.passes(3.0)
    assert call.state is State.PAUSED
    call.tells(e.SpeechStopped(ended=call.at - 0.2))
    call.passes(0.7)
    call.tells(e.EndOfTurn("I would like a table for four people please"))
    assert call.transcript[-2:] == ["agent: We open —", "caller: I would like a table for four people please"]


def test_a_noise_that_does_not_stop_is_not_waited_for(call):
    call.hears("What are your hours?")
    call.answers("We open at nine and close at ten.")
    call.passes(0.6)
    call.tells(e.SpeechStarted("vad"))
    call.passes(6.1)
    assert call.state is State.SPEAKING


def test_yeah_answers_a_question_and_is_no_backchannel_then(call):
    call.hears("A table for two.")
    call.answers("Shall I book it?")
    call.passes(0.7)
    call.tells(e.SpeechStarted())
    call.tells(e.EndOfTurn("Yeah."))
    assert call.state is State.THINKING
    assert call.transcript[-2:] == ["agent: Shall I book —", "caller: Yeah."]


def test_a_reply_cut_before_its_first_word_leaves_no_trace(call):
    call.hears("I'd like a table")
    call.answers("Sure, when would you like to come?")
    call.passes(0.05)
    call.tells(e.SpeechStarted())
    call.tells(e.PartialTranscript("for two"))
    call.tells(e.EndOfTurn("for two"))
    assert [turn.text for turn in call.last(StartReply).turns] == ["Hello there", "I'd like a table for two"]


def test_a_caller_who_goes_on_before_the_agent_starts_gets_one_answer(call):
    first = call.hears("I'd like a table").reply
    call.tells(e.SpeechStarted())
    assert call.tells(e.PartialTranscript("for")) == [CancelReply(first)]
    call.passes(0.4)
    call.tells(e.EndOfTurn("for two"))
    second = call.last(StartReply)
    assert second.reply != first
    assert [turn.text for turn in second.turns] == ["Hello there", "I'd like a table for two"]
    assert call.tells(e.ReplyText(first, "Late words of the first.")) == []


def test_a_greeting_that_must_be_heard_is_not_interrupted_and_the_answer_waits():
    call = ScriptedCall(greeting=DEAF)
    call.tells(e.CallStarted())
    call.voices(1)
    call.passes(0.1)
    assert call.tells(e.SpeechStarted()) == []
    assert call.tells(e.EndOfTurn("A table for two.")) == []
    call.passes(1.0)
    assert call.transcript == ["agent: Hello there", "caller: A table for two."]
    assert call.state is State.THINKING


def test_without_alignment_the_heard_part_is_in_proportion(call):
    call.aligned = False
    call.hears("Hours?")
    call.answers("aaaa bbbb cccc dddd")
    call.passes(0.5)
    call.tells(e.SpeechStarted())
    call.tells(e.PartialTranscript("Stop"))
    assert call.transcript[-1] == "agent: aaaa bbbb —"


# -- eager turns ------------------------------------------------------------------------------------


def test_an_eager_reply_is_thought_and_voiced_but_not_sent_before_the_turn_is_over(call):
    call.tells(e.SpeechStarted())
    call.tells(e.EagerEndOfTurn("What are your hours?"))
    reply = call.replies("We open at nine. Every day.")
    assert [c.text for c in call.all(Synthesize) if c.reply == reply] == ["We open at nine."]
    call.voices(reply)
    assert not [c for c in call.all(SendAudio) if c.reply == reply]
    committed = call.tells(e.EndOfTurn("what are your hours"))
    assert committed[0] == SaveTurn(2, Turn("caller", "what are your hours", call.at))
    assert Synthesize(reply, "Every day.") in committed
    assert [c for c in committed if isinstance(c, SendAudio)]
    assert not [c for c in committed if isinstance(c, StartReply)]


def test_a_resumed_turn_cancels_the_eager_reply_without_a_trace(call):
    call.tells(e.SpeechStarted())
    call.tells(e.EagerEndOfTurn("A table"))
    reply = call.replies("For how many?")
    assert call.tells(e.TurnResumed()) == [CancelReply(reply)]
    call.tells(e.EndOfTurn("A table for two"))
    assert [turn.text for turn in call.last(StartReply).turns] == ["Hello there", "A table for two"]


def test_a_different_final_text_cancels_the_eager_reply(call):
    call.tells(e.SpeechStarted())
    call.tells(e.EagerEndOfTurn("A table"))
    eager = call.last(StartReply).reply
    commands = call.tells(e.EndOfTurn("A cable"))
    assert CancelReply(eager) in commands
    assert call.last(StartReply).reply != eager


def test_an_eager_reply_runs_safe_tools_only(call):
    call = ScriptedCall(safe_tools=frozenset({"look_up"})).greets()
    call.tells(e.SpeechStarted())
    call.tells(e.EagerEndOfTurn("Book it"))
    call.asks_tool("look_up", id="a")
    call.asks_tool("book", id="b")
    assert [c.call.name for c in call.all(RunTool)] == ["look_up"]
    call.tells(e.EndOfTurn("Book it"))
    assert [c.call.name for c in call.all(RunTool)] == ["look_up", "book"]


def test_a_safe_tool_of_an_eager_reply_that_was_cancelled_leaves_no_trace(call):
    call = ScriptedCall(safe_tools=frozenset({"look_up"})).greets()
    call.tells(e.SpeechStarted())
    call.tells(e.EagerEndOfTurn("A table"))
    call.asks_tool("look_up")
    call.tells(e.TurnResumed())
    assert call.tells(e.ToolReturned("call_1", "two are free")) == []
    call.tells(e.EndOfTurn("A table for two"))
    assert [(turn.role, turn.text) for turn in call.core.turns] == [
        ("agent", "Hello there"),
        ("caller", "A table for two"),
    ]


def test_speculation_that_does_not_pay_is_given_up(call):
    call = ScriptedCall(eager_budget=2).greets()
    call.tells(e.SpeechStarted())
    for _ in range(5):
        call.tells(e.EagerEndOfTurn("well"))
        call.tells(e.TurnResumed())
    assert len(call.all(StartReply)) == 2


# -- ears without turn events -----------------------------------------------------------------------


@pytest.fixture
def nova() -> ScriptedCall:
    return ScriptedCall(turn_events=False).greets()


def test_silence_after_a_sentence_ends_the_turn(nova):
    nova.tells(e.SpeechStarted("vad"))
    nova.passes(1.0)
    nova.tells(e.SpeechStopped(ended=nova.at))
    nova.tells(e.PartialTranscript("What are your hours?", final=True))
    nova.passes(0.49)
    assert nova.state is State.CALLER_SPEAKING
    nova.passes(0.02)
    assert nova.transcript[-1] == "caller: What are your hours?"


def test_a_trailing_and_waits_longer(nova):
    nova.tells(e.SpeechStarted("vad"))
    nova.tells(e.PartialTranscript("A table for two and", final=True))
    nova.tells(e.SpeechStopped(ended=nova.at))
    nova.passes(1.0)
    assert nova.state is State.CALLER_SPEAKING
    nova.tells(e.SpeechStarted("vad"))
    nova.tells(e.PartialTranscript("a high chair.", final=True))
    nova.tells(e.SpeechStopped(ended=nova.at))
    nova.passes(0.6)
    assert nova.transcript[-1] == "caller: A table for two and a high chair."


def test_a_late_final_transcript_is_waited_for(nova):
    nova.tells(e.SpeechStarted("vad"))
    nova.tells(e.PartialTranscript("Yes"))
    nova.tells(e.SpeechStopped(ended=nova.at))
    nova.passes(0.75)
    nova.tells(e.PartialTranscript("Yes please.", final=True))
    nova.passes(0.01)
    assert nova.transcript[-1] == "caller: Yes please."


def test_noise_that_was_no_speech_goes_back_to_listening(nova):
    nova.tells(e.SpeechStarted("vad"))
    nova.tells(e.SpeechStopped(ended=nova.at))
    nova.passes(3.1)
    assert nova.state is State.LISTENING


def test_a_single_word_over_the_agent_is_answered_though_more_are_needed_to_stop_it():
    call = ScriptedCall(turn_events=False, speaking=Interruption(words=2)).greets()
    call.hears("Which day?")
    call.tells(e.PartialTranscript("Which day?", final=True))
    call.passes(1.0)
    call.answers("We are closed on Monday and open on all the others.")
    call.passes(0.6)
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at - 0.2))
    call.tells(e.PartialTranscript("Seven.", final=True))
    call.passes(1.5)
    assert call.transcript[-1] == "caller: Seven."


def test_ears_that_tell_late_of_a_sound_that_is_over_do_not_delay_the_answer():
    call = ScriptedCall(turn_events=False).greets()
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.4)
    call.tells(e.SpeechStopped(ended=call.at - 0.2))
    call.tells(e.SpeechStarted("stt"))
    call.passes(0.1)
    call.tells(e.PartialTranscript("Yes.", final=True))
    call.passes(0.4)
    assert call.transcript[-1] == "caller: Yes."


# -- tools, goodbye, transfer -----------------------------------------------------------------------


def test_the_model_goes_on_with_what_a_tool_returned(call):
    call.hears("Book it")
    call.replies("One moment.", done=False)
    call.asks_tool("book", '{"people": 2}')
    call.tells(e.ReplyDone(call.last(StartReply).reply))
    assert call.tells(e.ToolReturned("call_1", "booked"))[-1].turns[-2:] == (
        Turn("agent", "One moment.", call.at),
        Turn("tool", "booked", call.at, tool=call.last(RunTool).call),
    )
    call.replies(" It is booked.")
    call.voices(call.last(StartReply).reply)
    call.passes(5)
    assert call.transcript[-2:] == ["tool: booked", "agent: One moment. It is booked."]


def test_a_tool_that_never_returns_is_answered_for(call):
    call.hears("Book it")
    call.asks_tool("book")
    call.tells(e.ReplyDone(call.last(StartReply).reply))
    assert call.core.deadline.reason is Reason.TOOL
    call.passes(15.1)
    assert call.last(StartReply).turns[-1].text == "The tool did not answer in time."


def test_what_a_tool_did_is_kept_though_its_reply_was_cancelled(call):
    call.hears("Book it")
    call.asks_tool("book")
    call.tells(e.SpeechStarted())
    call.tells(e.EndOfTurn("Wait, for three"))
    call.tells(e.ToolReturned("call_1", "booked for two"))
    assert call.transcript[-2:] == ["caller: Book it Wait, for three", "tool: booked for two"]


def test_the_goodbye_is_heard_before_the_call_ends(call):
    call.hears("Bye")
    call.replies("Goodbye and thank you.", done=False)
    call.asks_tool("end_call")
    reply = call.last(StartReply).reply
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    call.passes(0.9)
    assert not call.all(Hangup)
    call.passes(0.2)
    assert call.last(Hangup) == Hangup("agent")
    assert call.transcript[-1] == "agent: Goodbye and thank you."
    call.tells(e.CallEnded("the stream stopped"))
    assert call.state is State.ENDED
    assert call.core.deadline is None
    assert call.emitted("call_ended")[-1]["reason"] == "agent"


def test_a_caller_who_interrupts_the_goodbye_is_not_hung_up_on(call):
    call.hears("Bye")
    call.replies("Goodbye and thank you.", done=False)
    call.asks_tool("end_call")
    reply = call.last(StartReply).reply
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    call.passes(0.4)
    call.tells(e.SpeechStarted())
    call.tells(e.EndOfTurn("Oh, one more thing"))
    call.passes(3)
    assert not call.all(Hangup)


def test_a_call_ended_without_words_still_says_goodbye(call):
    call.hears("Bye")
    call.asks_tool("end_call")
    call.tells(e.ReplyDone(call.last(StartReply).reply))
    assert call.last(Synthesize).text == "Goodbye"


def test_another_agent_gets_the_call_when_that_was_announced(call):
    call.hears("En español")
    reply = call.replies("Un momento.", done=False)
    call.asks_tool("hand_over", '{"agent": "mesa"}')
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    call.passes(1.1)
    assert call.last(HandOver) == HandOver("mesa")
    last = call.core.turns[-1]
    assert last.tool == ToolCall("hand_over-3", "hand_over", '{"agent": "mesa"}')
    assert call.last(SaveTurn).turn == last
    call.tells(e.CallEnded("handover"))
    assert call.emitted("call_ended")[-1]["reason"] == "handover"


def test_another_agent_may_get_the_call_without_a_word(call):
    call.hears("En español")
    call.asks_tool("hand_over", '{"agent": "mesa"}')
    call.tells(e.ReplyDone(call.last(StartReply).reply))
    assert call.last(HandOver) == HandOver("mesa")


def test_a_transfer_happens_when_its_announcement_was_heard(call):
    call.hears("A human please")
    call.replies("I will connect you.", done=False)
    call.asks_tool("transfer", '{"target": "manager"}')
    reply = call.last(StartReply).reply
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    call.passes(1.1)
    assert call.last(Transfer) == Transfer("manager")


# -- silence, limits, failures ----------------------------------------------------------------------


def test_a_silent_caller_is_asked_and_finally_left(call):
    for _ in range(3):
        call.passes(8.1)
        call.voices(call.last(Synthesize).reply)
        call.passes(1.5)
    call.passes(8.1)
    call.voices(call.last(Synthesize).reply)
    call.passes(6)
    assert call.transcript[1:4] == ["agent: Are you still there?"] * 3
    assert call.last(Hangup) == Hangup("silence")


def test_the_time_limit_is_announced_and_kept():
    call = ScriptedCall(call_at_most=30.0, idle_after=100.0).greets()
    call.passes(30.0 - 8.0 - call.at)
    call.voices(call.last(Synthesize).reply)
    assert "time limit" in call.last(Synthesize).text
    call.passes(4)
    assert call.last(Hangup) == Hangup("duration")
    assert call.at < 30.0


def test_a_failed_reply_is_apologised_for_and_a_second_one_ends_the_call(call):
    reply = call.hears("Hours?").reply
    call.tells(e.ReplyFailed(reply, "503"))
    call.voices(call.last(Synthesize).reply)
    call.passes(6)
    assert call.state is State.LISTENING
    reply = call.hears("Hours?").reply
    call.passes(10.1)  # nothing at all comes
    call.voices(call.last(Synthesize).reply)
    call.passes(8)
    assert call.last(Hangup) == Hangup("failure")
    assert reply not in {c.reply for c in call.all(Synthesize)}


def test_an_agent_that_has_become_deaf_says_so_and_ends_the_call(call):
    call.hears("Hours?")
    call.answers("We open at nine.")
    assert ClearPlayback() in call.tells(e.EarsFailed("deepgram: 402"))
    call.voices(call.last(Synthesize).reply)
    call.passes(8)
    assert call.last(Hangup) == Hangup("failure")


def test_a_voice_that_stops_in_the_middle_does_not_hang_the_call(call):
    call.hears("Hours?")
    reply = call.replies("We open at nine and close at ten.")
    call.voices(reply, samples=3 * WORD)
    call.passes(0.75 + 5.1)
    assert call.transcript[-1] == "agent: We open at —"
    assert call.last(Synthesize).text.startswith("I am sorry")


def test_marks_that_never_come_do_not_hang_the_call(call):
    call.hears("Hours?")
    call.answers("We open at nine.")
    call.carrier.marks.clear()
    call.passes(1.0 + 1.1)
    assert call.transcript[-1] == "agent: We open at nine."
    assert call.state is State.LISTENING


def test_an_open_turn_that_the_ears_never_end_is_answered(call):
    call.tells(e.SpeechStarted())
    call.tells(e.PartialTranscript("A table for two"))
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(6.1)
    assert call.transcript[-1] == "caller: A table for two"


def test_a_voice_that_fails_when_all_was_spoken_does_not_cut_the_reply(call):
    call.hears("Hours?")
    reply = call.answers("We open at nine.")
    call.passes(0.3)
    assert call.tells(e.ReplyFailed(reply, "the connection ended", "tts")) == []
    call.passes(2.0)
    assert call.transcript[-1] == "agent: We open at nine."


def test_a_voice_that_fails_before_the_last_phrase_is_heard_so_far_and_then_apologised_for(call):
    call.hears("Hours?")
    reply = call.replies("We open at nine. On Mondays we are closed.")
    call.voices(reply, samples=4 * WORD)
    call.passes(0.3)
    assert call.tells(e.ReplyFailed(reply, "no audio", "tts")) == []
    call.passes(0.9)
    assert call.transcript[-1] == "agent: We open at nine. —"
    assert call.last(Synthesize).text == PHRASING.apology
    assert call.carrier.heard(reply, 0, 4 * WORD, call.at) == 4 * WORD


@pytest.mark.parametrize("aligned", [True, False])
def test_a_voice_that_says_it_is_done_too_early_is_believed_no_word_more_than_it_told(call, aligned):
    call.aligned = aligned
    call.hears("Hours?")
    reply = call.replies("We open at nine. On Mondays we are closed.")
    call.voices(reply, samples=4 * WORD)
    call.tells(e.ReplyAudioDone(reply))
    call.passes(3.0)
    assert call.state is State.LISTENING
    assert (call.transcript[-1] == "agent: We open at nine. —") is aligned


@pytest.mark.parametrize("text", ["...", "\N{THUMBS UP SIGN}", "\N{HORIZONTAL ELLIPSIS}!"])
def test_an_answer_that_makes_no_sound_is_no_failure(call, text):
    for _ in range(3):
        call.hears("Wait a moment.")
        reply = call.replies(text)
        call.tells(e.ReplyAudioDone(reply))
        assert call.state is State.LISTENING
    assert not call.all(Hangup)
    assert call.transcript[-1].startswith("caller: Wait a moment.")


def test_an_answer_without_a_sound_ends_the_call_if_it_was_to_end_it(call):
    call.hears("Bye")
    call.asks_tool("end_call")
    reply = call.replies("\N{WAVING HAND SIGN}")
    call.tells(e.ReplyAudioDone(reply))
    assert call.last(Hangup) == Hangup("agent")


def test_a_model_that_fails_when_all_was_written_does_not_cut_the_reply(call):
    reply = call.hears("Hours?").reply
    call.replies("We open at nine.")
    call.tells(e.ReplyFailed(reply, "the connection ended", "llm"))
    call.voices(reply)
    call.passes(2.0)
    assert call.transcript[-1] == "agent: We open at nine."


def test_an_agent_without_idle_prompts_leaves_a_silent_caller_at_once():
    call = ScriptedCall(phrasing=Phrasing(greeting="Hello there", idle_prompts=())).greets()
    call.passes(8.1)
    assert call.last(Synthesize).text == Phrasing().idle_goodbye


def test_a_tool_that_still_runs_is_not_asked_for_again(call):
    call.hears("Book it")
    call.asks_tool("book")
    call.tells(e.ReplyDone(call.last(StartReply).reply))
    call.tells(e.SpeechStarted())
    call.tells(e.EndOfTurn("Make it three."))
    asked = len(call.all(StartReply))
    call.tells(e.ToolReturned("call_1", "booked"))
    assert [turn.role for turn in call.last(StartReply).turns[-2:]] == ["caller", "tool"]
    assert len(call.all(StartReply)) <= asked + 1


# -- keypad, operator -------------------------------------------------------------------------------


def test_keys_are_an_answer_after_a_pause_or_at_once_after_the_hash(call):
    for digit in "12":
        call.tells(e.DtmfReceived(digit))
        call.passes(0.5)
    call.passes(1.6)
    assert call.transcript[-1] == "caller: [keypad: 12]"
    call.answers("Thank you.")
    call.passes(0.3)
    assert ClearPlayback() in call.tells(e.DtmfReceived("3"))
    call.tells(e.DtmfReceived("#"))
    assert call.transcript[-1] == "caller: [keypad: 3#]"


def test_an_operator_speaks_when_the_agent_has_finished(call):
    call.hears("Hours?")
    call.answers("We open at nine.")
    call.tells(e.ControlReceived("say", "Please hold."))
    call.passes(1.1)
    assert call.last(Synthesize).text == "Please hold."


def test_an_operator_can_end_and_transfer(call):
    assert call.tells(e.ControlReceived("transfer", "+15005550006"))[-1] == Transfer("+15005550006", anywhere=True)


@pytest.mark.parametrize("ears", [{"turn_events": True}, {"turn_events": False}])
def test_a_noise_between_two_keys_does_not_end_the_entry(ears):
    call = ScriptedCall(**ears).greets()
    call.tells(e.DtmfReceived("1"))
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.EndOfTurn(""))
    call.passes(1.5)
    call.tells(e.DtmfReceived("2"))
    call.passes(2.1)
    assert call.transcript[-1] == "caller: [keypad: 12]"


def test_keys_are_not_lost_when_something_is_said_after_them(call):
    call.tells(e.DtmfReceived("7"))
    call.tells(e.SpeechStarted())
    call.tells(e.EagerEndOfTurn("That is the number"))
    call.tells(e.EndOfTurn("That is the number."))
    call.passes(2.1)
    assert call.transcript[-1] == "caller: That is the number. [keypad: 7]"
    assert len([turn for turn in call.transcript if turn.startswith("caller")]) == 1


def test_an_entry_is_not_cut_by_the_end_of_the_words_before_it():
    call = ScriptedCall(turn_events=False).greets()
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.5)
    call.tells(e.SpeechStopped(ended=call.at - 0.2))
    call.tells(e.PartialTranscript("I will type it.", final=True))
    call.passes(0.1)
    for digit in "12":
        call.tells(e.DtmfReceived(digit))
        call.passes(1.5)
    call.passes(0.6)
    assert call.transcript[1:] == ["caller: I will type it. [keypad: 12]"]


@pytest.mark.parametrize(("keys", "wait"), [("1", 2.0), ("1#", 0.0)])
def test_keys_pressed_over_what_must_be_heard_are_answered_afterwards(keys, wait):
    call = ScriptedCall(greeting=DEAF)
    call.tells(e.CallStarted())
    call.voices(1)
    call.passes(0.1)
    for digit in keys:
        assert call.tells(e.DtmfReceived(digit)) == []
    call.passes(0.45 + wait)
    assert call.transcript == ["agent: Hello there", f"caller: [keypad: {keys}]"]


def test_keys_do_not_keep_a_call_whose_ears_have_failed():
    call = ScriptedCall().greets()
    call.tells(e.EarsFailed("deepgram: 402"))
    call.voices(call.last(Synthesize).reply)
    call.passes(0.5)
    call.tells(e.DtmfReceived("1"))
    call.passes(8.0)
    assert call.last(Hangup) == Hangup("failure")


def test_an_operator_speaks_though_the_caller_only_coughed(call):
    call.tells(e.SpeechStarted())
    call.tells(e.ControlReceived("say", "Please hold."))
    call.tells(e.EndOfTurn(""))
    assert call.last(Synthesize).text == "Please hold."


# -- the end ----------------------------------------------------------------------------------------


def test_the_last_words_of_a_caller_who_hangs_up_are_saved(call):
    call.tells(e.SpeechStarted())
    call.tells(e.PartialTranscript("Please call me"))
    call.tells(e.CallEnded("the stream stopped"))
    assert call.state is State.CLOSING
    call.tells(e.EndOfTurn("Please call me back."))
    call.passes(1.1)
    assert call.transcript[-1] == "caller: Please call me back."
    assert call.state is State.ENDED


def test_a_partial_is_better_than_nothing_when_no_last_words_come(call):
    call.tells(e.SpeechStarted())
    call.tells(e.PartialTranscript("Please call"))
    call.tells(e.CallEnded("the stream stopped"))
    call.passes(1.1)
    assert call.transcript[-1] == "caller: Please call"


def test_hanging_up_in_the_middle_of_a_reply_keeps_what_was_heard(call):
    call.hears("Hours?")
    call.answers("We open at nine and close at ten.")
    call.passes(0.55)
    call.tells(e.CallEnded("the stream stopped"))
    assert call.transcript[-1] == "agent: We open —"
    assert call.state is State.ENDED


def test_a_carrier_that_does_not_end_the_call_is_not_waited_for(call):
    call.tells(e.ControlReceived("hangup"))
    call.passes(5.1)
    assert call.state is State.ENDED


def test_a_stream_that_never_opens_ends():
    call = ScriptedCall()
    call.passes(10.1)
    assert call.state is State.ENDED


def test_a_call_is_carried_on_where_the_caller_was_left_without_an_answer():
    call = ScriptedCall(history=(Turn("agent", "Hello", 1.0), Turn("caller", "What are your hours?", 3.0)))
    call.tells(e.CallStarted())
    assert [turn.text for turn in call.last(StartReply).turns] == ["Hello", "What are your hours?"]


def test_a_call_is_carried_on_with_a_bridge_where_the_agent_spoke_last():
    call = ScriptedCall(history=(Turn("agent", "We open at", 1.0, interrupted=True),))
    call.tells(e.CallStarted())
    assert call.last(Synthesize).text == "I am back. Sorry for the interruption."


HISTORY = (Turn("agent", "Hello", 1.0), Turn("caller", "The manager, please.", 3.0), Turn("agent", "One moment.", 4.0))


def test_who_comes_back_hears_why_and_the_model_knows():
    call = ScriptedCall(
        history=HISTORY, entrance=Entrance("return", "The manager is busy.", "The transfer failed: busy.")
    )
    call.tells(e.CallStarted())
    assert call.last(Synthesize).text == "The manager is busy."
    call.voices(1)
    call.passes(3.0)
    assert [turn.text for turn in call.hears("What a pity").turns][-3:] == [
        "The transfer failed: busy.",
        "The manager is busy.",
        "What a pity",
    ]


def test_who_comes_back_without_a_reason_is_listened_to():
    call = ScriptedCall(history=HISTORY[:2], entrance=Entrance("return"))
    assert call.tells(e.CallStarted()) == []
    assert call.state is State.LISTENING


def test_another_agent_greets_whatever_was_said_before():
    call = ScriptedCall(history=HISTORY, entrance=Entrance("handover"))
    call.tells(e.CallStarted())
    assert call.last(Synthesize).text == "Hello there"


def test_who_was_cut_off_in_a_sentence_is_answered_as_if_nothing_had_happened():
    call = ScriptedCall(history=HISTORY, entrance=Entrance(heard="A table for two"))
    call.tells(e.CallStarted())
    assert call.state is State.CALLER_SPEAKING
    call.passes(1.6)
    assert call.last(StartReply).turns[-1].text == "A table for two"


def test_of_an_answer_that_was_cut_off_the_sentence_that_was_cut_is_said_again_and_the_rest():
    told = (*HISTORY, Turn("caller", "Where are you?", 5.0))
    call = ScriptedCall(history=told, entrance=Entrance(said="We are by the sea.", words="It is a house. It is blue."))
    call.tells(e.CallStarted())
    assert not call.all(StartReply)
    assert " ".join(one.text for one in call.all(Synthesize)) == "It is a house. It is blue."
    call.voices(call.last(Synthesize).reply)
    call.passes(6.0)
    assert call.transcript[-1] == "agent: We are by the sea. It is a house. It is blue."


def test_who_goes_on_with_the_sentence_is_heard_out():
    call = ScriptedCall(history=HISTORY, entrance=Entrance(heard="A table"))
    call.tells(e.CallStarted())
    call.passes(0.5)
    assert call.hears("for two please").turns[-1].text == "A table for two please"
    assert len(call.all(StartReply)) == 1


def test_an_answer_that_turns_out_empty_while_the_caller_makes_a_sound_leaves_them_the_floor():
    call = ScriptedCall().greets()
    call.hears("Well, never mind.")
    call.tells(e.SpeechStarted("vad"))
    assert call.state is State.PAUSED
    call.tells(e.ReplyDone(call.last(StartReply).reply))
    assert call.state is State.CALLER_SPEAKING


# --- the process dies in the middle of an answer -------------------------------------------------------


def test_what_is_being_said_is_known_from_its_first_word_also_of_one_sentence():
    call = ScriptedCall().greets()
    call.hears("Where are you?")
    assert call.core.saying(call.at) is None
    call.answers("Code vuduri, that is no problem at all.")
    assert call.core.saying(call.at) is None
    call.passes(1.0)
    assert call.core.saying(call.at) == ("", "Code vuduri, that is no problem at all.")
    call.passes(3.0)
    assert call.core.saying(call.at) is None


def test_of_an_answer_that_is_still_being_written_the_words_heard_are_known():
    call = ScriptedCall().greets()
    call.hears("Where are you?")
    reply = call.replies("Code vuduri, that is. And ", done=False)
    call.voices(reply)
    call.passes(0.6)
    assert call.core.saying(call.at) == ("Code vuduri,", "")


def test_the_only_sentence_is_said_again_and_the_model_is_not_asked():
    told = (Turn("agent", "Hello", 1.0), Turn("caller", "Where?", 2.0))
    call = ScriptedCall(history=told, entrance=Entrance(words="Code vuduri, that is no problem."))
    call.tells(e.CallStarted())
    assert call.all(StartReply) == []
    call.voices(call.last(Synthesize).reply)
    call.passes(3.0)
    assert call.transcript == ["agent: Code vuduri, that is no problem."]


def test_the_model_is_told_what_was_heard_of_an_answer_that_nobody_knows_the_rest_of():
    told = (Turn("agent", "Hello", 1.0), Turn("caller", "Where?", 2.0))
    call = ScriptedCall(history=told, entrance=Entrance(said="Code vuduri,"))
    call.tells(e.CallStarted())
    turns = call.last(StartReply).turns
    assert [(turn.role, turn.interrupted) for turn in turns[-2:]] == [("agent", True), ("operator", False)]
    assert turns[-2].text == "Code vuduri,"


def test_who_spoke_over_it_when_it_broke_off_goes_on_and_the_model_knows_what_they_had_heard():
    told = (Turn("agent", "Hello", 1.0), Turn("caller", "Where?", 2.0))
    entrance = Entrance(heard="And when", said="By the sea.", words="It is blue.")
    call = ScriptedCall(history=told, entrance=entrance)
    call.tells(e.CallStarted())
    turns = call.hears("do you open?").turns
    assert [turn.text for turn in turns[-2:]] == ["By the sea.", "And when do you open?"]
    assert turns[-2].interrupted
