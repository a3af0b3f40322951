"""A call is connected to somebody else, who hears, speaks, is asked first, and may not want to."""

from __future__ import annotations

import asyncio

import pytest

from phoneagent.simulator.call_order import Callee
from phoneagent.simulator.caller import CallEnds, CallerScript, HangUp, Press, Say, Wait
from phoneagent.simulator.carrier import AGENT_NUMBER
from phoneagent.simulator.ear import Announced, Bridged, StreamOpened
from phoneagent.simulator.placed_call import CallResult

from .product import PUBLIC, Product, serve
from .test_rest import client_of

VOICE = PUBLIC + "/voice"
DESK, SPARE = "+15005550201", "+15005550202"
AFTERWARDS = "<Response><Say>back again</Say></Response>"
WHISPER = (
    '<Response><Gather numDigits="1" timeout="4" action="/accept"><Say>press one to take the call</Say></Gather>'
    "<Hangup/></Response>"
)


def dialling(*numbers: str, number: str = "", dial: str = "") -> Product:
    product = Product()
    nouns = "".join(f"<Number {number}>{each}</Number>" for each in numbers)
    product.documents |= {
        "/voice": f'<Response><Dial timeout="12" action="/dialed" {dial}>{nouns}</Dial></Response>',
        "/dialed": AFTERWARDS,
        "/whisper": WHISPER,
        "/accept": "<Response/>",
    }
    return product


async def carried_out(product: Product, caller: CallerScript, **callees: Callee) -> tuple[CallResult, list[CallResult]]:
    by_number = {"desk": DESK, "spare": SPARE}
    numbers = {by_number[name]: callee for name, callee in callees.items()}
    async with serve(product, callees=numbers) as carrier:
        result = await carrier.call(VOICE, caller=caller)
        legs = [await leg.ended for leg in result.legs]
    assert result.violations == ()
    return result, legs


CALLER = CallerScript(Say("is this the desk", after=5.0), Wait(CallEnds()))


async def test_both_hear_each_other():
    desk = Callee(ring=3.0, script=CallerScript(Say("front desk", after=0.5), Say("it is"), HangUp(after=3.0)))
    product = dialling(DESK)
    result, [leg] = await carried_out(product, CALLER, desk=desk)
    [bridged] = result.ear.facts(Bridged)
    assert (bridged.target, bridged.at) == (DESK, pytest.approx(3.0, abs=0.05))
    greeting, answer = leg.ear.caller_speech()
    question = result.ear.caller_speech()[0]
    heard_by_caller = result.ear.agent_speech(pause=0.5)
    assert heard_by_caller[0].at == pytest.approx(bridged.at + greeting.at, abs=0.06)
    assert heard_by_caller[1].at == pytest.approx(bridged.at + answer.at, abs=0.06)
    [heard_by_desk] = leg.ear.agent_speech(pause=0.5)
    assert heard_by_desk.at == pytest.approx(question.at - bridged.at, abs=0.06)
    assert heard_by_desk.end - heard_by_desk.at == pytest.approx(question.end - question.at, abs=0.06)
    [dialed] = product.asked("/dialed")
    assert (dialed.form["DialCallStatus"], dialed.form["DialCallSid"]) == ("completed", leg.call)
    assert float(dialed.form["DialCallDuration"]) == pytest.approx(bridged.end - bridged.at, abs=0.6)
    assert [fact.text for fact in result.ear.facts(Announced)] == ["back again"]
    assert (leg.ending, leg.status) == ("caller hung up", "completed")


async def test_a_caller_who_hangs_up_ends_the_other_leg():
    desk = Callee(ring=1.0, script=CallerScript(Wait(CallEnds())))
    result, [leg] = await carried_out(dialling(DESK), CallerScript(HangUp(after=4.0)), desk=desk)
    assert (result.ending, leg.ending) == ("caller hung up", "other leg ended")
    assert leg.ear.duration == pytest.approx(3.0, abs=0.05)


async def test_a_caller_who_hangs_up_stops_the_ringing():
    product = dialling(DESK, number='statusCallback="/leg" statusCallbackEvent="ringing completed"')
    result, [leg] = await carried_out(product, CallerScript(HangUp(after=4.0)), desk=Callee(ring=10.0))
    assert (result.ending, leg.status) == ("caller hung up", "canceled")
    statuses = [(told.form["CallStatus"], told.form["ParentCallSid"]) for told in product.asked("/leg")]
    assert statuses == [("ringing", result.call), ("canceled", result.call)]
    assert {told.form["Direction"] for told in product.asked("/leg")} == {"outbound-dial"}


async def test_whoever_answers_first_is_connected():
    desk, spare = Callee(ring=6.0), Callee(ring=2.0, talk=5.0)
    result, legs = await carried_out(dialling(DESK, SPARE), CallerScript(), desk=desk, spare=spare)
    assert [leg.status for leg in legs] == ["canceled", "completed"]
    assert [fact.target for fact in result.ear.facts(Bridged)] == [SPARE]


