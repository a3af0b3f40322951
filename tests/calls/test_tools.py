"""A caller whose agent asks three systems at once: a Python function, a web service and an MCP server."""

from __future__ import annotations

import asyncio
import json

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from phoneagent.agent_file import parse_agent
from phoneagent.conversation.transcript import ToolCall
from phoneagent.simulator.caller import AgentFinished, CallerScript, Say
from phoneagent.simulator.local_server import LocalServer
from phoneagent.simulator.mind import Answer
from tests.toolbox.mcp_shop import make_shop

from .world import world

AGENT = """
name = "shop"
greeting = "The shop, good morning."
instructions = "You tell callers of their orders."

[[tools]]
function = "tests.calls.test_tools:ask_warehouse"
safe = true
[tools.messages]
slow = [{{ after = 1.5, say = "The warehouse is slow." }}]

[[tools]]
name = "courier_position"
description = "Where a courier is."
url = "{url}/couriers/{{number}}"
query = {{ phone = "{{caller_number}}" }}
result = "position.town"
private = true
[tools.parameters]
number = "The order's number."

[mcp.orders]
url = "{mcp}"
tools = ["order_status"]
"""
SLOW = 2.5  # seconds
PATIENT = AgentFinished(SLOW + 1.0)
SCRIPT = CallerScript(Say("Where is my order number seven"), Say("Thanks", after=PATIENT), Say("Goodbye"))


async def ask_warehouse(number: str) -> str:
    """Look up what the warehouse knows of an order."""
    await asyncio.sleep(SLOW)
    return f"Order {number} was packed on Monday."


class Mind:
    """Asks all three, and tells what each has answered."""

    def __call__(self, messages):
        if "Goodbye" in messages[-1].text:
            return Answer("Goodbye.", (ToolCall("", "end_call", "{}"),))
        if "number seven" in messages[-1].text:
            return Answer(
                "Let me ask.",
                (
                    ToolCall("", "ask_warehouse", json.dumps({"number": "seven"})),
                    ToolCall("", "courier_position", json.dumps({"number": "seven"})),
                    ToolCall("", "order_status", json.dumps({"number": 7})),
                ),
            )
        if messages[-1].role == "tool":
            asked = [call.name for message in messages for call in message.tool_calls]
            told = dict(zip(asked, (message.text for message in messages if message.role == "tool"), strict=True))
            status = json.loads(told["order_status"])["status"]
            failed = "HTTP 503" in told["courier_position"]
            said = "I cannot reach the courier." if failed else told["courier_position"]
            return Answer(f"{told['ask_warehouse']} It is {status}. {said}")
        return Answer("You are welcome.")


async def test_three_systems_one_slow_and_one_failing():
    asked = []

    async def courier(request: Request) -> Response:
        asked.append(request)
        return JSONResponse({"error": "maintenance"}, status_code=503)

    shop = make_shop([])
    app = shop.streamable_http_app()
    couriers = Starlette(routes=[Route("/couriers/{number}", courier)])
    async with shop.session_manager.run(), LocalServer(app) as tools, LocalServer(couriers) as service:
        agent = parse_agent(AGENT.format(url=service.url, mcp=f"{tools.url}/mcp"), "shop.toml")
        async with world({"shop": agent}, mind=Mind()) as (running, told):
            ready = await running.carrier.request(f"{running.url}/readyz", method="GET")
            call = await running.carrier.call(running.voice_url, caller=SCRIPT)
            identity = next(call for call, _, name, _ in told.facts if name == "call_started")
            stored = await running.app.state.switchboard.look_up(identity)
    assert json.loads(ready.body)["mcp"] == {"orders": "ok"}
    assert call.violations == ()
    answer = "Order seven was packed on Monday. It is sent. I cannot reach the courier."
    heard = f"Where is my order number seven / Let me ask. The warehouse is slow. {answer}"
    assert told.dialogue[1] == heard
    assert told.dialogue[2:] == ["Thanks / You are welcome.", "Goodbye / Goodbye."]
    names = {turn.tool.name for turn in stored.turns if turn.tool is not None}
    assert names == {"ask_warehouse", "courier_position", "order_status"}
    assert {request.query_params["phone"] for request in asked} == {stored.record.caller.reveal()}
    returned = {values["tool"]: at for _, at, name, values in told.facts if name == "tool_returned"}
    called = {values["tool"]: at for _, at, name, values in told.facts if name == "tool_called"}
    assert max(called.values()) == min(called.values()), "all are asked at once"
    assert max(returned.values()) - min(called.values()) < SLOW + 0.2, "the caller waits for the slowest alone"
