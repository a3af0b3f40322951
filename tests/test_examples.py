"""The examples are played, and do what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from phoneagent.agent_file import load_agents
from phoneagent.conversation.transcript import Turn
from phoneagent.providers.llm.dialogue import Script
from phoneagent.records import Dialogue
from phoneagent.simulator.caller import AgentFinished, CallerScript, HangUp, Press, Say
from phoneagent.simulator.mind import Rule, ScriptedMind

from .calls.world import world

EXAMPLES = Path(__file__).parents[1] / "examples"
MAIN = (
    "For opening hours, press 1. For an order, press 2. For advice, press 3. For our sales department, press 4. "
    "For español, press 8."
)


def test_the_switchboard_answers_first():
    assert list(load_agents(EXAMPLES)) == ["switchboard", "switchboard-es"]


def test_values_that_are_said_to_be_there_anyway_are():
    text = (EXAMPLES / "switchboard.toml").read_text(encoding="utf-8")
    assert "What follows has these values anyway" in text
    dialogue = load_agents(EXAMPLES)["switchboard"].dialogue
    assert dialogue is not None
    names = ("choice", "wrong_key", "repeat_key", "person_key", "back_key", "yes_key", "no_key", "keys_only")
    assert {name: getattr(dialogue, name) for name in names} == {name: getattr(Dialogue(()), name) for name in names}


def test_the_switchboard_in_spanish_by_voice():
    dialogue = load_agents(EXAMPLES)["switchboard-es"].dialogue
    assert dialogue is not None
    for said in ("uno", "nuestro horario", "[keypad: 1]"):
        answer = Script(dialogue).fold([Turn("caller", said, 0.0)])[1]
        assert answer.text.startswith("Abrimos de lunes"), said
    assert Script(dialogue).fold([Turn("caller", "menú principal", 0.0)])[1].text.startswith("Para nuestro horario")


async def test_a_call_to_the_switchboard():
    agents = load_agents(EXAMPLES)
    always = replace(agents["switchboard"], closed=None)
    mind = ScriptedMind(Rule("desk", "We have twelve desk lamps."), default="I am not sure.")
    steps = (Press("21"), Say("A desk lamp please"), Press("3"), Say("For my desk"), Press("8"), Press("1"))
    leaves = HangUp(after=AgentFinished(1.0))
    async with world({**agents, "switchboard": always}, mind=mind) as (running, told):
        await running.carrier.call(running.voice_url, caller=CallerScript(*steps, leaves))
    assert told.dialogue[0] == f" / Lumen Lamps, good day. {MAIN}"
    assert told.dialogue[1].endswith("—"), "the first key's menu was cut by the second key"
    assert told.dialogue[2].startswith("[keypad: 1] / We send orders")
    assert told.dialogue[3:6] == [
        "A desk lamp please / We have twelve desk lamps.",
        "[keypad: 3] / What are you looking for?",
        "For my desk / We have twelve desk lamps.",
    ]
    assert told.dialogue[7].startswith(" / Bienvenido a Lumen Lamps.")
    assert told.dialogue[8].startswith("[keypad: 1] / Abrimos de lunes")
