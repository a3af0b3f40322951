"""What a script asks to be typed: a slot takes an entry of the right length, and of a secret one only the name."""

from __future__ import annotations

import pytest

from phoneagent.conversation.events import KeysExpected
from phoneagent.records import Dialogue, Intent, Slot

from .test_scripted import Conversation

PIN = Slot("pin", ask="Your PIN?", keypad=KeysExpected(length=4, secret=True))
PEOPLE = Slot("people", {"two": "2"}, "How many?", keypad=KeysExpected(end="*"))
DIALOGUE = Dialogue(
    (
        Intent("unlock", ("unlock",), "{result}", slots=("pin",), tool="unlock"),
        Intent("book", ("book",), "For {people}.", slots=("people",)),
    ),
    (PIN, PEOPLE),
    not_understood="Pardon.",
)


@pytest.fixture
def call():
    return Conversation(DIALOGUE)


def test_a_secret_is_its_name(call):
    assert call.say("unlock") == "Your PIN?"
    assert call.script.expects(call.turns).keys == PIN.keypad
    call.say("[keypad: 4 keys, kept as keypad-1]")
    assert (call.tool, call.arguments) == ("unlock", {"pin": "keypad-1"})


@pytest.mark.parametrize("typed", [
    "[keypad: 3 keys, kept as keypad-1]", "[keypad: 4 keys, not kept]", "[keypad: 12#]", "[keypad: #]",
])  # fmt: skip
def test_what_is_no_pin_is_asked_for_again(call, typed):
    call.say("unlock")
    assert call.say(typed) == "Pardon. Your PIN?"


@pytest.mark.parametrize(("said", "answer"), [
    ("two", "For 2."), ("[keypad: 12*]", "For 12."), ("[keypad: 3]", "For 3."), ("well [keypad: 4]", "For 4."),
])  # fmt: skip
def test_what_can_be_said_can_be_typed(call, said, answer):
    assert call.say("book") == "How many?"
    assert call.say(said) == answer


def test_the_numbers_in_the_name_of_a_secret_are_no_keys_and_no_words(call):
    assert call.say("[keypad: 2 keys, kept as keypad-2]") == "Pardon. How can I help you?"
