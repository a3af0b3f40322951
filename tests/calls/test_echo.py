"""Calls over lines that return the agent's voice."""

from __future__ import annotations

import pytest

from phoneagent.simulator.caller import AgentFinished, AgentSpeaking, CallerScript, Say
from phoneagent.simulator.ear import Cleared

from .world import HOURS, agent, nova, world

LATER = AgentFinished(2.0)  # so long that a pause is not taken for the end of an answer
GREETING = "Trattoria Aurelia, good evening. How can I help you?"

LINES = [(0.25, 0.1), (0.25, 0.4), (0.126, 0.2), (0.056, 0.04), (0.018, 0.3)]
"""Gain and delay."""

BAD = 0.2  # gain: on a line that returns more the agent may stop once for its own voice, before it knows the line


@pytest.mark.parametrize(("gain", "delay"), LINES)
async def test_the_agent_does_not_interrupt_itself(gain, delay):
    async with world() as (running, told):
        script = CallerScript(
            Say("What are your opening hours?", after=LATER),
            Say("Goodbye", after=LATER),
            echo=gain,
            echo_delay=delay,
        )
        call = await running.carrier.call(running.voice_url, caller=script)
    assert told.dialogue == [
        f" / {GREETING}",
        f"What are your opening hours? / {HOURS}",
        "Goodbye / Thank you for calling. Goodbye.",
    ]
    assert call.violations == ()
    assert len(call.ear.facts(Cleared)) <= (gain > BAD)


@pytest.mark.parametrize("ears", ["flux", "nova"])
@pytest.mark.parametrize(("gain", "delay"), LINES)
async def test_a_caller_can_interrupt_on_an_echoing_line(ears, gain, delay):
    async with world(nova(agent()) if ears == "nova" else agent()) as (running, told):
        script = CallerScript(
            Say("What are your opening hours?", after=LATER),
            Say("No, stop that please", after=AgentSpeaking(1.5)),
            Say("Goodbye", after=LATER),
            echo=gain,
            echo_delay=delay,
        )
        call = await running.carrier.call(running.voice_url, caller=script)
    assert call.ear.interruption_stop_times()[-1] < (0.22 if gain > BAD else 0.18)
    assert told.dialogue[1].startswith("What are your opening hours? / We are open from")
    assert told.dialogue[1].endswith("—")
    assert told.dialogue[2].startswith("No, stop that please / ")
    assert len(call.ear.facts(Cleared)) <= 1 + (gain > BAD)
