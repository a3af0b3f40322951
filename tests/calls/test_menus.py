"""Menus at the caller's ear: by keypad and by voice, to other agents, departments and the model, and back."""

from __future__ import annotations

import pytest

from phoneagent.agent_file import parse_agent
from phoneagent.simulator.caller import AgentFinished, AgentSpeaking, CallEnds, CallerScript, HangUp, Press, Say
from phoneagent.simulator.ear import Pressed
from phoneagent.simulator.faults import Fault
from phoneagent.simulator.mind import Rule, ScriptedMind
from phoneagent.simulator.placed_call import Callee

from .world import world

DESK = "+15005550150"
SHOP = f"""
name = "shop"
greeting = "Welcome to the shop. {{menu}}"
[transfer]
desk = "{DESK}"
[dialogue]
start = "script"
question = ""
[[dialogue.menus]]
name = "orders"
question = "About your order."
[[dialogue.intents]]
name = "hours"
key = "1"
label = "opening hours"
answer = "We are open from nine to five."
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
name = "advice"
key = "3"
label = "advice"
answer = "What are you looking for?"
then = "model"
instructions = "You sell lamps."
[[dialogue.intents]]
name = "desk"
key = "4"
label = "the front desk"
answer = "I will connect you."
then = "transfer"
target = "desk"
[[dialogue.intents]]
name = "spanish"
key = "8"
label = "español"
then = "agent"
target = "tienda"
[[dialogue.intents]]
name = "goodbye"
phrases = ["goodbye"]
answer = "Goodbye."
then = "end_call"
"""
TIENDA = """
name = "tienda"
language = "es"
greeting = "Bienvenido a la tienda."
[dialogue]
start = "script"
[[dialogue.intents]]
name = "horario"
key = "2"
label = "el horario"
answer = "Abrimos de nueve a cinco."
"""
CHOICES = (
    "For opening hours, press 1. For your order, press 2. For advice, press 3. For the front desk, press 4. "
    "For español, press 8."
)
GREETING = f" / Welcome to the shop. {CHOICES}"
ORDERS = "About your order. For where it is, press 1. For the main menu, press 9."
KEYS_ONLY = "I can only help you by the keys of your telephone just now."

MIND = ScriptedMind(
    Rule("menu again", call="back_to_menu", then="never said"),
    Rule("lamp", "We have fine lamps."),
    default="I am the model.",
)

LEAVES = HangUp(after=AgentFinished(1.0))


def shop(text=SHOP):
    """Both agents of the shop."""
    made = [parse_agent(text, "shop.toml"), parse_agent(TIENDA, "tienda.toml")]
    return {agent.name: agent for agent in made}


async def play(*steps, made=None, patience=20.0, **options):
    """The dialogue, the call as the carrier saw it, and the world's facts."""
    async with world(made or shop(), **{"mind": MIND, **options}) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=CallerScript(*steps, patience=patience))
    assert call.violations == ()
    return told, call


async def test_the_menu_is_read_out_and_a_key_chooses_while_it_still_is():
    told, call = await play(Press("1", after=AgentSpeaking(2.0)), Say("Goodbye"))
    assert told.dialogue[0].startswith(" / Welcome to the shop. For")
    assert told.dialogue[0].endswith("—")
    assert told.dialogue[1:] == ["[keypad: 1] / We are open from nine to five.", "Goodbye / Goodbye."]
    assert call.ear.interruption_stop_times() == [] or max(call.ear.interruption_stop_times()) < 0.3


@pytest.mark.parametrize("said", ["Opening hours please", "One"])
async def test_the_menu_by_voice(said):
    told, _ = await play(Say(said), Say("Goodbye"))
    assert told.dialogue == [GREETING, f"{said} / We are open from nine to five.", "Goodbye / Goodbye."]


async def test_a_key_is_answered_at_once_and_who_knows_the_menu_presses_ahead():
    told, call = await play(Press("2"), Press("921", after=AgentFinished(1.0)), LEAVES)
    assert told.dialogue[1].endswith(ORDERS)
    assert told.dialogue[-1].endswith("/ It is on its way.")
    pressed = [fact.at for fact in call.ear.facts(Pressed)]
    answered = next(stretch.at for stretch in call.ear.agent_speech() if stretch.at > pressed[0])
    assert answered - pressed[0] < 0.7


async def test_a_wrong_key_and_then_a_menu_within_the_menu_and_back():
    told, _ = await play(Press("7"), Press("2"), Press("1"), Press("9"), Press("1"), Say("Goodbye"))
    assert told.dialogue == [
        GREETING,
        f"[keypad: 7] / There is no choice 7. {CHOICES}",
        f"[keypad: 2] / {ORDERS}",
        "[keypad: 1] / It is on its way.",
        f"[keypad: 9] / {CHOICES}",
        "[keypad: 1] / We are open from nine to five.",
        "Goodbye / Goodbye.",
    ]


