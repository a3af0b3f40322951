"""Who has answered a call that we placed: stories of people, machines and screeners."""

from __future__ import annotations

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.answering import Answering
from phoneagent.conversation.commands import ClearPlayback, Hangup, ListenForBeeps, StartReply, Synthesize
from phoneagent.conversation.states import State

from .scripted_call import ScriptedCall

MESSAGE = "Please call us back today"
SCREENING = "It is me about you"
PLAN = Answering("voicemail", MESSAGE, SCREENING)


def placed(plan=PLAN, **options):
    """A call that was answered: the greeting is under way."""
    call = ScriptedCall(answering=plan, **options)
    call.tells(e.CallStarted())
    if call.core.state is State.THINKING:
        call.voices(call.last(Synthesize).reply)
    return call


def talks(call, text, *, seconds=1.0):
    """The other side says something, and ends its turn."""
    call.tells(e.SpeechStarted("vad"))
    call.passes(seconds)
    call.tells(e.PartialTranscript(text))
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(0.2)
    return call.tells(e.EndOfTurn(text))


def beeps(call, seconds=0.5):
    call.tells(e.BeepStarted())
    call.passes(seconds)
    call.tells(e.BeepStopped())


def left(call):
    """The voice speaks what it was given, and it is heard."""
    call.voices(call.last(Synthesize).reply)
    call.passes(5.0)


def outcome(call):
    return [told["outcome"] for told in call.emitted("answerer_handled")]


def test_a_machine_that_says_so_silences_the_agent_at_once_and_gets_the_message_after_the_beep():
    call = placed()
    call.passes(0.3)
    call.tells(e.SpeechStarted("vad"))
    commands = call.tells(e.PartialTranscript("You have reached the voicemail"))
    assert call.state is State.AT_MACHINE
    assert all(not isinstance(command, Synthesize | StartReply) for command in commands)
    call.passes(5.0)
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(0.5)
    beeps(call)
    assert call.last(Synthesize).text == MESSAGE
    left(call)
    assert call.last(Hangup).reason == "machine"
    assert outcome(call) == ["voicemail_left"]
    assert call.transcript[-2:] == ["caller: You have reached the voicemail", f"agent: {MESSAGE}"]
    assert [told["answered_by"] for told in call.emitted("answered_by")] == ["machine"]


def test_without_a_beep_the_message_follows_the_silence():
    call = placed()
    talks(call, "Leave a message.")
    call.passes(2.2)
    assert call.state is State.AT_MACHINE
    call.passes(0.2)
    assert call.last(Synthesize).text == MESSAGE


def test_a_greeting_that_goes_on_over_the_message_is_heard_out():
    call = placed()
    talks(call, "You have reached the mailbox of Ana.")
    call.passes(3.0)
    call.voices(call.last(Synthesize).reply)
    call.passes(0.3)
    call.tells(e.SpeechStarted("vad"))
    call.passes(0.2)
    commands = call.tells(e.PartialTranscript("Speak after"))
    assert isinstance(commands[0], ClearPlayback)
    assert call.state is State.AT_MACHINE
    call.passes(4.0)
    assert call.state is State.AT_MACHINE, "it still talks"
    call.tells(e.SpeechStopped(ended=call.at))
    beeps(call)
    left(call)
    assert outcome(call) == ["voicemail_left"]
    assert [turn["interrupted"] for turn in call.emitted("turn_ended") if turn["kind"] == "voicemail"] == [True, False]


def test_a_beep_in_the_message_begins_it_again_when_it_is_over():
    call = placed()
    talks(call, "You have reached the mailbox of Ana.")
    call.passes(3.0)
    call.voices(call.last(Synthesize).reply)
    call.passes(0.3)
    assert isinstance(call.tells(e.BeepStarted())[0], ClearPlayback)
    call.passes(0.5)
    call.tells(e.BeepStopped())
    assert [command.text for command in call.all(Synthesize)].count(MESSAGE) == 2
    left(call)
    assert outcome(call) == ["voicemail_left"]


