"""Keys that callers press: when an entry is complete, and who may know it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import ClearPlayback, SealKeys, StartReply
from phoneagent.conversation.policy import KeypadRule
from phoneagent.conversation.states import State
from phoneagent.conversation.transcript import Turn

from .scripted_call import ScriptedCall
from .test_slowness import voice_fillers

MENU = e.KeysExpected(choices=("1", "2", "10", "#"))


def asked(*expected: e.KeysExpected) -> ScriptedCall:
    call = ScriptedCall().greets()
    for each in expected:
        call.tells(each)
    return call


@pytest.mark.parametrize(("expected", "keys"), [
    (MENU, "2"), (MENU, "10"), (MENU, "#"), (MENU, "7"), (MENU, "1#"), (MENU, "15"),
    (e.KeysExpected(length=4), "1234"), (e.KeysExpected(length=4), "12#"),
    (e.KeysExpected(end="*"), "1#2*"), (e.KeysExpected(length=2, end=""), "#1"),
])  # fmt: skip
def test_an_entry_that_can_be_no_longer_is_answered_at_once(expected, keys):
    call = asked(expected)
    call.presses(keys[:-1])
    assert call.state is (State.CALLER_SPEAKING if keys[:-1] else State.LISTENING)
    call.tells(e.DtmfReceived(keys[-1]))
    assert call.transcript[-1] == f"caller: [keypad: {keys}]"
    assert call.state is State.THINKING


def test_a_choice_with_which_a_longer_one_begins_waits_for_it():
    call = asked(MENU)
    call.presses("1", pause=1.9)
    assert call.state is State.CALLER_SPEAKING
    call.passes(0.2)
    assert call.transcript[-1] == "caller: [keypad: 1]"


def test_a_key_of_a_menu_silences_it_and_is_answered_at_once():
    call = ScriptedCall().greets()
    call.hears("Hello?")
    call.answers("For a table press one, for anything else press two, for a person press ten")
    call.tells(MENU)
    call.passes(0.6)
    commands = call.tells(e.DtmfReceived("2"))
    assert commands[0] == ClearPlayback()
    assert isinstance(commands[-1], StartReply)
    assert call.transcript[-2:] == ["agent: For a —", "caller: [keypad: 2]"]


def test_what_was_expected_holds_until_something_else_is():
    call = asked(MENU)
    call.presses("2")
    call.answers("Very well")
    call.passes(2.0)
    call.presses("2")
    assert call.transcript[-1] == "caller: [keypad: 2]"
    call.answers("And your number?")
    call.tells(e.KeysExpected())
    call.passes(2.0)
    call.presses("2")
    assert call.state is State.CALLER_SPEAKING


# -- what nobody may know ---------------------------------------------------------------------------


def paying(question: str = "What is your card number?", **options) -> ScriptedCall:
    """The agent has asked for something."""
    call = ScriptedCall(**options).greets()
    call.hears("I want to pay.")
    call.answers(question)
    call.passes(0.3 * len(question.split()))
    return call


def test_the_conversation_never_learns_a_card_number():
    call = paying()
    call.presses("4242424242424242#", pause=0.1)
    assert call.last(SealKeys) == SealKeys("keypad-1", "•" * 16)
    assert call.emitted("caller_turn")[-1] == {"text": "[keypad: 16 keys, kept as keypad-1]"}
    assert call.last(StartReply).turns[-1].text == "[keypad: 16 keys, kept as keypad-1]"
    call.answers("Thank you.")
    call.passes(2.0)
    assert "4242" not in str(call.journal) + str(call.commands)


def test_a_card_number_that_had_to_be_looked_for_is_as_secret():
    call = paying()
    call.hears("One moment, let me get it.")
    call.answers("Sure, take your time.")
    call.passes(2.0)
    voice_fillers(call, 32.0)
    assert call.transcript[-1] == "agent: Are you still there?"
    call.presses("4242#")
    assert call.transcript[-1] == "caller: [keypad: 4 keys, kept as keypad-1]"


def test_a_key_over_the_question_is_secret_before_the_question_was_heard_to_its_end():
    call = ScriptedCall().greets()
    call.hears("I want to pay.")
    call.answers("Sure. Please type now, all digits of it, your card number.")
    call.passes(0.6)
    call.presses("4242#")
    assert call.transcript[-2:] == ["agent: Sure. Please —", "caller: [keypad: 4 keys, kept as keypad-1]"]
    assert {key for _, key in call.journal if isinstance(key, e.DtmfReceived)} == {
        e.DtmfReceived("•"), e.DtmfReceived("#")
    }  # fmt: skip


def test_an_entry_that_began_in_secret_ends_in_secret():
    call = asked(e.KeysExpected(secret=True))
    call.presses("42")
    call.tells(e.KeysExpected())
    call.presses("42#")
    assert call.last(SealKeys) == SealKeys("keypad-1", "••••")


def test_a_question_that_was_cut_short_has_been_asked():
    call = ScriptedCall().greets()
    call.hears("I want to pay.")
    call.answers("Sure. Please type now, all digits of it, your card number.")
    call.passes(0.6)
    call.tells(e.EndOfTurn("Wait, I know."))
    call.presses("4242#")
    assert call.transcript[-1] == "caller: Wait, I know. [keypad: 4 keys, kept as keypad-1]"


def test_digits_that_come_after_the_pause_are_secret_too():
    call = paying()
    call.presses("4242")
    call.passes(2.0)
    call.tells(e.KeysExpected(choices=("1", "2")))  # the next question is written, and not yet heard
    call.presses("4242")
    call.passes(2.0)
    assert call.transcript[-1] == "caller: [keypad: 4 keys, kept as keypad-1] [keypad: 4 keys, kept as keypad-2]"


def test_a_question_for_something_else_ends_the_secrecy():
    call = paying()
    call.presses("4242#")
    call.answers("Thank you. Press 1 to confirm.")
    call.passes(2.0)
    call.presses("1#")
    assert call.transcript[-1] == "caller: [keypad: 1#]"


def test_once_more_is_as_secret():
    call = paying()
    call.presses("424#")
    call.answers("That was too short. Once more please.")
    call.passes(2.5)
    call.presses("4242#")
    assert call.transcript[-1] == "caller: [keypad: 4 keys, kept as keypad-2]"


def test_a_menu_that_names_cards_is_no_secret():
    call = paying("To block your card number press one, for anything else press two.")
    call.tells(e.KeysExpected(choices=("1", "2")))
    call.presses("2")
    assert call.transcript[-1] == "caller: [keypad: 2]"


@pytest.mark.parametrize(("expected", "keys"), [
    (e.KeysExpected(length=4, secret=True), "1234"), (e.KeysExpected(secret=True, choices=("1", "2")), "7"),
    (e.KeysExpected(length=6, secret=True), "12*#"), (e.KeysExpected(length=2, secret=True, end=""), "#1"),
])  # fmt: skip
def test_what_the_mind_calls_secret_is(expected, keys):
    call = asked(expected)
    call.presses(keys)
    entry = keys if expected.end == "" else keys.rstrip("#")
    noun = "key" if len(entry) == 1 else "keys"
    assert call.transcript[-1] == f"caller: [keypad: {len(entry)} {noun}, kept as keypad-1]"
    assert call.last(SealKeys).keys == "•" * len(entry)


def test_a_rule_knows_what_is_typed_after_a_question():
    rules = (KeypadRule(agent="customer number", length=3), KeypadRule(agent="sort code", secret=True, end="*"))
    call = paying("What is your customer number?", keypad=rules)
    call.presses("123")
    assert call.transcript[-1] == "caller: [keypad: 123]"
    call.answers("And the sort code?")
    call.passes(1.5)
    call.presses("12*")
    assert call.transcript[-1] == "caller: [keypad: 2 keys, kept as keypad-1]"


def test_a_rule_without_secrecy_does_not_undo_that_of_a_sensitive_word():
    call = paying(keypad=(KeypadRule(agent="card", length=4),))
    call.presses("4242")
    assert call.transcript[-1] == "caller: [keypad: 4 keys, kept as keypad-1]"


def test_keys_before_it_was_known_to_be_secret_belong_to_the_entry():
    call = asked()
    call.presses("4")
    call.tells(e.KeysExpected(secret=True))
    call.presses("2#")
    assert call.last(SealKeys) == SealKeys("keypad-1", "4•")
    assert call.transcript[-1] == "caller: [keypad: 2 keys, kept as keypad-1]"


def test_names_go_on_where_the_call_is_carried_on():
    history = (Turn("agent", "Your PIN?", 1.0), Turn("caller", "[keypad: 4 keys, kept as keypad-7]", 2.0))
    call = ScriptedCall(history=history)
    call.tells(e.CallStarted())
    call.presses("12#")
    assert call.last(SealKeys).name == "keypad-8"


def test_an_entry_that_the_end_of_the_call_cuts_is_not_kept():
    call = paying()
    call.presses("4242")
    call.tells(e.CallEnded("the stream stopped"))
    call.passes(2.0)
    assert call.transcript[-1] == "caller: [keypad: 4 keys, not kept]"
    assert not call.all(SealKeys)


def test_who_records_pauses_from_the_question_until_something_else_is_asked():
    call = ScriptedCall().greets()
    assert not call.core.keys_are_secret
    call.hears("I want to pay.")
    call.answers("What is your card number?")
    assert call.core.keys_are_secret
    call.passes(2.0)
    call.presses("42", pause=0.1)
    assert call.core.secret_is_typed
    call.presses("#", pause=0)
    assert not call.core.secret_is_typed
    call.answers("Thank you. And your zip code?")
    assert not call.core.keys_are_secret


def test_a_muted_agent_keeps_keys_as_secret():
    call = paying()
    call.tells(e.ControlReceived("mute"))
    call.presses("42#")
    assert call.transcript[-1] == "caller: [keypad: 2 keys, kept as keypad-1]"


def test_keys_over_what_must_be_heard_outlast_a_backchannel():
    call = ScriptedCall().greets()
    call.hears("Hello?")
    reply = call.last(StartReply).reply
    call.tells(e.ReplyText(reply, "This call is recorded for quality and training", interruptible=False))
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    call.passes(0.5)
    call.presses("7", pause=0.1)
    call.tells(e.SpeechStarted())
    call.tells(e.EndOfTurn("mm-hm"))
    call.passes(4.5)
    assert call.transcript[-1] == "caller: [keypad: 7]"


@given(st.data())
def test_no_journal_and_no_command_has_a_key_of_a_secret_entry(data):
    """Whenever, and whatever else is heard: the keys of a call in which all are secret are nowhere."""
    call = asked(e.KeysExpected(secret=True, length=data.draw(st.integers(0, 6))))
    happenings = st.sampled_from(["key", "key", "key", "end", "words", "sound", "answer", "wait", "noise"])
    for what in data.draw(st.lists(happenings, max_size=25)):
        match what:
            case "key":
                call.presses(data.draw(st.sampled_from("56789")), pause=0.0)
            case "end":
                call.presses("#", pause=0.0)
            case "words":
                call.tells(e.EndOfTurn("Hold on"))
            case "sound":
                call.tells(e.SpeechStarted("vad"))
            case "noise":
                call.tells(e.SpeechStopped(ended=call.at))
            case "wait":
                call.passes(data.draw(st.sampled_from([0.1, 0.5, 2.1])))
            case _:
                if call.state is State.THINKING and (started := call.all(StartReply)):
                    call.replies("Fine", reply=started[-1].reply)
                    call.voices(started[-1].reply)
    told = [event for _, event in call.journal if isinstance(event, e.DtmfReceived)]
    assert {event.digit for event in told} <= {"•", "#"}
    sealed = sum(len(command.keys) for command in call.all(SealKeys))
    assert sealed <= sum(event.digit == "•" for event in told)
    assert all(set(command.keys) == {"•"} for command in call.all(SealKeys))
