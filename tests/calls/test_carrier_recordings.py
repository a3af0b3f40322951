"""Twilio's own recording: begun by REST, paused while nobody may hear, and its end known."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial

import aiohttp
import pytest

from phoneagent.call.recording_keeper import DAY, RecordingKeeper
from phoneagent.errors import CarrierError, SettingsError
from phoneagent.records import RecordingRules
from phoneagent.simulator.caller import CallerScript, Press, Say
from phoneagent.simulator.ear import Pressed
from phoneagent.store.memory import MemoryStore
from phoneagent.toolbox import tool_spec
from tests.web.api.client import KEY

from .test_keypad import CARD, Payments
from .test_keypad import MIND as PAYING
from .world import agent, world

TWILIO = RecordingRules(twilio=True, consent="given")
HOURS = CallerScript(Say("What are your opening hours?"), Say("Goodbye"))


async def over(running, call):
    """Its record, once Twilio's callbacks have come."""
    await asyncio.sleep(1.0)
    return await running.app.state.switchboard.look_up_record(call.call)


def _told(told, turns):
    return len(told.dialogue) >= turns


async def test_twilio_records_both_channels_and_tells_the_end():
    async with world(agent(recording=TWILIO)) as (running, _):
        call = await running.carrier.call(running.voice_url, caller=HOURS)
        record = await over(running, call)
        [recording] = running.carrier.calls[call.call].recordings.values()
    assert recording.channels == 2
    assert record.carrier_recording == recording.sid
    assert record.carrier_recording_status == "completed"
    assert record.carrier_recording_seconds == pytest.approx(recording.duration, abs=1.0)
    assert recording.changes[0][0] < 0.5, "it begins with the call"
    assert not call.violations


async def test_twilio_begins_when_it_was_announced():
    rules = RecordingRules(twilio=True, announcement="This call is recorded.")
    async with world(agent(recording=rules)) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=HOURS)
        [recording] = running.carrier.calls[call.call].recordings.values()
    [announced] = [at for _, at, name, _ in told.facts if name == "announced"]
    assert recording.changes[0][0] == pytest.approx(announced, abs=0.1)


async def test_twilio_pauses_while_keys_are_secret():
    payments = Payments()
    made = agent(tools=(tool_spec(payments.charge, reads_keypad=True),), recording=TWILIO)
    script = CallerScript(Say("I want to pay"), Press(f"{CARD}#"), Say("Goodbye"))
    async with world(made, mind=PAYING, functions={"charge": payments.charge}) as (running, _):
        call = await running.carrier.call(running.voice_url, caller=script)
        [recording] = running.carrier.calls[call.call].recordings.values()
    assert payments.charged == [CARD]
    [paused] = [at for at, status in recording.changes if status == "paused"]
    assert paused < call.ear.facts(Pressed)[0].at
    assert recording.pause_behavior == "silence"


async def test_an_operator_pauses_and_resumes_it():
    script = CallerScript(Say("What are your opening hours?"), Say("Yes"), Say("Goodbye"))
    async with world(agent(recording=TWILIO)) as (running, told):
        placed = running.carrier.dial(running.voice_url, caller=script)
        path = f"{running.url}/v1/calls/{placed.sid}/recording"
        async with aiohttp.ClientSession(headers=KEY) as session:
            for turns, action in ((1, "pause"), (2, "resume")):
                await told.until(partial(_told, told, turns))
                async with session.post(f"{path}/{action}") as answer:
                    assert answer.status == 204
        call = await placed.ended
        record = await over(running, call)
        [recording] = placed.recordings.values()
    assert [status for _, status in recording.changes] == ["in-progress", "paused", "in-progress"]
    assert record.carrier_recording_status == "completed"


async def test_a_recording_that_twilio_refuses_is_told_and_the_call_goes_on():
    async with world(agent(recording=TWILIO)) as (running, told):
        running.carrier.rest_faults.add("fails before", whom=lambda asked: asked.path.endswith("/Recordings.json"))
        call = await running.carrier.call(running.voice_url, caller=HOURS)
        record = await over(running, call)
    assert call.ended_by == "agent"
    assert len(told.of("carrier_recording_failed")) == 1
    assert record.carrier_recording_status == "completed", "it was asked again"


async def test_twilio_deletes_it_when_its_time_is_over():
    store = MemoryStore()
    rules = replace(TWILIO, keep_days=7)
    async with world(agent(recording=rules), store=store) as (running, _):
        call = await running.carrier.call(running.voice_url, caller=HOURS)
        await over(running, call)
        recordings = running.carrier.calls[call.call].recordings
        control = running.app.state.switchboard._around.control
        for day, left in ((6.9, 1), (7.1, 0)):
            later = time.time() + day * DAY
            keeper = RecordingKeeper(None, store, owner="here", carrier=control, now=partial(float, later))
            running.carrier.rest_faults.add("fails before", whom=lambda asked: asked.method == "DELETE")
            with suppress(CarrierError):
                await keeper.expire_at_carrier()
            assert len(recordings) == 1, "it was not deleted: Twilio has failed"
            running.carrier.rest_faults.clear()
            assert await keeper.expire_at_carrier() == 1 - left
            assert len(recordings) == left


async def test_what_is_kept_for_ever_is_on_nobodys_list():
    store = MemoryStore()
    async with world(agent(recording=replace(TWILIO, keep_days=0)), store=store) as (running, _):
        await over(running, await running.carrier.call(running.voice_url, caller=HOURS))
        assert await store.expiring.due(now=math.inf, most=10) == ()


async def test_a_call_that_is_carried_on_is_not_recorded_twice():
    script = CallerScript(Say("What are your opening hours?"), Say("Yes"), Say("Goodbye"), patience=60.0)
    async with world(agent(recording=TWILIO)) as (running, told):
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.dialogue) > 1)
        await running.app.state.switchboard.live(placed.sid)._stream.aclose("dropped for the test", violation=True)
        await placed.ended
    assert len(placed.recordings) == 1


async def test_twilio_is_not_recorded_with_without_an_account():
    with pytest.raises(SettingsError, match="TWILIO_ACCOUNT_SID: expected"):
        async with world(agent(recording=TWILIO), twilio_account_sid=None):
            pass


async def test_a_recording_told_by_a_stranger_is_refused():
    async with world(agent(recording=TWILIO)) as (running, _):
        call = await running.carrier.call(running.voice_url, caller=HOURS)
        form = {"CallSid": call.call, "RecordingSid": "RE1", "RecordingStatus": "absent"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{running.url}/twilio/recording", data=form) as answer,
        ):
            assert answer.status == 403
        assert (await over(running, call)).carrier_recording_status == "completed"