def early_verdict(call, words="You have reached the voicemail of Ana"):
    """The carrier takes a pause of the greeting for its end, and the message is begun over it."""
    call.tells(e.SpeechStarted("vad"))
    call.passes(1.0)
    call.tells(e.PartialTranscript(words))
    call.passes(0.3)
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.AnswererDetected("machine_end_beep"))
    assert call.last(Synthesize).text == MESSAGE
    call.voices(call.last(Synthesize).reply)


def test_the_real_beep_begins_a_message_again_that_an_early_verdict_had_begun():
    call = placed()
    early_verdict(call)
    call.passes(0.6)
    beeps(call)
    assert [command.text for command in call.all(Synthesize)].count(MESSAGE) == 2
    left(call)
    assert outcome(call) == ["voicemail_left"]
    assert [turn["interrupted"] for turn in call.emitted("turn_ended") if turn["kind"] == "voicemail"] == [True, False]


def test_a_greeting_that_goes_on_after_an_early_verdict_is_heard_out():
    call = placed()
    early_verdict(call)
    call.passes(0.2)
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.PartialTranscript("please leave your name"))
    assert call.state is State.AT_MACHINE
    call.passes(2.0)
    call.tells(e.SpeechStopped(ended=call.at))
    call.passes(0.5)
    beeps(call)
    left(call)
    assert outcome(call) == ["voicemail_left"]


def test_no_message_is_begun_over_a_voice_whatever_the_verdict():
    call = placed()
    call.tells(e.SpeechStarted("vad"))
    call.passes(1.0)
    call.tells(e.PartialTranscript("You have reached the voicemail of Ana"))
    call.tells(e.AnswererDetected("machine_end_beep"))
    call.passes(1.0)
    assert MESSAGE not in [command.text for command in call.all(Synthesize)]
    call.tells(e.SpeechStopped(ended=call.at))
    beeps(call)
    left(call)
    assert outcome(call) == ["voicemail_left"]


@pytest.mark.parametrize("into_the_message", [0.1, 0.5, 1.0])
def test_after_two_beeps_the_message_follows_the_second(into_the_message):
    call = placed()
    talks(call, "Leave a message.")
    beeps(call)
    call.voices(call.last(Synthesize).reply)
    call.passes(into_the_message)
    beeps(call)
    left(call)
    assert outcome(call) == ["voicemail_left"]
    assert [turn["interrupted"] for turn in call.emitted("turn_ended") if turn["kind"] == "voicemail"] == [True, False]


def test_a_message_that_is_beeped_into_again_and_again_is_not_told_as_left():
    call = placed()
    talks(call, "Leave a message.")
    for _ in range(12):
        beeps(call, 0.2)
        call.voices(call.last(Synthesize).reply)
        call.passes(0.5)
    call.passes(5.0)
    assert outcome(call) == ["voicemail_cut"]
    assert call.last(Hangup).reason == "machine"


def test_pauses_of_the_greeting_take_no_chance_from_its_beep():
    """Twice a pause is taken for the end; the beep counts all the same."""
    call = placed()
    talks(call, "You have reached the mailbox of Ana.")
    for words in ("I am away this week", "and the next one", "so be patient"):
        call.passes(3.0)
        call.voices(call.last(Synthesize).reply)
        call.passes(0.3)
        call.tells(e.SpeechStarted("vad"))
        call.passes(0.2)
        call.tells(e.PartialTranscript(words))
        call.passes(0.5)
        call.tells(e.SpeechStopped(ended=call.at))
    beeps(call)
    left(call)
    assert outcome(call) == ["voicemail_left"]


