"""Whole calls through Deepgram, OpenAI and ElevenLabs on the simulator, asserted at the caller's ear."""

from __future__ import annotations

import asyncio

import pytest

from phoneagent.conversation.policy import Policy
from phoneagent.simulator.caller import AgentFinished, AgentSpeaking, CallEnds, CallerScript, HangUp, Noise, Press, Say
from phoneagent.simulator.ear import Cleared
from phoneagent.simulator.mind import Rule, ScriptedMind
from phoneagent.simulator.placed_call import Callee

from .world import HOURS, agent, first_sound, nova, world

LATER = AgentFinished(2.0)  # so long that a pause is not taken for the end of an answer


@pytest.mark.parametrize("ears", ["flux", "nova"])
async def test_a_call_from_the_greeting_to_the_goodbye(ears):
    async with world(nova(agent()) if ears == "nova" else agent()) as (running, told):
        script = CallerScript(Say("What are your opening hours?"), Say("Please book a table for two"), Say("Goodbye"))
        call = await running.carrier.call(running.voice_url, caller=script)
    assert call.violations == ()
    assert call.ended_by == "agent"
    number = told.dialogue[2].rpartition(" ")[2].rstrip(".")
    assert number.isdecimal()
    booked = "One moment please. It is done. A table for 2 at 7 o'clock is booked under number"
    assert told.dialogue == [
        " / Trattoria Aurelia, good evening. How can I help you?",
        f"What are your opening hours? / {HOURS}",
        f"Please book a table for two / {booked} {number}.",
        "Goodbye / Thank you for calling. Goodbye.",
    ]
    assert first_sound(call.ear) <= 0.04
    assert call.ear.holes() == []
    assert len(call.ear.response_latencies()) == 3
    # Without turn events "two" may be the beginning of a number: a longer silence decides.
    assert max(call.ear.response_latencies()) < (0.7 if ears == "flux" else 1.2)
    last_said, last_heard = call.ear.caller_speech()[-1], call.ear.agent_speech()[-1]
    assert last_heard.at > last_said.end, "the goodbye was heard before the call ended"
    assert last_heard.end - last_heard.at > 1.5


async def test_what_the_product_says_of_its_latency_is_what_the_ear_measured():
    async with world() as (running, told):
        script = CallerScript(Say("What are your opening hours?"), Say("Yes"), Say("Goodbye"))
        call = await running.carrier.call(running.voice_url, caller=script)
    own = [turn["latency"]["heard"] for turn in told.of("turn_ended") if "heard" in turn["latency"]]
    assert own == pytest.approx(call.ear.response_latencies(), abs=0.03)


async def test_an_interruption_silences_the_agent_and_what_was_heard_is_known():
    async with world() as (running, told):
        script = CallerScript(
            Say("What are your opening hours?"), Say("No, stop that please", after=AgentSpeaking(1.5)), Say("Goodbye")
        )
        call = await running.carrier.call(running.voice_url, caller=script)
    assert call.violations == ()
    assert call.ear.interruption_stop_times()[0] < 0.15
    assert len(call.ear.facts(Cleared)) == 1
    assert told.dialogue[1].startswith("What are your opening hours? / We are open from Tuesday")
    assert told.dialogue[1].endswith("—")
    heard = told.of("turn_ended")[1]["agent"]
    assert HOURS.startswith(heard)
    spoken = next(stretch for stretch in call.ear.agent_speech() if stretch.at > call.ear.caller_speech()[0].end)
    assert len(heard.split()) == pytest.approx((spoken.end - spoken.at) / 0.3, abs=3)  # some three words a second


async def test_a_cough_pauses_the_agent_and_nothing_is_lost():
    async with world() as (running, told):
        script = CallerScript(
            Say("What are your opening hours?"), Noise(0.3, after=AgentSpeaking(1.0)), Say("Goodbye", after=LATER)
        )
        call = await running.carrier.call(running.voice_url, caller=script)
    assert told.dialogue[1] == f"What are your opening hours? / {HOURS}"
    assert len(told.of("resumed")) == 1
    assert call.violations == ()


async def test_yes_of_200_ms_is_answered():
    async with world() as (running, told):
        call = await running.carrier.call(running.voice_url, caller=CallerScript(Say("Yes"), Say("Goodbye")))
    assert told.dialogue[1] == "Yes / Very good."
    assert call.ended_by == "agent"


async def test_the_caller_hangs_up_in_the_middle_of_an_answer():
    async with world() as (running, _):
        script = CallerScript(Say("What are your opening hours?"), HangUp(after=AgentSpeaking(1.0)))
        call = await running.carrier.call(running.voice_url, caller=script)
        await settle(running)
        stored = await running.app.state.switchboard.look_up(call.call)
    assert call.ended_by == "caller"
    assert stored.record.status == "completed"
    assert stored.record.ended_reason == "caller"
    assert stored.turns[-1].interrupted
    assert HOURS.startswith(stored.turns[-1].text)


async def test_the_last_words_of_a_caller_who_hangs_up_while_speaking_are_saved():
    async with world() as (running, _):
        script = CallerScript(Say("What are your opening hours?"), HangUp(after=0.1))
        call = await running.carrier.call(running.voice_url, caller=script)
        await settle(running)
        stored = await running.app.state.switchboard.look_up(call.call)
    assert stored.turns[-1].role == "caller"
    assert stored.turns[-1].text == "What are your opening hours?"