async def test_a_department_by_key():
    told, call = await play(Press("4"), HangUp(after=CallEnds()), callees={DESK: Callee()}, patience=8.0)
    assert told.dialogue[1] == "[keypad: 4] / I will connect you."
    assert any("<Dial" in document and DESK in document for document in call.documents)


async def test_outside_of_business_hours_greeting_and_department_are_others():
    hours = """
        [hours.office]
        timezone = "Europe/Berlin"
        open = []
        [closed]
        hours = "office"
        greeting = "We are closed. {menu}"
    """
    text = SHOP.replace("[dialogue]\n", f"{hours}[dialogue]\n", 1)
    text = text.replace('target = "desk"\n', 'target = "desk"\nhours = "office"\nclosed = "Nobody is there now."\n')
    told, call = await play(Press("4"), Press("1"), LEAVES, made=shop(text), callees={DESK: Callee()})
    assert told.dialogue == [
        f" / We are closed. {CHOICES}",
        "[keypad: 4] / Nobody is there now.",
        "[keypad: 1] / We are open from nine to five.",
    ]
    assert not any("<Dial" in document for document in call.documents)


async def test_another_language_is_another_agent_with_another_menu():
    told, _ = await play(Press("8"), Press("2"), LEAVES)
    welcome = [GREETING, "[keypad: 8] / ", " / Bienvenido a la tienda."]
    assert told.dialogue == [*welcome, "[keypad: 2] / Abrimos de nueve a cinco."]
    assert [started["agent"] for started in told.of("call_started")] == ["shop", "tienda"]
    assert told.of("handed_over") == [{"agent": "tienda", "known": True}]


async def test_the_conversation_goes_to_the_model_and_back_by_key():
    told, _ = await play(Press("3"), Say("A lamp please"), Press("1"), Say("Goodbye"))
    assert told.dialogue[1:] == [
        "[keypad: 3] / What are you looking for?",
        "A lamp please / We have fine lamps.",
        "[keypad: 1] / We are open from nine to five.",
        "Goodbye / Goodbye.",
    ]


async def test_the_model_gives_the_conversation_back():
    told, _ = await play(Press("3"), Say("The menu again please"), Say("Opening hours"), Say("Goodbye"))
    assert told.dialogue[2:] == [
        f"The menu again please / {CHOICES}",
        "Opening hours / We are open from nine to five.",
        "Goodbye / Goodbye.",
    ]


async def test_a_model_that_is_away_leaves_the_menu_and_the_people():
    """The model would have had the conversation from the start."""
    made = shop(SHOP.replace('start = "script"', 'start = "model"').replace("{menu}", "How can I help you?"))
    async with world(made, mind=MIND, callees={DESK: Callee()}) as (running, told):
        assert running.openai is not None
        running.openai.faults.add(Fault("refuse", status=503))
        script = CallerScript(Say("I need a lamp"), Press("4"), HangUp(after=CallEnds()), patience=30.0)
        call = await running.carrier.call(running.voice_url, caller=script)
    assert told.dialogue[1].startswith("I need a lamp / ")
    assert f"{KEYS_ONLY} {CHOICES}" in told.dialogue[1]
    assert told.dialogue[2] == "[keypad: 4] / I will connect you."
    assert any("<Dial" in document and DESK in document for document in call.documents)
    assert told.of("reply_failed") == []


async def test_a_call_whose_stream_is_lost_goes_on_in_the_same_menu():
    made = shop()
    async with world(made, mind=MIND) as (running, told):
        script = CallerScript(Press("2"), Press("1", after=12.0), LEAVES)
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.dialogue) == 2)
        await running.app.state.switchboard.live(placed.sid)._stream.aclose("dropped for the test", violation=True)
        await placed.ended
    assert told.dialogue[-1] == "[keypad: 1] / It is on its way."


async def test_a_model_hands_over_only_to_agents_that_are_declared():
    mind = ScriptedMind(Rule("lamp", "One moment.", call="hand_over", arguments={"agent": "stranger"}), default="Yes?")
    told, _ = await play(Press("3"), Say("A lamp please"), Press("1", after=6.0), LEAVES, mind=mind)
    assert told.of("handed_over") == [{"agent": "stranger", "known": False}]
    assert told.dialogue[-1] == "[keypad: 1] / We are open from nine to five."
    assert {started["agent"] for started in told.of("call_started")} == {"shop"}
