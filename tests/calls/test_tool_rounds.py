"""A model that asks for the same tool after each result, through the whole server."""

from __future__ import annotations

from phoneagent.agent_file import parse_agent
from phoneagent.conversation.transcript import ToolCall
from phoneagent.simulator.caller import AgentFinished, CallerScript, Say
from phoneagent.simulator.mind import Answer

from .world import world

AGENT = """
name = "desk"
greeting = "Hello."
instructions = "You answer the telephone."

[[tools]]
function = "tests.calls.test_tool_rounds:book_table"

[[tools]]
function = "tests.calls.test_tool_rounds:opening_hours"
safe = true
"""
SCRIPT = CallerScript(Say("A table for two please"), Say("Thank you", after=AgentFinished(4.0)), Say("Goodbye"))
ran: list[str] = []


async def book_table(people: int) -> str:
    """Book a table."""
    ran.append("book_table")
    return f"booked for {people}"


async def opening_hours() -> str:
    """When we are open."""
    ran.append("opening_hours")
    return "nine to five"


class Mind:
    """Has no other idea than its tool, until it is told that there are none."""

    def __init__(self, *calls: ToolCall) -> None:
        self.requests = 0
        self._calls = calls

    def __call__(self, messages):
        self.requests += 1
        last = messages[-1].text
        if "Goodbye" in last:
            return Answer("Goodbye.", (ToolCall("", "end_call", "{}"),))
        if "Thank you" in last:
            return Answer("You are welcome.")
        if "Answer the caller now" in last:
            return Answer("I have booked it. I could not find our hours.")
        return Answer("", self._calls)


async def test_a_booking_is_made_once_and_the_caller_gets_an_answer():
    ran.clear()
    mind = Mind(ToolCall("", "book_table", '{"people": 2}'), ToolCall("", "opening_hours", "{}"))
    async with world(parse_agent(AGENT, "desk.toml"), mind=mind) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=SCRIPT)
        identity = next(call for call, _, name, _ in told.facts if name == "call_started")
        stored = await running.app.state.switchboard.look_up(identity)
    assert call.violations == ()
    assert ran.count("book_table") == 1
    assert ran.count("opening_hours") == 8
    assert mind.requests <= 9 + 2
    assert told.dialogue[1].endswith("I have booked it. I could not find our hours.")
    assert told.dialogue[-1] == "Goodbye / Goodbye."
    results = [turn.text for turn in stored.turns if turn.tool is not None and turn.tool.name == "book_table"]
    assert len(results) == 8
    assert all(result.startswith("booked for 2") for result in results)
    assert [values["rounds"] for _, _, name, values in told.facts if name == "tool_rounds_over"] == [8]
