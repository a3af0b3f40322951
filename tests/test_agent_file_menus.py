"""Menus in agent files, and what is told about mistakes in them."""

from __future__ import annotations

import pytest

from phoneagent.agent_file import parse_agent
from phoneagent.errors import SettingsError

MENU = """name = "shop"
greeting = "Hello. {menu}"
[dialogue]
question = "What is it?"

[[dialogue.menus]]
name = "orders"
question = "Your order:"

[[dialogue.intents]]
name = "orders"
key = "1"
label = "your order"
then = "menu"
target = "orders"

[[dialogue.intents]]
name = "track"
menu = "orders"
key = "3"
label = "where it is"
answer = "It is on its way."
"""
NO_MENU = "expected a name from [[dialogue.menus]], got 'order'; did you mean 'orders'?"
BOTH = 'expected dialogue.start = "script" or "model" as well'


def test_the_greeting_can_end_with_the_menu():
    assert parse_agent(MENU, "a.toml").phrasing.greeting == "Hello. What is it? For your order, press 1."


def test_a_menu_is_read_out_in_the_words_of_the_file():
    words = """choice = "Taste {key}: {label}."
    key_names = { "*" = "Stern" }"""
    german = MENU.replace('key = "1"', 'key = "*"').replace('question = "What is it?"', words)
    assert parse_agent(german, "a.toml").phrasing.greeting == "Hello. How can I help you? Taste Stern: your order."


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ('key = "1"', 'key = "12"', "12: dialogue.intents[0].key: expected one of the keys 0123456789*#, got '12'"),
        ('key = "3"', 'key = "9"', "20: dialogue.intents[1].key: 9 leads back to the main menu (dialogue.back_key)"),
        (
            'menu = "orders"\nkey = "3"',
            'key = "1"',
            "19: dialogue.intents[1].key: 'orders' has the key 1 on the same menu",
        ),
        (
            'menu = "orders"\nkey = "3"',
            'key = "3"',
            "6: dialogue.menus[0]: expected an intent with a key and menu = 'orders'",
        ),
        (
            'menu = "orders"',
            'menu = "order"',
            "19: dialogue.intents[1].menu: there is no menu 'order'; did you mean 'orders'?",
        ),
        (
            'target = "orders"',
            'target = "order"',
            f"15: dialogue.intents[0].target: {NO_MENU}",
        ),
        (
            'then = "menu"\ntarget = "orders"',
            'then = "agent"',
            "10: dialogue.intents[0].target: expected the name of another agent",
        ),
        ('then = "menu"', 'then = "model"', f"14: dialogue.intents[0].then: {BOTH}"),
        ('question = "What is it?"', 'otherwise = "model"', f"4: dialogue.otherwise: {BOTH}"),
        ('label = "your order"', "", "10: dialogue.intents[0].phrases: expected at least one, or a label"),
        ('answer = "It is on its way."', "", "17: dialogue.intents[1].answer: expected, but missing"),
        (
            'question = "What is it?"',
            'choice = "Press {key}."',
            "4: dialogue.choice: expected a text with {label} and {key}, got 'Press {key}.'",
        ),
        (
            'question = "What is it?"',
            'digits = ["null"]',
            "4: dialogue.digits: expected ten words, for 0 to 9, got 1",
        ),
        (
            'question = "What is it?"',
            'start = "sript"',
            "4: dialogue.start: expected '', 'script' or 'model', got 'sript'",
        ),
    ],
)
def test_a_menu_fits_together(right, wrong, problem):
    assert right in MENU
    with pytest.raises(SettingsError) as caught:
        parse_agent(MENU.replace(right, wrong, 1), "a.toml")
    assert f"a.toml:{problem}" in caught.value.problems


OFFICE = """name = "desk"
[hours.office]
timezone = "Europe/Berlin"
open = ["mon-fri 09:00-17:00"]
closed = ["12-25"]
[closed]
hours = "office"
greeting = "We are closed."
[[dialogue.intents]]
name = "hi"
phrases = ["hi"]
answer = "Hi."
hours = "office"
closed = "Nobody is there."
"""
PERIOD = "expected days and times such as 'mon-fri 09:00-17:00' or 'sat 20:00-02:00', got"


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        (
            "Europe/Berlin",
            "Berlin",
            "3: hours.office.timezone: expected a time zone such as 'Europe/Berlin', got 'Berlin'",
        ),
        ("mon-fri", "mo-fr", f"4: hours.office.open[0]: {PERIOD} 'mo-fr 09:00-17:00'"),
        ("17:00", "25:00", f"4: hours.office.open[0]: {PERIOD} 'mon-fri 09:00-25:00'"),
        (
            "12-25",
            "12-32",
            "5: hours.office.closed[0]: expected a day such as '12-25', every year, or '2026-11-26', got '12-32'",
        ),
        (
            'hours = "office"',
            'hours = "ofice"',
            "7: closed.hours: expected a name from [hours], got 'ofice'; did you mean 'office'?",
        ),
        (
            'hours = "office"\nclosed = "N',
            'hours = "shop"\nclosed = "N',
            "13: dialogue.intents[0].hours: expected a name from [hours], got 'shop'",
        ),
        (
            'closed = "Nobody is there."',
            "",
            "13: dialogue.intents[0].hours: expected both hours and closed, or neither",
        ),
    ],
)
def test_business_hours_fit_together(right, wrong, problem):
    assert parse_agent(OFFICE, "a.toml").closed is not None
    with pytest.raises(SettingsError) as caught:
        parse_agent(OFFICE.replace(right, wrong, 1), "a.toml")
    assert f"a.toml:{problem}" in caught.value.problems


def test_beside_a_model_a_menu_by_keys_is_needed():
    with pytest.raises(SettingsError) as caught:
        parse_agent(
            """name = "a"
            [llm]
            provider = "openai"
            fallback = [{ provider = "scripted" }]
            [dialogue]
            start = "model"
            intents = [{ name = "hi", phrases = ["hi"], answer = "Hi." }]
            """,
            "a.toml",
        )
    assert caught.value.problems == (
        "a.toml:4: llm.fallback[0]: with dialogue.start the dialogue takes over by itself",
        "a.toml:6: dialogue.start: expected an intent with a key: the menu is what remains when the model is away",
    )
