"""Tools that return what is no text, in whole calls: the caller gets an answer to each question."""

from __future__ import annotations

import json
import sys
from typing import Any

from phoneagent.agent_file import parse_agent
from phoneagent.conversation.transcript import ToolCall
from phoneagent.simulator.caller import CallerScript, Say
from phoneagent.simulator.mind import Answer

from .world import world

AGENT = """
name = "shop"
greeting = "The shop, good morning."
instructions = "You tell callers of their orders."
tools = [{ function = "tests.calls.test_odd_results:look_up" }]
"""
QUESTIONS = {
    "Where is my letter": "look_up returned bytes, which cannot be told.",
    "Where is my circle": "look_up returned a list with more than 64 levels in it, which cannot be told.",
    "Where is my smile": "Half  a smile.",
    "Where is my way out": "look_up failed (SystemExit).",
}


def look_up(what: str) -> object:
    """Look something up."""
    match what.rsplit(maxsplit=1)[-1]:
        case "letter":
            return b"\xff\x00\xd8"
        case "circle":
            circle: list[Any] = []
            circle.append(circle)
            return circle
        case "smile":
            return "Half \ud83d a smile.\x00"
    sys.exit(1)


def mind(messages: Any) -> Answer:
    """Looks up what it is asked for, and says what it was told."""
    last = messages[-1]
    if "Goodbye" in last.text:
        return Answer("Goodbye.", (ToolCall("", "end_call", "{}"),))
    if last.role == "tool":
        return Answer(last.text)
    return Answer("", (ToolCall("", "look_up", json.dumps({"what": last.text})),))


async def test_whatever_a_tool_returns_the_call_goes_on():
    script = CallerScript(*map(Say, QUESTIONS), Say("Goodbye"))
    async with world({"shop": parse_agent(AGENT, "shop.toml")}, mind=mind) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=script)
        stored = await running.app.state.switchboard.look_up(told.facts[0][0])
    assert call.violations == ()
    assert call.ended_by == "agent"
    assert [turn.text for turn in stored.turns if turn.role == "tool"] == [*QUESTIONS.values()]
    assert told.dialogue[-1] == "Goodbye / Goodbye."
    assert len(told.dialogue) == len(QUESTIONS) + 2
