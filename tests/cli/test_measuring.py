"""`phoneagent doctor --measure`: what the stages of real requests take."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from phoneagent.agent_file.price_file import load_prices
from phoneagent.cli.measuring import TIMES, Plan, measure
from phoneagent.conversation.words import Word
from phoneagent.rehearsal import API_KEY
from phoneagent.settings import Settings
from phoneagent.simulator.faults import Fault
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.speech import FRAME, Utterance
from tests.calls.world import agent, nova, world

QUESTION = "What are your opening hours?"


def settings_of(running):
    return Settings(
        deepgram_api_key=SecretStr(API_KEY),
        deepgram_url=running.deepgram.url,
        openai_api_key=SecretStr(API_KEY),
        openai_base_url=f"{running.openai.url}/v1",
        elevenlabs_api_key=SecretStr(API_KEY),
        elevenlabs_url=running.elevenlabs.url,
    )


def teach(running):
    """The simulated ears understand what the simulated voice says."""
    audio = running.elevenlabs.synthesizer.synthesize(QUESTION).audio
    audio += b"\xff" * (-len(audio) % FRAME)
    running.deepgram.phrasebook.enter(Utterance(QUESTION, audio, (Word(QUESTION, 0, len(audio)),), 0, len(audio)))


async def measured(made, *, latencies=None):
    async with world(made, latencies=latencies) as (running, _):
        teach(running)
        return {one.provider.partition(":")[0]: one for one in await measure(settings_of(running), Plan.of([made]))}


async def test_the_stages_take_what_the_vendors_take():
    vendors = Latencies(flux_end_of_turn=0.4, first_token=0.3, first_audio=0.2)
    found = await measured(agent(), latencies=vendors)
    assert not [one.failures for one in found.values() if one.failures]
    assert {name: len(times) for name, times in found["ears"].stages.items()} == {
        "connected": TIMES,
        "eager end of turn": TIMES,
        "end of turn": TIMES,
    }
    assert found["ears"].heard == QUESTION
    assert found["ears"].figures["end of turn"][0] == pytest.approx(0.4, abs=0.1)
    assert found["mind"].figures["first word or call"][0] == pytest.approx(0.3, abs=0.1)
    assert found["voice"].figures["first audio"][0] == pytest.approx(0.2, abs=0.05)


async def test_ears_that_leave_the_end_of_a_turn_to_us_are_measured_to_their_final_words():
    assert len((await measured(nova(agent())))["ears"].stages["final words"]) == TIMES


async def test_a_request_that_fails_does_not_end_the_others():
    async with world(agent()) as (running, _):
        assert running.openai is not None
        running.openai.faults.add(Fault("refuse", status=500, reason="out of order"), times=3)
        _, mind, _ = await measure(settings_of(running), Plan.of([agent()]))
    assert len(mind.failures) == 2, "one was for the connection that is opened when the telephone rings"
    assert len(mind.stages["whole answer"]) == TIMES - 2


def test_what_it_will_cost_is_reckoned_from_the_price_list():
    book = load_prices(None)
    cost, currency, unknown = Plan.of([agent()]).estimate(lambda _: book)
    assert (currency, unknown) == ("USD", ())
    assert 0.001 < cost < 0.1
    unheard = agent()
    unheard = replace(unheard, tts=replace(unheard.tts, model="eleven_unheard_of"))
    assert Plan.of([unheard]).estimate(lambda _: book)[2] in ((), ("elevenlabs eleven_unheard_of",))
