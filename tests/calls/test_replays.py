"""Requests that the carrier has signed once, repeated by somebody who has overheard them: nothing comes of it.

Twilio signs neither a time nor a number of the request, so the signature stays good for ever.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager

import pytest

from phoneagent.simulator.caller import AgentSpeaking, CallerScript, HangUp, Say
from phoneagent.simulator.carrier import AGENT_NUMBER, CALLER_NUMBER
from phoneagent.store.memory import MemoryStore

from .test_moving import Shared
from .test_placed_calls import office
from .world import HOURS, world

GUEST = CallerScript(Say("What are your opening hours?"), Say("Goodbye"))


def form(call, **more):
    return {"CallSid": call, "From": CALLER_NUMBER, "To": AGENT_NUMBER, "Direction": "inbound", **more}


@asynccontextmanager
async def talking(**options):
    """A call in the middle of the agent's answer, its store, and what is told."""
    store = options.setdefault("store", MemoryStore())
    async with world(**options) as (running, told), in_the_middle(running, told):
        yield running, told, store, next(iter(running.carrier.calls.values()))


@asynccontextmanager
async def in_the_middle(running, told):
    """Of a call that must go on as if nothing had happened."""
    placed = running.carrier.dial(running.voice_url, caller=GUEST)
    await told.until(lambda: len(told.of("first_frame_sent")) == 1)
    await asyncio.sleep(6.0)  # in the middle of the answer about the opening hours
    yield placed
    result = await placed.ended
    assert result.violations == ()
    assert f"What are your opening hours? / {HOURS}" in told.dialogue, "the caller noticed nothing"
    assert len(told.of("call_started")) == 1


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/twilio/voice", {"CallStatus": "ringing"}),
        ("/twilio/continue", {"CallStatus": "in-progress"}),
        ("/twilio/status", {"CallStatus": "in-progress"}),
        ("/twilio/status", {"CallStatus": "ringing"}),
        ("/twilio/amd", {"AnsweredBy": "machine_start"}),
    ],
    ids=["voice", "continue", "in-progress", "ringing", "amd"],
)
async def test_of_a_live_call_nobody_gets_a_second_conversation_nor_changes_it(path, more):
    async with talking() as (running, told, store, placed):
        before = await store.load_record(placed.sid)
        for _ in range(2):
            answer = await running.carrier.request(running.url + path, form(placed.sid, **more))
            assert b"token" not in answer.body
        assert await store.load_record(placed.sid) == before
        assert told.of("call_abandoned") == []
        assert running.app.state.switchboard.calls == 1


async def test_nor_by_way_of_another_process():
    store = Shared()
    async with (
        world(store=store) as (running, told),
        running.another() as other,
        in_the_middle(running, told) as placed,
    ):
        before = await store.load_record(placed.sid)
        first, running.front.app = running.front.app, other
        answer = await running.carrier.request(running.voice_url, form(placed.sid))
        running.front.app = first
        assert b"token" not in answer.body
        assert b"/twilio/continue" in answer.body, "the carrier itself would be helped"
        assert await store.load_record(placed.sid) == before
        assert other.state.switchboard.calls == 0


@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/continue", "/twilio/status", "/twilio/amd"])
async def test_a_call_that_is_over_stays_over(path):
    store = MemoryStore()
    async with world(store=store) as (running, told):
        script = CallerScript(Say("What are your opening hours?"), HangUp(after=AgentSpeaking(1.0)))
        result = await running.carrier.call(running.voice_url, caller=script)
        await told.until(lambda: bool(told.of("call_left")))
        before, many = await store.load_call(result.call), len(told.facts)
        more = {"CallStatus": "completed", "CallDuration": "600", "AnsweredBy": "machine_start"}
        for _ in range(2):
            answer = await running.carrier.request(running.url + path, form(result.call, **more))
            assert b"Stream" not in answer.body
        assert await store.load_call(result.call) == before
        assert {name for _, _, name, _ in told.facts[many:]} <= {"call_over"}
        assert running.app.state.switchboard.calls == 0


async def test_a_webhook_that_the_carrier_sends_twice_because_it_got_no_answer_is_answered_twice():
    async with world() as (running, told):
        call = "CA" + "7" * 32
        for _ in range(2):
            answer = await running.carrier.request(running.voice_url, form(call))
            assert b"<Stream" in answer.body
        assert running.app.state.switchboard.calls == 1
        assert len({name for _, _, name, _ in told.facts} - {"call_rings"}) == 0


async def test_a_call_whose_webhook_came_twice_is_one_conversation():
    async with world() as (running, told):
        call, tokens = "CA" + "7" * 32, []
        for _ in range(2):
            answer = await running.carrier.request(running.voice_url, form(call))
            tokens += re.findall(rb'name="token" value="([^"]+)"', answer.body)
        media = running.url.replace("http", "ws") + "/twilio/media"
        streams = [await running.carrier.open_stream(media) for _ in tokens]
        for stream, token in zip(streams, tokens, strict=True):
            stream.connected()
            stream.start(call=call, parameters={"token": token.decode()})
        late = await running.carrier.request(running.voice_url, form(call))
        assert b"token" not in late.body
        closed = asyncio.ensure_future(streams[1].closed())
        for _ in range(100):
            streams[0].media()
            await asyncio.sleep(0.02)
        assert (await closed).code == 1008
        assert len(told.of("call_started")) == 1
        assert running.app.state.switchboard.calls == 1
        streams[0].stop(call=call)
        await streams[0].close()


async def test_of_an_order_that_is_over_nothing_is_called_answered_or_changed():
    async with office() as desk:
        name = await desk.wanted(machine="hang_up")
        before = await desk.over(name)
        form = {"CallSid": before.call, "Direction": "outbound-api", "AnsweredBy": "machine_start"}
        for path, status in (("voice", "in-progress"), ("status", "ringing"), ("status", "completed"), ("amd", "")):
            url = f"{desk.running.url}/twilio/{path}?order={name}"
            answer = await desk.carrier.request(url, form | {"CallStatus": status})
            assert answer.status in (200, 204)
            assert b"Stream" not in answer.body
        after = await desk.book.load(name)
        assert (after.status, after.ended, after.problem) == (before.status, before.ended, before.problem)
        assert len(desk.placed) == 1
