"""Callers wait in a queue, until somebody takes them out or they have had enough."""

from __future__ import annotations

import asyncio

import pytest

from phoneagent.simulator import twiml
from phoneagent.simulator.caller import CallEnds, CallerScript, HangUp, Say, Wait
from phoneagent.simulator.ear import Announced, Bridged

from .product import PUBLIC, Product, serve

VOICE, TAKE = PUBLIC + "/voice", PUBLIC + "/take"
PATIENT = CallerScript(Wait(CallEnds()), patience=300.0)
ENQUEUE = '<Response><Enqueue waitUrl="/wait" action="/left">desk</Enqueue><Say>next verb</Say></Response>'


def queueing(wait: str = "<Say>please hold</Say><Pause length='5'/>") -> Product:
    product = Product()
    product.documents |= {
        "/voice": ENQUEUE,
        "/wait": f"<Response>{wait}</Response>",
        "/left": "<Response><Say>goodbye</Say></Response>",
        "/take": '<Response><Dial timeout="10" action="/taken"><Queue>desk</Queue></Dial></Response>',
        "/taken": "<Response/>",
    }
    return product


async def test_the_first_who_waits_is_taken_first_and_both_hear_each_other():
    product = queueing()
    async with serve(product) as carrier:
        first = carrier.dial(VOICE, caller=PATIENT, from_="+15005550101")
        second = carrier.dial(VOICE, caller=CallerScript(HangUp(after=60.0)), from_="+15005550102")
        await asyncio.sleep(3)
        desk = await carrier.call(TAKE, caller=CallerScript(Say("front desk here", after=1.0), HangUp(after=3.0)))
        result, _ = await first.ended, await second.ended
    assert [fact.target for fact in desk.ear.facts(Bridged)] == ["+15005550101"]
    assert result.ear.facts(Bridged)[0].end - result.ear.facts(Bridged)[0].at > 4
    spoken, bridged = desk.ear.caller_speech()[0], result.ear.facts(Bridged)[0]
    came = bridged.at + spoken.at - desk.ear.facts(Bridged)[0].at
    assert any(heard.at == pytest.approx(came, abs=0.06) for heard in result.ear.agent_speech())
    results = {left.form["CallSid"]: left.form["QueueResult"] for left in product.asked("/left")}
    assert results == {first.sid: "bridged", second.sid: "hangup"}
    positions = [each.form["QueuePosition"] for each in product.asked("/wait") if each.form["CallSid"] == second.sid]
    assert positions[0] == "2"
    assert positions[-1] == "1"
    assert result.ear.facts(Announced)[-1].text == "goodbye"


async def test_who_is_told_to_leave_leaves():
    product = queueing("<Say>nobody has time</Say><Leave/>")
    async with serve(product) as carrier:
        result = await carrier.call(VOICE, caller=PATIENT)
    assert [fact.text for fact in result.ear.facts(Announced)] == ["nobody has time", "goodbye"]
    assert product.asked("/left")[0].form["QueueResult"] == "leave"


async def test_who_hangs_up_is_in_the_queue_no_more():
    product = queueing()
    async with serve(product) as carrier:
        await carrier.call(VOICE, caller=CallerScript(HangUp(after=3.0)))
        assert [left.form["QueueResult"] for left in product.asked("/left")] == ["hangup"]
        desk = await carrier.call(TAKE, caller=PATIENT)
    assert desk.ear.facts(Bridged) == []
    assert desk.ear.duration == pytest.approx(10.0, abs=0.05)
    [taken] = product.asked("/taken")
    assert taken.form["DialCallStatus"] == "no-answer"


async def test_a_waiting_caller_who_hangs_up_in_the_bridge_frees_the_desk():
    product = queueing()
    async with serve(product) as carrier:
        waiting = carrier.dial(VOICE, caller=CallerScript(HangUp(after=8.0)))
        desk = await carrier.call(TAKE, caller=PATIENT)
        await waiting.ended
    assert desk.ear.duration == pytest.approx(8.0, abs=0.1)
    assert product.asked("/taken")[0].form["DialCallStatus"] == "completed"


@pytest.mark.parametrize("verb", ["<Enqueue/>", "<Dial>+1500<Queue>a</Queue></Dial>", "<Dial><Queue/></Dial>"])
def test_a_mistake_is_named(verb):
    assert [code for code, _ in twiml.read(f"<Response>{verb}</Response>").problems] == [12200]


async def test_music_that_still_plays_when_somebody_takes_the_call_does_not_cut_them_off():
    product = queueing("<Say>one of us will be with you in a moment so please do not hang up</Say>")
    async with serve(product) as carrier:
        waiting = carrier.dial(VOICE, caller=PATIENT)
        await asyncio.sleep(1.0)
        desk = await carrier.call(TAKE, caller=CallerScript(Say("front desk here", after=1.0), HangUp(after=3.0)))
        result = await waiting.ended
    spoken, bridged = desk.ear.caller_speech()[0], result.ear.facts(Bridged)[0]
    came = bridged.at + spoken.at - desk.ear.facts(Bridged)[0].at
    assert any(heard.at == pytest.approx(came, abs=0.06) for heard in result.ear.agent_speech())
