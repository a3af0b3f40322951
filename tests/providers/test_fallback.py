"""The next provider takes over where the one before it cannot."""

from __future__ import annotations

import pytest

from phoneagent.records import ProviderChoice
from phoneagent.simulator.caller import Beep, CallerScript, Noise, Say, Wait
from phoneagent.simulator.faults import Attempt, Fault
from tests.calls.world import HOURS, agent, world

SCRIPT = CallerScript(Say("What are your opening hours?"), Say("Goodbye"))


async def test_another_model_answers_when_the_first_is_refused():
    made = agent(llm=ProviderChoice("openai", "no-such-model", fallback=(ProviderChoice("openai", "gpt-5.4-mini"),)))
    async with world(made) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=SCRIPT)
    assert call.ended_by == "agent"
    assert "We are open from Tuesday" in told.dialogue[1]
    assert told.of("reply_failed") == []


async def test_other_ears_hear_when_the_first_refuse():
    made = agent(stt=ProviderChoice("deepgram", "flux-general-en", fallback=(ProviderChoice("deepgram", "nova-3"),)))

    def flux(attempt: Attempt) -> bool:
        return "/v2/" in attempt.path

    async with world(made) as (running, told):
        assert running.deepgram is not None
        running.deepgram.faults.add(Fault("refuse", status=401), whom=flux)
        call = await running.carrier.call(running.voice_url, caller=SCRIPT)
    assert call.ended_by == "agent"
    assert told.dialogue[1].startswith("What are your opening hours? / We are open")


async def test_another_voice_speaks_when_the_first_refuses():
    made = agent(tts=ProviderChoice("elevenlabs", fallback=(ProviderChoice("espeak"),)))
    async with world(made) as (running, told):
        assert running.elevenlabs is not None
        running.elevenlabs.faults.add(Fault("refuse", status=401))
        call = await running.carrier.call(running.voice_url, caller=SCRIPT)
    assert call.ended_by == "agent"
    assert len(call.ear.agent_speech()) >= 3
    assert told.of("reply_failed") == []


async def test_a_reply_that_has_begun_goes_on_where_it_broke_off():
    made = agent(llm=ProviderChoice("openai", "gpt-5.4-mini", fallback=(ProviderChoice("openai", "gpt-5.4-mini"),)))
    async with world(made) as (running, told):
        assert running.openai is not None
        running.openai.faults.add(Fault("drop", at_event=6), times=1)
        await running.carrier.call(running.voice_url, caller=SCRIPT)
    assert told.of("reply_failed") == []
    assert told.dialogue[1] == f"What are your opening hours? / {HOURS}"


@pytest.mark.parametrize("models", [("flux-general-en", "flux-general-multi"), ("flux-general-en", "nova-3")])
async def test_turns_are_left_to_the_ears_only_if_all_of_them_end_turns(models):
    first, second = models
    made = agent(stt=ProviderChoice("deepgram", first, fallback=(ProviderChoice("deepgram", second),)))
    async with world(made) as (running, _):
        equipped = running.app.state.switchboard.agents[made.name]
        assert equipped.stt.turn_events == second.startswith("flux")


@pytest.mark.parametrize(
    ("noise", "fallback"),
    [
        (Noise(3.0, rms=3000), ()),
        (Noise(3.0, rms=3000), (ProviderChoice("deepgram", "nova-3"),)),
        (Noise(7.0, rms=3000), (ProviderChoice("deepgram", "nova-3"),)),
        (Beep(2.5), ()),
    ],
    ids=["noise", "noise, and others to ask", "long noise", "beep"],
)
async def test_a_noise_is_no_failure_of_the_ears(noise, fallback):
    """Wordless sounds, and words right behind them; then somebody calls who has a quiet line."""
    made = agent(stt=ProviderChoice("deepgram", "flux-general-en", fallback=fallback))
    noisy = CallerScript(noise, Wait(0.5), noise, Wait(0.3), Say("What are your opening hours?"), Say("Goodbye"))
    async with world(made) as (running, told):
        (circuit, *_) = (each.circuit for each in running.app.state.switchboard.agents[made.name].stt._ears)
        for _ in range(2):
            call = await running.carrier.call(running.voice_url, caller=noisy)
            assert call.ended_by == "agent"
        assert told.of("provider_failed") == []
        assert not any(failed for _, failed in circuit._outcomes)
        assert running.deepgram is not None
        before = len(running.deepgram.timeline.find("opened"))
        call = await running.carrier.call(running.voice_url, caller=SCRIPT)
        opened = [each.data["path"] for each in running.deepgram.timeline.find("opened")[before:]]
    assert call.ended_by == "agent"
    assert [path for path in opened if path.endswith("/listen")] == ["/v2/listen"]


async def test_noises_one_after_the_other_do_not_end_the_call():
    """The connection may be replaced as often as one comes: that is no loss of the ears."""
    made = agent(stt=ProviderChoice("deepgram", "flux-general-en"))
    noises = [step for _ in range(8) for step in (Noise(3.5, rms=3000), Wait(0.6))]
    script = CallerScript(*noises, Say("What are your opening hours?"), Say("Goodbye"), patience=60.0)
    async with world(made) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=script, time_limit=200)
    assert call.ended_by == "agent"
    assert any(line.startswith("What are your opening hours? / We are open") for line in told.dialogue)
    assert told.of("provider_failed") == []
    assert told.of("ears_failed") == []
