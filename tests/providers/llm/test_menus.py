"""Menus by keypad and by voice, as a script holds them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.agent_file import parse_agent
from phoneagent.conversation.events import KeysExpected
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.providers.llm.dialogue import Script
from phoneagent.providers.llm.dialogue_state import Answer
from phoneagent.records import Dialogue

from .test_scripted import Conversation

SHOP = """
name = "shop"
[transfer]
desk = "+15005550006"
[dialogue]
question = "Welcome to the shop."
[[dialogue.menus]]
name = "orders"
question = "About your order."
[[dialogue.intents]]
name = "hours"
key = "1"
label = "opening hours"
phrases = ["when are you open"]
answer = "From nine to five."
[[dialogue.intents]]
name = "orders"
key = "2"
label = "your order"
then = "menu"
target = "orders"
[[dialogue.intents]]
name = "track"
menu = "orders"
key = "1"
label = "where it is"
answer = "It is on its way."
[[dialogue.intents]]
name = "cancel"
menu = "orders"
key = "2"
label = "to cancel it"
confirm = "Shall I cancel it? Press 1 for yes or 2 for no."
answer = "It is cancelled."
[[dialogue.intents]]
name = "desk"
phrases = ["[talk to] a person"]
answer = "I will connect you."
then = "transfer"
target = "desk"
[[dialogue.intents]]
name = "spanish"
key = "8"
label = "español"
then = "agent"
target = "tienda"
"""
DIALOGUE = parse_agent(SHOP, "shop.toml").dialogue or Dialogue(())
MENU = "Welcome to the shop. For opening hours, press 1. For your order, press 2. For español, press 8."
ORDERS = "About your order. For where it is, press 1. For to cancel it, press 2. For the main menu, press 9."


class Caller(Conversation):
    def press(self, keys):
        return self.say(f"[keypad: {keys}]")


@pytest.fixture
def call():
    return Caller(DIALOGUE)


def test_a_key_chooses(call):
    assert call.press("1") == "From nine to five."


@pytest.mark.parametrize("said", ["one", "press one", "Option 1.", "opening hours", "your opening hours please"])
def test_what_a_key_does_can_be_said(call, said):
    assert call.say(said) == "From nine to five."


def test_a_menu_within_the_menu_and_back(call):
    assert call.press("2") == ORDERS
    assert call.press("1") == "It is on its way."
    assert call.press("9") == MENU
    assert call.press("1") == "From nine to five."


@pytest.mark.parametrize("said", ["main menu", "go back", "take me back to the main menu please"])
def test_the_main_menu_can_be_asked_for(call, said):
    call.press("2")
    assert call.say(said) == MENU


def test_what_is_on_another_menu_can_be_said_at_once(call):
    assert call.say("where it is") == "It is on its way."
    assert call.press("1") == "From nine to five.", "keys stay those of the menu that was read out"


def test_who_knows_the_menu_presses_ahead(call):
    assert call.press("21") == "It is on its way."
    assert call.press("21") == "Shall I cancel it? Press 1 for yes or 2 for no."


def test_keys_that_were_pressed_before_anything_was_heard_are_one_turn(call):
    assert call.say("[keypad: 7] [keypad: 2] [keypad: 1]") == "It is on its way."


@pytest.mark.parametrize("keys", ["1#", "11"])
def test_what_people_press_by_habit_is_no_mistake(call, keys):
    assert call.press(keys) == "From nine to five."


def test_a_wrong_key_is_told_what_keys_there_are(call):
    choices = "For opening hours, press 1. For your order, press 2. For español, press 8. For a person, press 0."
    assert call.press("7") == f"There is no choice 7. {choices}"
    assert call.press("#") == MENU, "pressed by habit, after a key that has been answered"
    assert call.press("2") == ORDERS


def test_the_star_says_the_menu_again(call):
    assert call.press("*") == MENU
    call.press("2")
    assert call.press("*") == ORDERS
    call.press("1")
    assert call.press("*") == ORDERS


def test_zero_is_a_person_everywhere(call):
    assert call.press("0") == "I will connect you."
    assert (call.tool, call.arguments) == ("transfer", {"target": "desk"})
    call.press("22")
    assert call.press("0") == "I will connect you."


def test_a_question_is_answered_by_keys(call):
    call.press("22")
    assert call.press("2") == ORDERS
    call.press("2")
    assert call.press("*") == "Shall I cancel it? Press 1 for yes or 2 for no."
    assert call.press("3") == "There is no choice 3. Shall I cancel it? Press 1 for yes or 2 for no."
    assert call.press("11") == "It is cancelled.", "the second 1 was by mistake"
    call.press("2")
    assert call.press("9") == MENU


def test_another_language_is_another_agent(call):
    _, answer = call.script.fold([Turn("caller", "[keypad: 8]", 1.0)])
    assert answer == Answer(tool="hand_over", arguments={"agent": "tienda"})


def test_an_agent_that_takes_over_begins_anew(call):
    before = [Turn("caller", "[keypad: 2]", 1.0), Turn("tool", "done", 2.0, tool=ToolCall("1", "hand_over", "{}"))]
    call.turns += [*before, Turn("agent", "Bienvenido.", 3.0)]
    assert call.press("1") == "From nine to five.", "not what the key does on the other agent's menu"


def test_ears_expect_what_the_menu_has(call):
    for said in ("one", "press two", "opening hours", "where it is", "main menu", "when are you open"):
        assert call.expects(said), said
    assert not call.expects("seven")
    assert not call.expects("yes")


def test_one_key_is_answered_at_once(call):
    assert call.script.expects(call.turns).keys == KeysExpected(choices=("0", "1", "2", "8", "*"))
    call.press("2")
    assert call.script.expects(call.turns).keys == KeysExpected(choices=("0", "1", "2", "9", "*"))
    call.press("2")
    assert call.script.expects(call.turns).keys == KeysExpected(choices=("0", "1", "2", "9", "*")), "yes is 1, no is 2"


OPEN: frozenset[str] = frozenset()
SHUT = frozenset({"office"})
CLOSED = "The desk is closed until nine."


@pytest.fixture
def desk():
    intents = [
        replace(intent, hours="office", closed=CLOSED) if intent.name in ("desk", "cancel") else intent
        for intent in DIALOGUE.intents
    ]
    return Script(replace(DIALOGUE, intents=tuple(intents)))


@pytest.mark.parametrize("said", ["a person", "[keypad: 0]"])
def test_outside_of_business_hours_something_else_is_answered(desk, said):
    turns = [Turn("caller", said, 1.0)]
    assert desk.fold(turns, closed=SHUT)[1] == Answer(CLOSED)
    assert desk.fold(turns, closed=OPEN)[1].tool == "transfer"


def test_what_was_answered_stays_though_the_hours_are_over_since(desk):
    asked = Turn("agent", "Shall I cancel it? Press 1 for yes or 2 for no.", 2.0)
    began = [Turn("caller", "[keypad: 22]", 1.0), asked, Turn("caller", "yes", 3.0)]
    assert desk.fold(began, closed=SHUT)[1].text == "It is cancelled."
    refused = [Turn("caller", "[keypad: 22]", 1.0), Turn("agent", CLOSED, 2.0), Turn("caller", "[keypad: 1]", 3.0)]
    assert desk.fold(refused, closed=OPEN)[1].text == "It is on its way."


PIECES = ["[keypad: 1]", "[keypad: 2]", "[keypad: 9]", "[keypad: *#]", "[keypad: ••]", "yes", "no", "pardon", "…", "",
          "main menu", "where it is", "a person", "one"]  # fmt: skip
TURNS = st.lists(
    st.one_of(
        st.builds(Turn, st.just("caller"), st.sampled_from(PIECES) | st.text(max_size=20), st.just(0.0)),
        st.builds(
            Turn, st.just("agent"), st.text(max_size=20), st.just(0.0), st.booleans(), st.text(max_size=20)
        ),
        st.builds(Turn, st.just("operator"), st.text(max_size=9), st.just(0.0)),
        st.builds(
            lambda name: Turn("tool", "done", 0.0, tool=ToolCall("1", name, "{}")),
            st.sampled_from(["back_to_menu", "hand_over", "transfer", "book"]),
        ),
    ),
    max_size=12,
)  # fmt: skip


@given(TURNS)
def test_whatever_turns_come_there_is_an_answer(turns):
    _, answer = Script(DIALOGUE).fold(turns)
    assert answer.whole or answer.tool
    assert not answer.by_model
    Script(DIALOGUE).expects(turns)


@given(TURNS, st.integers(0, 12))
def test_another_process_carries_on_with_the_same_answer(turns, where):
    """A fold has no memory but its state: what was said before can be read again by somebody else."""
    script, other = Script(DIALOGUE), Script(DIALOGUE)
    script.fold(turns[:where])
    assert script.fold(turns) == other.fold(turns)
