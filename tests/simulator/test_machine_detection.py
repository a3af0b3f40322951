"""Who answers: people, machines, screeners; and when the product is told."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from phoneagent.simulator.answering import CONNECTING, SCREENING, answering_machine, call_screener
from phoneagent.simulator.call_order import Callee
from phoneagent.simulator.caller import CallEnds, CallerScript, HangUp, Noise, Say, Wait
from phoneagent.simulator.carrier import AGENT_NUMBER, Carrier
from phoneagent.simulator.ear import Beeped, audible
from phoneagent.simulator.placed_call import CallResult

from .product import GREETING, PUBLIC, Product, Session, echo_agent, serve
from .test_media_stream import listen
from .test_rest import client_of
from .tone import tone

ANA = "+15005550300"
MESSAGE = tone(2.0, 600)

PERSON = CallerScript(Say("hello ana speaking", after=0.3), HangUp(after=12.0))
SILENT = CallerScript(Wait(CallEnds()), patience=20.0)
MACHINE = answering_machine(records=20.0)
MACHINE_WITHOUT_BEEP = answering_machine(beep=False, records=20.0)


async def placed(product: Product, script: CallerScript, **options: Any) -> CallResult:
    options = {"machine_detection": "Enable", "async_amd": "true", **options}
    async with serve(product, callees={ANA: Callee(ring=1.0, script=script)}) as carrier, client_of(carrier) as client:
        created = await client.calls.create_async(
            to=ANA,
            from_=AGENT_NUMBER,
            url=PUBLIC + "/voice",
            async_amd_status_callback=PUBLIC + "/amd",
            status_callback=PUBLIC + "/status",
            **options,
        )
        result = await carrier.calls[str(created.sid)].ended
        fetched = await client.calls(str(created.sid)).fetch_async()
    verdicts = [request.form["AnsweredBy"] for request in product.asked("/amd")]
    assert fetched.answered_by == (verdicts[0] if verdicts else None)
    return result


@pytest.mark.parametrize(
    ("script", "detection", "answered_by", "after"),
    [
        (PERSON, "Enable", "human", 1.2),  # after the last sound
        (PERSON, "DetectMessageEnd", "human", 1.2),
        (MACHINE, "Enable", "machine_start", None),
        (MACHINE, "DetectMessageEnd", "machine_end_beep", 0.52),  # after the greeting and 0.5 s: the beep is over
        (MACHINE_WITHOUT_BEEP, "DetectMessageEnd", "machine_end_silence", 3.0),
        (SILENT, "Enable", "unknown", None),
    ],
)
async def test_a_verdict_comes_when_it_can_be_known(script, detection, answered_by, after):
    product = Product(listen)
    result = await placed(product, script, machine_detection=detection, time_limit=25)
    [told] = product.asked("/amd")
    assert told.genuine
    assert set(told.form) == {"AccountSid", "CallSid", "AnsweredBy", "MachineDetectionDuration"}
    assert (told.form["AnsweredBy"], told.form["CallSid"]) == (answered_by, result.call)
    judged = int(told.form["MachineDetectionDuration"]) / 1000
    [voice] = product.asked("/voice")
    assert told.at - voice.at == pytest.approx(judged, abs=0.1)  # the instructions did not wait for it
    if after is not None:
        beeps = result.ear.facts(Beeped)
        since = beeps[0].at if beeps else result.ear.caller_speech()[0].end
        assert judged - since == pytest.approx(after, abs=0.05)
    elif answered_by == "unknown":
        assert judged == pytest.approx(5.0, abs=0.03)
    else:
        assert judged - result.ear.caller_speech()[0].at == pytest.approx(2.4, abs=0.05)
    assert product.asked("/status")[-1].form["AnsweredBy"] == answered_by
    assert result.violations == ()


async def test_without_async_the_instructions_wait():
    product = Product(listen)
    async with serve(product, callees={ANA: Callee(ring=1.0, script=PERSON)}) as carrier, client_of(carrier) as client:
        created = await client.calls.create_async(
            to=ANA, from_=AGENT_NUMBER, url=PUBLIC + "/voice", machine_detection="Enable"
        )
        result = await carrier.calls[str(created.sid)].ended
    [voice] = product.asked("/voice")
    assert voice.form["AnsweredBy"] == "human"
    [judged, document] = [event.at for event in result.events if event.name in ("judged", "document")]
    [answered] = [event.at for event in result.events if event.name == "answered"]
    assert document >= judged > answered + 2.0


async def test_who_hangs_up_first_is_never_judged():
    product = Product(listen)
    await placed(product, CallerScript(HangUp(after=0.5)))
    assert product.asked("/amd") == []


async def test_keys_sent_at_the_answer_leave_nothing_to_detect():
    product = Product(listen)
    await placed(product, PERSON, send_digits="1")
    assert product.asked("/amd") == []


async def test_a_message_left_after_the_beep_is_recorded_whole():
    async def leave_message(session: Session) -> None:
        silent, beeped = 0, 0
        async for message in session.messages():
            if message["event"] == "start":
                await session.play(GREETING)  # while the machine greets: the machine does not care
            if message["event"] == "media" and beeped >= 0:
                frame = base64.b64decode(message["media"]["payload"])
                silent = 0 if audible(frame) else silent + 1
                beeped += silent == 24  # of the three silences this long the beep ends the second
                if beeped == 3:
                    beeped = -1
                    await session.play(MESSAGE)

    product = Product(leave_message)
    result = await placed(product, MACHINE)
    [beep] = result.ear.facts(Beeped)
    assert beep.end - beep.at == pytest.approx(0.5)
    assert all(heard.end < beep.at or heard.at > beep.end for heard in result.ear.agent_speech())
    [message] = result.ear.recorded_speech()
    assert message.audio == MESSAGE
    assert MESSAGE in result.ear.recorded
    assert GREETING not in result.ear.recorded
    assert result.ear.duration == pytest.approx(beep.end + 20.0, abs=0.05)


async def test_a_message_begun_too_early_is_recorded_without_its_beginning():
    async def talk_on(session: Session) -> None:
        async for message in session.messages():
            if message["event"] == "start":
                await session.play(tone(30.0, 600))

    result = await placed(Product(talk_on), answering_machine("leave a message", records=5.0))
    [message] = result.ear.recorded_speech()
    assert message.end - message.at == pytest.approx(5.0, abs=0.05)


async def test_a_screener_asks_and_lets_through_who_answers():
    human = Say("ana here what is it", after=1.0)
    result = await placed(Product(echo_agent), call_screener(human, HangUp()))
    assert [said.text for said in result.ear.caller_speech()] == [SCREENING, CONNECTING, "ana here what is it"]
    result = await placed(Product(listen), call_screener(human, HangUp()))
    assert [said.text for said in result.ear.caller_speech()] == [SCREENING]
    assert result.ending == "caller gave up"


async def test_a_cough_is_no_machine():
    product = Product(listen)
    await placed(product, CallerScript(Noise(0.4, after=0.5), Say("yes", after=0.5), HangUp(after=5.0)))
    assert [request.form["AnsweredBy"] for request in product.asked("/amd")] == ["human"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"machine_detection": "enabled"},
        {"machine_detection": "Enable", "async_amd": True},  # the SDK writes "True"
        {"machine_detection": "Enable", "machine_detection_timeout": 60},
        {"machine_detection": "Enable", "machine_detection_speech_threshold": 900},
        {"machine_detection": "Enable", "async_amd_status_callback": "/amd"},
        {"machine_detection": "Enable", "async_amd_status_callback_method": "PUT"},
    ],
)
async def test_detection_that_twilio_refuses(arguments):
    async with Carrier() as carrier, client_of(carrier) as client:
        with pytest.raises(TwilioRestException) as refusal:
            await client.calls.create_async(to=ANA, from_=AGENT_NUMBER, url=PUBLIC + "/voice", **arguments)
        assert refusal.value.status == 400
        assert carrier.calls == {}
