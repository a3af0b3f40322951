"""Keys that callers press: when an entry is complete, and who may know it."""

from __future__ import annotations

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import ClearPlayback, StartReply
from phoneagent.conversation.states import State

from .scripted_call import ScriptedCall

MENU = e.KeysExpected(choices=("1", "2", "10", "#"))


def presses(call: ScriptedCall, keys: str, *, pause: float = 0.4) -> None:
    for key in keys:
        call.tells(e.DtmfReceived(key))
        call.passes(pause)


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
    presses(call, keys[:-1])
    assert call.state is (State.CALLER_SPEAKING if keys[:-1] else State.LISTENING)
    call.tells(e.DtmfReceived(keys[-1]))
    assert call.transcript[-1] == f"caller: [keypad: {keys}]"
    assert call.state is State.THINKING


def test_a_choice_with_which_a_longer_one_begins_waits_for_it():
    call = asked(MENU)
    presses(call, "1", pause=1.9)
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
    presses(call, "2")
    call.answers("Very well")
    call.passes(2.0)
    presses(call, "2")
    assert call.transcript[-1] == "caller: [keypad: 2]"
    call.answers("And your number?")
    call.tells(e.KeysExpected())
    call.passes(2.0)
    presses(call, "2")
    assert call.state is State.CALLER_SPEAKING
