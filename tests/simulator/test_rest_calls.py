"""Calls placed through the REST API, by Twilio's own SDK: queued, refused, told about, listed, and lost on the way."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException

from phoneagent.errors import CarrierError
from phoneagent.simulator.call_order import Callee
from phoneagent.simulator.callbacks import Delivery
from phoneagent.simulator.caller import CallerScript, HangUp
from phoneagent.simulator.carrier import ACCOUNT_SID, AGENT_NUMBER, AUTH_TOKEN, Carrier
from phoneagent.simulator.ear import DigitsPlayed
from phoneagent.simulator.rest_faults import Asked
from phoneagent.telephony.twilio.control import TwilioControl

from .product import PUBLIC, Product, serve
from .test_media_stream import listen
from .test_rest import client_of

VOICE = PUBLIC + "/voice"
ANA, BEN = "+15005550300", "+15005550301"
BRIEF = Callee(ring=1.0, script=CallerScript(HangUp(after=2.0)))
CALLEES = {ANA: BRIEF, BEN: Callee("busy")}
ALL_EVENTS = ["initiated", "ringing", "answered", "completed"]


def order(to: str = ANA, **more: Any) -> dict[str, Any]:
    return {"to": to, "from_": AGENT_NUMBER, "url": VOICE, "status_callback": PUBLIC + "/status", **more}


async def test_one_call_a_second_leaves_the_queue():
    product = Product(listen)
    async with serve(product, callees=CALLEES) as carrier, client_of(carrier) as client:
        created = [
            await client.calls.create_async(**order(status_callback_event=["initiated", "completed"])) for _ in range(4)
        ]
        assert [round(int(str(call.queue_time)), -1) for call in created] == [0, 1000, 2000, 3000]
        await asyncio.sleep(0.5)
        statuses = [str((await client.calls(str(call.sid)).fetch_async()).status) for call in created]
        assert statuses == ["ringing", "queued", "queued", "queued"]
        cancelled = str(created[2].sid)
        await client.calls(cancelled).update_async(status="canceled")
        results = [await carrier.calls[str(call.sid)].ended for call in created]
    assert [result.status for result in results] == ["completed", "completed", "canceled", "completed"]
    began = {request.form["CallSid"]: request.at for request in product.asked("/status")[::-1]}
    first, second, fourth = (began[results[number].call] for number in (0, 1, 3))
    assert (second - first, fourth - first) == (pytest.approx(1, abs=0.05), pytest.approx(3, abs=0.05))
    [told] = [request.form for request in product.asked("/status") if request.form["CallSid"] == cancelled]
    assert (told["CallStatus"], told["SequenceNumber"], told["SipResponseCode"]) == ("canceled", "0", "487")
    assert [request.form["CallSid"] for request in product.asked("/voice")].count(cancelled) == 0


@pytest.mark.parametrize(
    ("callee", "status", "sip"),
    [
        (Callee("busy"), "busy", "486"),
        (Callee("no-answer"), "no-answer", "480"),
        (Callee("failed"), "failed", "503"),
        (Callee("failed", sip=404), "failed", "404"),
        (BRIEF, "completed", "200"),
        (None, "failed", "404"),
    ],
)
async def test_the_last_callback_says_how_it_ended(callee, status, sip):
    product = Product(listen)
    callees = {ANA: callee} if callee else {}
    async with serve(product, callees=callees) as carrier, client_of(carrier) as client:
        created = await client.calls.create_async(**order(status_callback_event=ALL_EVENTS, timeout=8))
        result = await carrier.calls[str(created.sid)].ended
    told = product.asked("/status")
    assert all(request.genuine for request in told)
    assert [request.form["SequenceNumber"] for request in told] == [str(number) for number in range(len(told))]
    assert (told[-1].form["CallStatus"], told[-1].form["SipResponseCode"]) == (status, sip)
    assert [request.form["CallStatus"] for request in told[:2]] == ["initiated", "ringing"]
    assert all("SipResponseCode" not in request.form for request in told[:-1])
    assert result.status == status


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"to": "5550300"}, 21211),
        ({"to": "+1500555030x"}, 21211),
        ({"to": "+999"}, 21211),
        ({"to": ANA}, 21215),
        ({"to": BEN}, 21214),
        ({"to": "+15005550302", "send_digits": "12,3"}, 20001),
        ({"to": "+15005550302", "send_digits": "1" * 33}, 20001),
        ({"to": "+15005550302", "status_callback": "https://my_host.example.net/status"}, 21609),
        ({"to": "+15005550302", "url": "voice.xml"}, 21205),
        ({"to": "+15005550302", "time_limit": "long"}, 20001),
    ],
)
async def test_calls_that_are_refused(arguments, code):
    callees = {ANA: Callee(refused=21215), BEN: Callee(refused=21214)}
    async with Carrier(callees=callees) as carrier, client_of(carrier) as client:
        with pytest.raises(TwilioRestException) as refusal:
            await client.calls.create_async(**order(**arguments))
        assert (refusal.value.status, refusal.value.code) == (400, code)
        assert carrier.calls == {}
        assert carrier.queue_time == 0


async def test_keys_are_sent_before_the_first_document():
    product = Product(listen)
    async with serve(product, callees={ANA: Callee(ring=1.0)}) as carrier, client_of(carrier) as client:
        created = await client.calls.create_async(**order(send_digits="wW12#", time_limit=5))
        result = await carrier.calls[str(created.sid)].ended
    [played] = result.ear.facts(DigitsPlayed)
    assert (played.digits, round(played.end - played.at, 2)) == ("wW12#", 2.1)
    assert (result.ending, result.ear.duration) == ("time limit", pytest.approx(5, abs=0.03))


@pytest.mark.parametrize(("path", "documents"), [("/voice", 2), ("/spare", 1)])
async def test_the_fallback_is_asked_once(path, documents):
    product = Product()
    product.documents["/voice"] = product.documents["/spare"] = "<Response><Hangup/></Response>"
    product.statuses["/voice"] = 500
    product.statuses["/spare"] = 500 if path == "/voice" else 200
    async with serve(product, callees=CALLEES) as carrier, client_of(carrier) as client:
        created = await client.calls.create_async(**order(fallback_url=PUBLIC + "/spare"))
        result = await carrier.calls[str(created.sid)].ended
    [spare] = product.asked("/spare")
    assert (spare.form["ErrorCode"], spare.form["ErrorUrl"]) == ("11200", VOICE)
    assert result.ending == ("application error" if path == "/voice" else "hung up by verb")
    assert [violation.code for violation in result.violations] == [11200] * documents


# --- callbacks on a bad way ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delivery", "events"),
    [
        (Delivery(), ["initiated", "ringing", "in-progress", "completed"]),
        (Delivery(times=2), [event for event in ("initiated", "ringing", "in-progress", "completed") for _ in "ab"]),
        (Delivery(lost=frozenset({"answered"})), ["initiated", "ringing", "completed"]),
        (Delivery(late={"answered": 30.0}), ["initiated", "ringing", "completed", "in-progress"]),
        (Delivery(late={"initiated": 2.0, "ringing": 1.5}), ["in-progress", "ringing", "initiated", "completed"]),
    ],
)
async def test_callbacks_may_be_repeated_lost_and_overtaken(delivery, events):
    product = Product(listen)
    async with serve(product, callees=CALLEES, delivery=delivery) as carrier, client_of(carrier) as client:
        created = await client.calls.create_async(**order(status_callback_event=ALL_EVENTS))
        await carrier.calls[str(created.sid)].ended
    told = product.asked("/status")
    assert [request.form["CallStatus"] for request in told] == events
    number = {"initiated": "0", "ringing": "1", "in-progress": "2", "completed": "3"}
    assert all(request.form["SequenceNumber"] == number[request.form["CallStatus"]] for request in told)


# --- lists -----------------------------------------------------------------------------------------


async def test_calls_are_found_by_what_is_known_of_them():
    product = Product(listen)
    async with serve(product, callees=CALLEES) as carrier, client_of(carrier) as client:
        sids = [str((await client.calls.create_async(**order(to))).sid) for to in (ANA, BEN, ANA)]
        now = datetime.now(UTC)
        assert [call.sid for call in await client.calls.list_async()] == sids[::-1]
        for filters, expected in (
            ({"to": ANA}, [sids[2], sids[0]]),
            ({"to": BEN, "from_": AGENT_NUMBER}, [sids[1]]),
            ({"from_": BEN}, []),
            ({"status": "queued", "to": ANA}, [sids[2]]),
            ({"start_time_after": now - timedelta(seconds=60)}, sids[::-1]),
            ({"start_time_after": now + timedelta(seconds=60)}, []),
            ({"start_time_before": now - timedelta(seconds=60)}, []),
            ({"start_time_after": now - timedelta(seconds=60), "start_time_before": now + timedelta(60)}, sids[::-1]),
            ({"end_time_after": now - timedelta(seconds=60)}, []),
        ):
            assert [call.sid for call in await client.calls.list_async(**filters)] == expected, filters
        for sid in sids:
            await carrier.calls[sid].ended
        assert [call.sid for call in await client.calls.list_async(status="completed")] == [sids[2], sids[0]]
        assert len(await client.calls.list_async(end_time_after=now - timedelta(seconds=60))) == 3
        fetched = await client.calls(sids[0]).fetch_async()
        assert fetched.end_time - fetched.start_time in (timedelta(seconds=3), timedelta(seconds=4))


async def test_long_lists_come_in_pages():
    async with (
        serve(Product(listen), callees=CALLEES, calls_per_second=1000.0) as carrier,
        client_of(carrier) as client,
    ):
        sids = [str((await client.calls.create_async(**order())).sid) for _ in range(7)]
        assert [call.sid for call in await client.calls.list_async(page_size=3)] == sids[::-1]
        page = await client.calls.page_async(page_size=3)
        assert [call.sid for call in page] == sids[:3:-1]
        following = await page.next_page_async()
        assert following is not None
        assert [call.sid for call in following] == sids[3:0:-1]
        assert [call.sid for call in await client.calls.list_async(limit=2)] == sids[:4:-1]


@pytest.mark.parametrize("filters", [{"status": "dead"}, {"start_time_after": "yesterday"}])
async def test_filters_that_mean_nothing_are_refused(filters):
    async with Carrier() as carrier, client_of(carrier) as client:
        with pytest.raises(TwilioException, match='"code":20001'):  # all that the SDK says of a page it did not get
            await client.calls.list_async(**filters)


# --- faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fault", "calls"), [("fails after", 1), ("fails before", 0)])
async def test_an_error_does_not_tell_whether_the_call_was_placed(fault, calls):
    async with serve(Product(listen), callees=CALLEES) as carrier, client_of(carrier) as client:
        carrier.rest_faults.add(fault)
        with pytest.raises(TwilioRestException) as refusal:
            await client.calls.create_async(**order())
        assert (refusal.value.status, refusal.value.code) == (500, 20500)
        assert len(await client.calls.list_async(to=ANA)) == len(carrier.calls) == calls
        await client.calls.create_async(**order())
        assert len(carrier.calls) == calls + 1


@pytest.mark.parametrize(("fault", "calls"), [("silent after", 1), ("silent before", 0)])
async def test_silence_does_not_tell_whether_the_call_was_placed(fault, calls):
    async with serve(Product(listen), callees=CALLEES) as carrier:
        control = TwilioControl(ACCOUNT_SID, ACCOUNT_SID, AUTH_TOKEN, base_url=carrier.api_url)
        carrier.rest_faults.add(fault)
        with pytest.raises(CarrierError, match="expected an answer within"):
            await control.ask(lambda account: account.calls.create_async(**order()))
        assert len(carrier.calls) == calls
        await control.aclose()


async def test_too_many_requests_are_not_carried_out():
    async with serve(Product(listen), callees=CALLEES) as carrier:
        control = TwilioControl(ACCOUNT_SID, ACCOUNT_SID, AUTH_TOKEN, base_url=carrier.api_url)
        carrier.rest_faults.add("too many requests", times=2)
        carrier.rest_faults.add("too many requests", whom=lambda asked: asked == Asked("GET", ".json"))
        assert await control.account_status() == "active"
        await control.ask(lambda account: account.calls.create_async(**order()))
        assert len(carrier.calls) == 1
        await control.aclose()
