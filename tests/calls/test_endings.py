"""How calls end that nobody was there to end: by what the carrier tells afterwards."""

from __future__ import annotations

from dataclasses import replace

from structlog.testing import capture_logs

from phoneagent.private import Private
from phoneagent.records import CallRecord
from phoneagent.simulator.caller import CallerScript, HangUp, Say
from phoneagent.store.memory import MemoryStore

from .world import world

CALL = "CA" + "1" * 32
NOW = 1_790_000_000.0
LIVE = CallRecord(
    CALL,
    "front-desk",
    "inbound",
    Private("+15005550100"),
    Private("+15005550006"),
    "in-progress",
    started=NOW,
    answered=NOW + 2,
)


async def told_of(running, status, **more):
    form = {"CallSid": CALL, "CallStatus": status, **more}
    answer = await running.carrier.request(f"{running.url}/twilio/status", form)
    return answer.status


async def known(store, call=CALL) -> CallRecord:
    record: CallRecord | None = await store.load_record(call)
    assert record is not None
    return record


async def test_a_call_whose_process_died_is_over_when_the_carrier_says_so():
    store = MemoryStore()
    await store.create_call(LIVE)
    async with world(store=store) as (running, told):
        for _ in range(2):
            assert await told_of(running, "completed", CallDuration="60") == 204
        record = await known(store)
    assert record == replace(LIVE, status="completed", ended=NOW + 62, ended_reason="carrier")
    assert told.of("call_over")


async def test_a_caller_who_hung_up_before_anything_was_heard_is_not_left_ringing():
    store = MemoryStore()
    await store.create_call(replace(LIVE, status="ringing", answered=0.0))
    async with world(store=store) as (running, _):
        assert await told_of(running, "no-answer", CallDuration="0") == 204
        record = await known(store)
    assert (record.status, record.ended_reason) == ("no-answer", "carrier")
    assert (record.ended or 0) > NOW


async def test_what_is_no_end_ends_nothing():
    store = MemoryStore()
    await store.create_call(LIVE)
    async with world(store=store) as (running, told):
        for status in ("ringing", "in-progress", "queued", "", "over"):
            assert await told_of(running, status) == 204
        assert await store.load_record(CALL) == LIVE
    assert told.of("call_over") == []


async def test_callbacks_for_a_call_that_nobody_knows_make_nothing_but_a_word_in_the_log():
    store = MemoryStore()
    async with world(store=store) as (running, told):
        with capture_logs() as lines:
            assert await told_of(running, "completed", CallDuration="60") == 204
        assert await store.load_record(CALL) is None
        assert (await store.page_calls()).records == ()
        assert await store.events.read(CALL) == ()
    said = {"log_level": "info", "status": "completed"}
    assert lines == [{"event": "call_status", **said}, {"event": "call_unknown", **said}]
    assert told.facts == []


async def test_a_call_that_ends_itself_knows_why():
    store = MemoryStore()
    async with world(store=store) as (running, told):
        script = CallerScript(Say("What are your opening hours?"), HangUp(after=1.0))
        placed = running.carrier.dial(running.voice_url, caller=script, status_callback=f"{running.url}/twilio/status")
        await placed.ended
        await told.until(lambda: bool(told.of("call_left")))
        record = await known(store, placed.sid)
    assert (record.status, record.ended_reason) == ("completed", "caller")
