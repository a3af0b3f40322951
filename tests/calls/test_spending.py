"""A call may cost so much, and no more; the caller hears a goodbye."""

from __future__ import annotations

import pytest

from phoneagent.call.spending import Spending
from phoneagent.conversation.transcript import Turn
from phoneagent.records import Prices
from phoneagent.simulator.caller import CallerScript, Say

from .world import agent, world

PRICES = Prices(minute=0.06, million_tokens_in=1.0, million_tokens_out=4.0, thousand_characters=0.1)


def test_all_that_costs_something_is_added_up():
    spending = Spending(PRICES, spent=0.5, since=10.0)
    spending.asked("i" * 400, [Turn("caller", "c" * 400, 1.0)])
    spending.written("w" * 400)
    spending.spoken("s" * 100)
    assert spending.until(10.0) == pytest.approx(0.5 + 200 / 1e6 + 100 * 4 / 1e6 + 0.01)
    assert spending.until(70.0) - spending.until(10.0) == pytest.approx(0.06)
    assert spending.until(5.0) == spending.until(10.0)


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
