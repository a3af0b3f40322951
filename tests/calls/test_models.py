"""Whole calls with models that have rules of their own."""

from __future__ import annotations

import pytest

from phoneagent.records import ProviderChoice
from phoneagent.simulator.caller import CallerScript, Say
from tests.calls.world import HOURS, agent, world


@pytest.mark.parametrize("model", ["gpt-6-luna", "gpt-5-mini"])
async def test_a_call_is_answered_and_a_table_booked(model):
    script = CallerScript(Say("What are your opening hours?"), Say("A table for two"), Say("Goodbye"))
    made = agent(llm=ProviderChoice("openai", model, {"temperature": 1}))
    async with world(made) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=script)
    assert call.ended_by == "agent"
    assert told.dialogue[1] == f"What are your opening hours? / {HOURS}"
    assert told.of("reply_failed") == []
    assert [each["tool"] for each in told.of("tool_called")][:1] == ["book_table"]