@pytest.mark.parametrize(
    ("steps", "bridged", "status"),
    [
        ((Press("1", after=3.0), Wait(5.0), HangUp(after=0.0)), True, "completed"),
        ((Wait(CallEnds()),), False, "no-answer"),  # presses nothing
        ((HangUp(after=1.0),), False, "no-answer"),
    ],
)
async def test_a_target_is_asked_first(steps, bridged, status):
    product = dialling(DESK, number='url="/whisper"')
    result, [leg] = await carried_out(product, CALLER, desk=Callee(ring=1.0, script=CallerScript(*steps)))
    [whisper] = product.asked("/whisper")
    assert (whisper.form["CallSid"], whisper.form["ParentCallSid"]) == (leg.call, result.call)
    assert (whisper.form["CallStatus"], whisper.form["To"]) == ("in-progress", DESK)
    assert [request.form["Digits"] for request in product.asked("/accept")] == (["1"] if bridged else [])
    assert product.asked("/dialed")[0].form["DialCallStatus"] == status
    assert bool(result.ear.facts(Bridged)) is bridged
    assert leg.ear.facts(Announced)[0].text == "press one to take the call"
    [said] = result.ear.facts(Announced)  # the caller has heard nothing of the whisper
    assert said.text == "back again"
    before = [heard for heard in result.ear.agent_speech() if heard.at < said.at]
    assert before == []


@pytest.mark.parametrize(("answer_on_bridge", "answered"), [("true", 3.0), ("false", 0.0)])
async def test_a_call_may_be_answered_when_the_target_has(answer_on_bridge, answered):
    product = dialling(DESK, dial=f'answerOnBridge="{answer_on_bridge}"')
    result, _ = await carried_out(product, CallerScript(), desk=Callee(ring=3.0, talk=2.0))
    [event] = [event for event in result.events if event.name == "answered"]
    assert event.at == pytest.approx(answered, abs=0.1)
    assert [fact.text for fact in result.ear.facts(Announced)] == ["back again"]


async def test_a_number_that_cannot_be_called_is_named():
    product = dialling(DESK)
    async with serve(product, callees={DESK: Callee(refused=21215)}) as carrier:
        result = await carrier.call(VOICE)
    assert [violation.code for violation in result.violations] == [13227]
    assert product.asked("/dialed")[0].form["DialCallStatus"] == "failed"


async def test_new_instructions_take_the_caller_out_of_the_bridge():
    product = dialling(DESK)
    product.documents["/media-again"] = (
        '<Response><Connect><Stream url="wss://voice.example.net/media"/></Connect></Response>'
    )
    callees = {DESK: Callee(ring=1.0, script=CallerScript(Wait(CallEnds())))}
    async with serve(product, callees=callees) as carrier, client_of(carrier) as client:
        call = carrier.dial(VOICE, caller=CallerScript(HangUp(after=8.0)))
        await asyncio.sleep(4)
        [leg] = call.legs
        told = await client.calls.list_async(parent_call_sid=call.sid)
        assert [(each.sid, each.direction, each.status) for each in told] == [(leg.sid, "outbound-dial", "in-progress")]
        await client.calls(call.sid).update_async(url=PUBLIC + "/media-again")
        left = await leg.ended
        result = await call.ended
    assert left.ending == "other leg ended"
    [opened] = result.ear.facts(StreamOpened)
    assert opened.at == pytest.approx(4.0, abs=0.1)


async def test_new_instructions_for_the_target_leave_the_caller_with_the_next_verb():
    product = dialling(DESK)
    callees = {DESK: Callee(ring=1.0, script=CallerScript(Wait(CallEnds())))}
    async with serve(product, callees=callees) as carrier, client_of(carrier) as client:
        call = carrier.dial(VOICE)
        await asyncio.sleep(4)
        [leg] = call.legs
        await client.calls(leg.sid).update_async(twiml="<Response><Say>thank you</Say></Response>")
        left, result = await leg.ended, await call.ended
    assert [fact.text for fact in left.ear.facts(Announced)] == ["thank you"]
    assert left.ending == "document ended"
    assert [fact.text for fact in result.ear.facts(Announced)] == ["back again"]


@pytest.mark.parametrize(
    ("caller", "caller_id", "shown"),
    [
        ("+15005550100", "", "+15005550100"),
        ("+15005550100", "+15005550100", "+15005550100"),
        ("+15005550100", AGENT_NUMBER, AGENT_NUMBER),
        ("sip:ana@pbx.example", AGENT_NUMBER, AGENT_NUMBER),
        ("sip:ana@pbx.example", "", None),
        ("client:ana", "", None),
        ("anonymous", "", None),
        ("+266696687", "", None),
        ("+15005550100", "+15005550999", None),
        ("+15005550100", "sip:ana@pbx.example", None),
        ("+15005550100", "anonymous", None),
    ],
)
async def test_a_dial_needs_a_caller_id_that_the_account_may_show(caller, caller_id, shown):
    """13214, docs/api/errors/13214: the calling number, the called one, or a validated one."""
    product = dialling(DESK, dial=f'callerId="{caller_id}"' if caller_id else "")
    async with serve(product, callees={DESK: Callee(talk=1.0)}) as carrier:
        result = await carrier.call(VOICE, caller=CALLER, from_=caller)
    assert [leg.order.from_ for leg in result.legs] == ([shown] if shown else [])
    assert [violation.code for violation in result.violations] == ([] if shown else [13214])
    assert product.asked("/dialed")[0].form["DialCallStatus"] == ("completed" if shown else "failed")


@pytest.mark.parametrize("limit", ["0", "-1", "86401", "soon"])
async def test_a_time_limit_that_twilio_does_not_know_is_reported(limit):
    product = dialling(DESK, dial=f'timeLimit="{limit}"')
    async with serve(product, callees={DESK: Callee(talk=1.0)}) as carrier:
        result = await carrier.call(VOICE, caller=CALLER)
    assert [violation.code for violation in result.violations] == [12200]