def test_a_greeting_that_goes_on_and_on_over_the_last_message_has_not_recorded_it():
    call = placed()
    talks(call, "You have reached the mailbox of Ana.")
    for words in ("I am away this week", "and the next one", "so be patient"):
        call.passes(3.0)
        call.voices(call.last(Synthesize).reply)
        call.passes(0.3)
        call.tells(e.SpeechStarted("vad"))
        call.passes(0.2)
        call.tells(e.PartialTranscript(words))
        call.passes(0.5)
        call.tells(e.SpeechStopped(ended=call.at))
    call.passes(9.0)
    assert outcome(call) == ["voicemail_cut"]


def test_a_tone_that_lasts_is_a_fax():
    call = placed()
    call.passes(1.5)
    call.tells(e.BeepStarted())
    call.passes(2.5)
    assert call.last(Hangup).reason == "machine"
    assert [told["answered_by"] for told in call.emitted("answered_by")][-1] == "fax"
    assert outcome(call) == ["hung_up"]


def test_who_mutes_the_agent_as_its_message_ends_decides_what_follows():
    """The last word is out and its mark is not back: it was left, and the operator has the call."""
    call = placed()
    talks(call, "Leave a message.")
    beeps(call)
    call.voices(call.last(Synthesize).reply)
    call.passes(1.249)  # five words of 250 ms
    call.tells(e.ControlReceived("mute"))
    assert outcome(call) == ["voicemail_left"]
    assert call.state is State.LISTENING


def test_what_is_heard_over_a_message_after_the_beep_changes_nothing():
    call = placed()
    talks(call, "Leave a message.")
    beeps(call)
    call.voices(call.last(Synthesize).reply)
    call.passes(0.2)
    for event in (
        e.SpeechStarted("vad"),
        e.PartialTranscript("recording"),
        e.EagerEndOfTurn("recording"),
        e.EndOfTurn("recording"),
        e.TurnResumed(),
        e.DtmfReceived("1"),
        e.SpeechStopped(ended=call.at),
        e.AnswererDetected("machine_end_beep"),
        e.AnswererDetected("human"),
        e.EarsFailed("deaf"),
    ):
        assert call.tells(event) == []
    call.passes(5.0)
    assert outcome(call) == ["voicemail_left"]


def test_the_agents_own_message_that_comes_back_is_no_machine_that_goes_on():
    call = placed()
    talks(call, "Leave a message.")
    call.passes(3.0)
    call.voices(call.last(Synthesize).reply)
    call.passes(0.5)
    call.tells(e.SpeechStarted("vad"))
    assert call.tells(e.PartialTranscript("please call us back")) == []
    assert call.state is State.SPEAKING


@pytest.mark.parametrize("verdict", ["machine_start", "machine_end_silence"])
def test_a_verdict_is_checked_against_what_is_being_said(verdict):
    call = placed(Answering("hang_up"))
    call.tells(e.SpeechStarted("vad"))
    call.passes(2.4)
    call.tells(e.AnswererDetected(verdict))
    assert call.state is State.AT_MACHINE
    call.passes(1.0)
    call.tells(e.SpeechStopped(ended=call.at))
    call.tells(e.EndOfTurn("Good morning, Smith and Partners, how can I help you?"))
    assert call.all(Hangup) == []
    assert call.all(StartReply) != []
    assert call.emitted("verdict_overruled") == [{"verdict": verdict}]


def test_a_machine_that_talks_on_is_hung_up_on_after_a_while():
    call = placed(Answering("hang_up"))
    call.tells(e.SpeechStarted("vad"))
    call.passes(2.4)
    call.tells(e.AnswererDetected("machine_start"))
    call.passes(4.1)
    assert call.last(Hangup).reason == "machine"
    assert outcome(call) == ["hung_up"]


def test_a_silent_machine_is_hung_up_on_at_once():
    call = placed(Answering("hang_up"))
    call.passes(3.0)
    call.tells(e.AnswererDetected("machine_start"))
    call.passes(0.01)
    assert call.last(Hangup).reason == "machine"


