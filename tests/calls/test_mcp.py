"""A caller whose agent asks an MCP server that dies over it."""

from __future__ import annotations

from starlette.responses import Response

from phoneagent.agent_file import parse_agent
from phoneagent.conversation.transcript import ToolCall
from phoneagent.simulator.caller import CallerScript, Say
from phoneagent.simulator.local_server import LocalServer
from phoneagent.simulator.mind import Answer
from tests.toolbox.mcp_older import LOOK_UP, OlderServer, result

from .world import world

AGENT = 'name = "shop"\ngreeting = "The shop, good morning."\n[mcp.orders]\nurl = "{url}/mcp"\nsafe = []\n'
SCRIPT = CallerScript(Say("Where is my order"), Say("Please try again"), Say("Goodbye"))


def mind(messages):
    last = messages[-1]
    if last.role == "tool":
        return Answer("I cannot tell." if "lost its connection" in last.text else f"It is {last.text}.")
    if "Goodbye" in last.text:
        return Answer("Goodbye.", (ToolCall("", "end_call", "{}"),))
    return Answer("", (ToolCall("", "look_up", '{"what": "order"}'),))


async def test_a_server_that_dies_in_the_middle_of_a_tool_is_asked_again_in_the_next_turn():
    def die(_):
        server.answer = lambda identity: result(identity, {"content": [{"type": "text", "text": "on its way"}]})
        return Response(b"{", headers={"content-length": "100", "content-type": "application/json"})

    server = OlderServer(LOOK_UP, answer=die)
    async with LocalServer(server.app) as running_server:
        agent = parse_agent(AGENT.format(url=running_server.url), "shop.toml")
        async with world({"shop": agent}, mind=mind) as (running, told):
            call = await running.carrier.call(running.voice_url, caller=SCRIPT)
    assert call.violations == ()
    assert told.dialogue[1:] == [
        "Where is my order / I cannot tell.",
        "Please try again / It is on its way.",
        "Goodbye / Goodbye.",
    ]
    assert server.called == 2, "what may change something is not done twice"
