"""Two hundred people are on the telephone at the same time, and everybody hears what is meant for them."""

from __future__ import annotations

import asyncio

from phoneagent.bench.traffic import named, names
from phoneagent.conversation.policy import Policy
from phoneagent.scenarios.scripted_voice import RememberedVoice
from phoneagent.simulator.caller import CallerScript, HangUp, Say
from phoneagent.simulator.mind import Rule, ScriptedMind
from tests.chaos.ears import Words

from .world import agent, world

CALLS = 200
MIND = ScriptedMind(Rule("this is (?P<who>\\w+ \\w+)", "Hello {who}"))


async def test_two_hundred_callers_never_hear_each_other():
    voice = RememberedVoice()
    made = agent(policy=Policy(first_message="caller"))
    async with world(made, mind=MIND, synthesizer=voice, max_calls=CALLS) as (running, told):
        scripts = {name: CallerScript(Say(f"This is {name}", after=0.2), HangUp(), voice="x") for name in names(CALLS)}
        placed = {name: running.carrier.dial(running.voice_url, caller=script) for name, script in scripts.items()}
        await told.until(lambda: len(told.of("call_started")) == CALLS)
        assert running.app.state.switchboard.calls == CALLS, "all of them at once"
        results = {name: await call.ended for name, call in placed.items()}
        await asyncio.sleep(1.0)
        stored = {name: await running.app.state.switchboard.look_up(call.sid) for name, call in placed.items()}
    words = Words(voice.clips)
    heard = {name: [word.text for word in words.of(call.ear.agent_track)] for name, call in results.items()}
    assert heard == {name: ["Hello", *name.split()] for name in scripts}
    for name, call in stored.items():
        assert [turn.text for turn in call.turns] == [f"This is {name}", f"Hello {name}"]
        assert named(call.turns[1].text) == name
