"""A call may cost so much, and no more; the caller hears a goodbye."""

from __future__ import annotations

import pytest

from phoneagent.call.price_book import OwnPrices, PriceBook
from phoneagent.call.spending import Spending
from phoneagent.records import Prices, ProviderChoice
from phoneagent.simulator.caller import CallerScript, Say
from phoneagent.usage import Used

from .world import agent, world

PRICES = Prices(minute=0.06, million_tokens_in=1.0, million_tokens_out=4.0, thousand_characters=0.1)


def spending(prices, **options):
    ears, voice = ProviderChoice("deepgram", "flux-general-en"), ProviderChoice("elevenlabs", "eleven_flash_v2_5")
    return Spending(prices, carrier="twilio", direction="inbound", ears=ears, voice=voice, **options)


def amounts(used):
    return {(each.part, each.provider, each.model, each.unit): each.amount for each in used}


def test_all_that_costs_something_is_added_up():
    counted = spending(OwnPrices(PRICES))
    counted.count(Used("llm", "openai", "gpt-5.4-mini", "tokens_in", 100))
    counted.count(Used("llm", "openai", "gpt-5.4-mini", "tokens_in", 100))
    counted.count(Used("llm", "openai", "gpt-5.4-mini", "tokens_out", 100))
    counted.spoken("s" * 100)
    assert counted.until(10.0) == pytest.approx(200 / 1e6 + 100 * 4 / 1e6 + 0.01 + 0.01)
    assert counted.until(70.0) - counted.until(10.0) == pytest.approx(0.06)


def test_who_carries_a_call_on_adds_to_what_was_used_before():
    first = spending(OwnPrices(PRICES))
    first.spoken("s" * 100)
    second = spending(OwnPrices(PRICES), used=first.used(20.0), connected=30.0)
    second.spoken("s" * 50)
    assert amounts(second.used(40.0)) == {
        ("tts", "elevenlabs", "eleven_flash_v2_5", "characters"): 150,
        ("stt", "deepgram", "flux-general-en", "seconds"): 30.0,
        ("carrier", "twilio", "media-stream", "seconds"): 30.0,
    }
    assert second.until(60.0) == pytest.approx(0.015 + 0.06), "the carrier counts the time between two streams too"


def test_who_stands_in_is_paid():
    counted = spending(PriceBook())
    counted.spoken("four")
    counted.replaced("tts", "elevenlabs", 4.0)
    counted.spoken("five5")
    counted.replaced("tts", "espeak", 5.0)
    counted.replaced("stt", "deepgram/nova-3", 10.0)
    counted.replaced("llm", "groq/some", 11.0)
    counted.spoken("three")
    assert amounts(counted.used(15.0)) == {
        ("tts", "elevenlabs", "eleven_flash_v2_5", "characters"): 9,
        ("tts", "espeak", "", "characters"): 5,
        ("stt", "deepgram", "flux-general-en", "seconds"): 10.0,
        ("stt", "deepgram", "nova-3", "seconds"): 5.0,
        ("carrier", "twilio", "media-stream", "seconds"): 15.0,
    }


async def test_a_call_that_has_cost_as_much_as_it_may_ends_with_a_goodbye():
    questions = [Say("What are your opening hours?") for _ in range(30)]
    async with world(agent(prices=Prices(minute=0.06), spend=0.05)) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=CallerScript(*questions, patience=60.0))
        stored = await running.app.state.switchboard.look_up(call.call)
    assert call.ended_by == "agent"
    assert call.violations == ()
    assert 50.0 < call.ear.duration < 62.0
    assert told.of("spend_limit_reached") == [{}]
    assert told.of("call_ended")[-1]["reason"] == "spend"
    assert (stored.record.ended_reason, stored.record.status) == ("spend", "completed")
    assert 0.04 < stored.record.spent <= 0.062


async def test_without_a_limit_it_may_cost_whatever_it_does():
    async with world(agent(prices=PRICES)) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=CallerScript(Say("Goodbye")))
    assert call.ended_by == "agent"
    assert told.of("spend_limit_reached") == []
