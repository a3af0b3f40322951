"""Answers out of documents, at the caller's ear."""

from __future__ import annotations

import json

from phoneagent.agent_file import load_agent
from phoneagent.simulator.caller import CallerScript, Say
from phoneagent.simulator.mind import Answer, Rule, ScriptedMind
from tests.knowledge.documents import restaurant

from .world import world

AGENT = """
name = "aurelia"
greeting = "Trattoria Aurelia, good evening."
[knowledge]
folder = "knowledge"
results = 1
"""


def mind(messages):
    """Asks the documents what the caller asks, and reads out what it is told."""
    last = messages[-1]
    if last.role == "tool":
        return Answer(json.loads(last.text)["results"][0]["text"])
    rules = ScriptedMind(
        Rule("bye", "Goodbye.", call="end_call"),
        Rule(".*", call="search_knowledge", arguments={"question": "{heard}"}),
    )
    return rules(messages)


async def test_an_answer_comes_from_a_document_and_the_transcript_says_from_which(tmp_path):
    restaurant(tmp_path / "knowledge")
    (tmp_path / "aurelia.toml").write_text(AGENT)
    async with world(load_agent(tmp_path / "aurelia.toml"), mind=mind) as (running, told):
        script = CallerScript(Say("How long is a gift voucher valid?"), Say("Goodbye"))
        call = await running.carrier.call(running.voice_url, caller=script)
        stored = await running.app.state.switchboard.look_up(
            next(call for call, _, name, _ in told.facts if name == "call_started")
        )
    assert told.dialogue[1] == "How long is a gift voucher valid? / Gift vouchers are valid for three years."
    [looked_up] = [turn for turn in stored.turns if turn.role == "tool" and turn.tool.name == "search_knowledge"]
    [source] = json.loads(looked_up.text)["results"]
    assert (source["document"], source["heading"]) == ("vouchers.pdf", "page 2")
    assert max(call.ear.response_latencies()) < 1.2