async def test_keys_are_heard():
    async with world() as (running, told):
        script = CallerScript(Press("42#"), Say("Goodbye"))
        await running.carrier.call(running.voice_url, caller=script)
    assert told.dialogue[1] == "[keypad: 42#] / Is there anything else?"


async def test_a_caller_is_transferred_when_the_announcement_was_heard():
    number = agent().transfer_targets["manager"].to
    async with world(callees={number: Callee()}) as (running, _):
        script = CallerScript(Say("The manager please"), HangUp(after=CallEnds()), patience=8.0)
        call = await running.carrier.call(running.voice_url, caller=script)
    assert any("<Dial" in document and number in document for document in call.documents)
    announced = call.ear.agent_speech()[1]
    assert announced.end - announced.at > 0.8


async def test_nobody_is_connected_to_a_number_that_the_model_made_up():
    """A caller can talk a model into anything, and calls to premium numbers are paid by us."""
    stranger = "+19005550199"
    mind = ScriptedMind(Rule("connect", "One moment.", call="transfer", arguments={"target": stranger}))
    async with world(mind=mind, callees={stranger: Callee()}) as (running, told):
        script = CallerScript(Say("Connect me to my friend"), HangUp(after=12.0))
        call = await running.carrier.call(running.voice_url, caller=script)
    assert not any("<Dial" in document for document in call.documents)
    assert told.of("transfer_failed") == [{"reason": "unknown"}]
    assert len(told.of("call_started")) == 1, "the caller never left"


async def test_a_caller_whom_nobody_answers_comes_back_to_the_agent():
    number = agent().transfer_targets["manager"].to
    async with world(callees={number: Callee(outcome="no-answer")}) as (running, told):
        script = CallerScript(Say("The manager please"), Say("Goodbye", after=30.0), patience=60.0)
        call = await running.carrier.call(running.voice_url, caller=script)
    assert call.ended_by == "agent"
    assert told.dialogue[-1] == "Goodbye / Thank you for calling. Goodbye."


async def test_a_silent_caller_is_asked_and_then_left():
    policy = Policy(idle_after=3.0, idle_prompts=2)
    async with world(agent(policy=policy)) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=CallerScript(patience=120.0))
    assert [turn["kind"] for turn in told.of("turn_ended")] == ["greeting", "idle", "idle", "idle"]
    assert call.ended_by == "agent"


async def test_a_call_does_not_outlast_its_limit():
    async with world(agent(policy=Policy(call_at_most=20.0, idle_after=60.0))) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=CallerScript(patience=120.0))
    assert "time limit" in told.dialogue[-1]
    assert call.ear.duration < 20.5


async def test_our_share_of_the_response_latency_over_twenty_turns():
    """Waiting that nobody but us causes: for a batch of audio, for a first phrase. Computing is for `bench`."""
    policy = Policy(eager_turns=False, idle_prompts=9)
    script = CallerScript(*[Say("What are your opening hours?"), Say("Is there a table for two"), Say("Yes")] * 7)
    async with world(agent(policy=policy)) as (running, _):
        call = await running.carrier.call(running.voice_url, caller=script, time_limit=600)
    injected = 0.26 + 0.25 + 0.09
    shares = sorted(latency - injected for latency in call.ear.response_latencies())
    assert len(shares) >= 20
    assert shares[int(len(shares) * 0.95)] < 0.08


async def test_a_lost_media_stream_is_carried_on_with_what_was_said():
    async with world() as (running, told):
        script = CallerScript(Say("What are your opening hours?"), Say("Goodbye"), patience=60.0)
        placed = running.carrier.dial(running.voice_url, caller=script)
        board = running.app.state.switchboard
        await told.until(lambda: f"What are your opening hours? / {HOURS}" in told.dialogue)
        await board.live(placed.sid)._stream.aclose("dropped for the test", violation=True)
        call = await placed.ended
        stored = await board.look_up(placed.sid)
    assert told.of("call_started")[1]["resumed"]
    assert [turn.text for turn in stored.turns][:3] == [
        "Trattoria Aurelia, good evening. How can I help you?",
        "What are your opening hours?",
        HOURS,
    ]
    assert stored.turns[-1].text == "Thank you for calling. Goodbye."
    assert call.ended_by == "agent"


async def test_a_tool_that_runs_when_the_stream_is_lost_is_not_run_again():
    bookings = []

    async def book_table(people: int, time: str) -> str:
        """Book a table."""
        bookings.append(people)
        await asyncio.sleep(4.0)
        return "Booked."

    async with world(functions={"book_table": book_table}) as (running, told):
        script = CallerScript(Say("A table for two"), Say("Goodbye"), patience=60.0)
        placed = running.carrier.dial(running.voice_url, caller=script)
        board = running.app.state.switchboard
        await told.until(lambda: bool(told.of("tool_called")))
        await asyncio.sleep(1.0)
        await board.live(placed.sid)._stream.aclose("dropped for the test", violation=True)
        await placed.ended
        stored = await board.look_up(placed.sid)
    assert bookings == [2]
    (tool,) = [turn for turn in stored.turns if turn.role == "tool"]
    assert "not known whether" in tool.text
    assert stored.turns[stored.turns.index(tool) + 1].role == "agent"
    assert stored.record.tools == ()


async def settle(running) -> None:
    """Until the product has let go of every call."""
    board = running.app.state.switchboard
    for call in list(board._live.values()):
        await call.finished(within=5.0)