def test_without_words_for_it_no_message_is_left():
    call = placed(Answering("voicemail"))
    call.passes(3.0)
    call.tells(e.AnswererDetected("machine_end_beep"))
    call.passes(0.01)
    assert outcome(call) == ["hung_up"]


def test_two_turns_of_a_conversation_make_a_person():
    call = placed()
    call.passes(3.0)
    for words in ("Hello.", "Yes, that is me."):
        talks(call, words)
        call.answers("It is about your table")
        call.passes(4.0)
    assert call.all(ListenForBeeps)[-1] == ListenForBeeps(False)
    call.tells(e.AnswererDetected("machine_end_beep"))
    call.tells(e.PartialTranscript("leave a message after the tone"))
    assert call.state is State.CALLER_SPEAKING
    assert call.emitted("verdict_overruled") == [{"verdict": "machine_end_beep"}]


def test_a_machine_that_talks_over_the_agent_takes_no_turns():
    call = placed()
    for words in ("Hi, this is Ana.", "I am on the beach.", "You know what to do."):
        call.passes(0.5)
        talks(call, words)
        call.answers("Hello Ana it is about your table tonight and its size")
    call.tells(e.AnswererDetected("machine_end_beep"))
    assert call.last(Synthesize).text == MESSAGE


def test_what_is_known_before_the_call_begins_greets_nobody():
    for known, state in (("machine_start", State.AT_MACHINE), ("machine_end_beep", State.THINKING)):
        call = ScriptedCall(answering=Answering("voicemail", MESSAGE, "", known))
        call.tells(e.CallStarted())
        assert call.state is state
        assert [command.text for command in call.all(Synthesize)] == [MESSAGE] * (state is State.THINKING)


def test_a_call_that_is_carried_on_after_its_message_is_over():
    call = ScriptedCall(answering=Answering("voicemail", MESSAGE, "", "machine_end_beep", "voicemail_left"))
    call.tells(e.CallStarted())
    assert call.last(Hangup).reason == "machine"
    assert call.all(Synthesize) == []


def test_a_screener_is_answered_and_who_comes_is_greeted():
    call = placed(Answering(screening=SCREENING))
    call.passes(3.0)
    talks(call, "Please say your name and why you are calling.")
    assert call.last(Synthesize).text == SCREENING
    left(call)
    talks(call, "Thank you, please stay on the line.")
    assert call.state is State.LISTENING
    call.passes(12.0)
    assert call.last(Synthesize).text == SCREENING, "nobody is asked whether they are still there"
    talks(call, "Hello?")
    assert call.last(Synthesize).text == "Hello there"
    assert call.all(StartReply) == []
    assert [told["answered_by"] for told in call.emitted("answered_by")] == ["screener", "human"]


def test_a_verdict_about_a_screener_concerns_nobody():
    call = placed()
    call.passes(3.0)
    talks(call, "Please say your name and why you are calling.")
    left(call)
    call.tells(e.AnswererDetected("machine_end_silence"))
    assert call.state is State.LISTENING
    beeps(call)
    assert call.last(Synthesize).text == MESSAGE, "a beep does"


def test_while_an_operator_has_muted_the_agent_no_machine_gets_anything():
    call = placed()
    call.passes(3.0)
    call.tells(e.ControlReceived("mute"))
    talks(call, "Leave a message.")
    beeps(call)
    call.tells(e.AnswererDetected("machine_end_beep"))
    call.passes(5.0)
    assert MESSAGE not in [command.text for command in call.all(Synthesize)]
    assert call.state is State.LISTENING


def test_a_call_that_came_in_has_none_of_it():
    call = placed(None)
    call.passes(3.0)
    call.tells(e.BeepStarted())
    call.tells(e.BeepStopped())
    call.tells(e.AnswererDetected("machine_end_beep"))
    talks(call, "Leave a message after the tone.")
    assert call.state is State.THINKING
    assert call.all(ListenForBeeps) == []
    assert call.emitted("answered_by") == []


