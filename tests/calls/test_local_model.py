"""A call with nothing but a model server of one's own: ears and voice of this machine, no keys, no cloud."""

from __future__ import annotations

from phoneagent.agent_file import builtin_agent, embedded
from phoneagent.providers.tts.espeak import EspeakVoice
from phoneagent.rehearsal import rehearsal
from phoneagent.simulator.caller import AgentFinished, CallerScript, Say
from phoneagent.simulator.openai import OpenAiServer

from .world import MIND, Told

SCRIPT = CallerScript(
    Say("what are your opening hours"),
    Say("no that is all thank you", after=AgentFinished(1.5)),
    voice="en-us+benjamin",
)


def local(agent, told, url):
    return rehearsal(agent, synthesizer=EspeakVoice(), observer=told, openai_base_url=url, openai_api_key=None)


async def test_a_whole_call_with_a_model_of_ones_own():
    told = Told()
    async with OpenAiServer(MIND, models=("qwen3:8b",)) as server:
        agent = embedded(builtin_agent(), model=True)
        async with local(agent, told, server.base_url) as world:
            assert (world.deepgram, world.openai, world.elevenlabs) == (None, None, None)
            call = await world.carrier.call(world.voice_url, caller=SCRIPT)
        models = {entry.data["model"] for entry in server.timeline.find("request")}
    assert call.violations == ()
    assert models == {"qwen3:8b"}
    assert told.dialogue[1] == (
        "what are your opening hours / We are open from Tuesday to Sunday, from noon to eleven in the evening. "
        "On Mondays we are closed."
    )
    assert told.dialogue[2].startswith("no that is all thank you / ")


async def test_the_dialogue_answers_where_that_server_is_away():
    told = Told()
    async with OpenAiServer(MIND) as server:
        url = server.base_url
    agent = embedded(builtin_agent(), model=True)
    async with local(agent, told, url) as world:
        call = await world.carrier.call(world.voice_url, caller=SCRIPT)
    assert call.violations == ()
    assert told.dialogue[1].startswith("what are your opening hours / We are open")
    assert {failure["then"] for failure in told.of("provider_failed")} >= {"scripted"}