@pytest.mark.parametrize(
    "words",
    [
        "Please leave a message after the tone.",
        "Record your message at the beep.",
        "You have reached the voicemail of Ana.",
        "Your call has been forwarded to an automated voice mail system.",
        "The person you are trying to reach isn't available right now.",
        "We're unable to take your call.",
        "I can't come to the phone.",
        "The mailbox of two one two is full.",
    ],
)
def test_how_machines_talk(words):
    call = placed()
    talks(call, words)
    assert call.state is State.AT_MACHINE


@pytest.mark.parametrize(
    "words",
    [
        "Hello.",
        "Ana speaking, who is this?",
        "Ana is not available.",
        "She is not available, can I take a message?",
        "Can you leave me alone?",
        "I am available now.",
        "What is this about?",
    ],
)
def test_how_people_talk(words):
    call = placed()
    call.passes(3.0)
    talks(call, words)
    assert call.state is State.THINKING
    assert call.last(StartReply).turns[-1].text == words


# -- menus, queues, notices, and a screener's own beep ------------------------------------------------


def test_a_menu_is_hung_up_on_by_an_agent_that_cannot_press_keys_and_gets_no_message():
    call = placed()
    talks(call, "For sales, press one. For support, press two.")
    call.passes(4.0)
    assert outcome(call) == ["hung_up"]
    assert MESSAGE not in [command.text for command in call.all(Synthesize)]


def test_an_agent_that_can_press_keys_talks_with_a_menu_and_waits_in_a_queue():
    call = placed(Answering("hang_up"), built_in=("send_dtmf",))
    call.passes(3.0)
    talks(call, "For sales, press one. For support, press two.")
    assert call.state is State.THINKING
    call.answers("One")
    call.passes(2.0)
    asked = len(call.all(StartReply))
    talks(call, "All of our representatives are busy.")
    assert call.state is State.LISTENING
    assert len(call.all(StartReply)) == asked, "nobody answers an announcement"
    assert call.all(Hangup) == []


def test_a_beep_shows_that_a_menu_records_all_the_same():
    call = placed()
    talks(call, "Press one for more options.")
    call.passes(0.5)
    beeps(call)
    left(call)
    assert outcome(call) == ["voicemail_left"]


def test_a_screeners_own_beep_begins_its_answer_again():
    call = placed()
    call.passes(3.0)
    talks(call, "Please record your name and why you are calling.")
    call.voices(call.last(Synthesize).reply)
    call.passes(0.2)
    beeps(call)
    assert [command.text for command in call.all(Synthesize)][-2:] == [SCREENING, SCREENING]
    assert call.state is State.THINKING


def test_who_goes_on_after_a_machines_sentence_is_not_hung_up_on():
    call = placed(Answering("hang_up"))
    talks(call, "Please leave a message.")
    call.passes(0.6)
    talks(call, "No wait, it's me, I picked up. Who is this?")
    assert call.all(Hangup) == []
    assert call.state is State.THINKING


@pytest.mark.parametrize("kind", ["hang_up", "voicemail"])
def test_a_beep_in_the_music_of_a_person_is_no_machines(kind):
    call = placed(Answering(kind, MESSAGE))
    talks(call, "Hello?")
    call.passes(0.5)
    beeps(call)
    call.passes(3.0)
    assert call.all(Hangup) == []
    assert MESSAGE not in [command.text for command in call.all(Synthesize)]


@pytest.mark.parametrize("machine", ["hang_up", "voicemail"])
def test_keys_without_a_word_say_nothing_of_who_presses_them(machine):
    call = placed(Answering(machine, "Please call us.", "This is Ana."), turn_events=False)
    call.tells(e.DtmfReceived("0"))
    call.tells(e.BeepStarted())
    call.passes(1.0)
    assert call.emitted("verdict_overruled") == []
