"""The REST API, by Twilio's own SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from phoneagent.simulator.caller import CallerScript, HangUp, Say
from phoneagent.simulator.carrier import ACCOUNT_SID, AGENT_NUMBER, AUTH_TOKEN, Carrier, PhoneNumber
from phoneagent.simulator.ear import Announced, StreamClosed
from phoneagent.simulator.placed_call import Callee
from phoneagent.simulator.violation import REST_REFUSED

from .product import ANSWER, GREETING, PUBLIC, Product, serve
from .test_media_stream import listen

VOICE = PUBLIC + "/voice"


@asynccontextmanager
async def client_of(carrier: Carrier, user: str = ACCOUNT_SID, password: str = AUTH_TOKEN) -> AsyncIterator[Client]:
    http = AsyncTwilioHttpClient()
    client = Client(user, password, ACCOUNT_SID, http_client=http)
    client.api.base_url = carrier.api_url
    try:
        yield client
    finally:
        await http.close()


async def test_the_account_and_its_numbers():
    numbers = [PhoneNumber(AGENT_NUMBER, VOICE), PhoneNumber("+15005550007")]
    async with Carrier(numbers=numbers) as carrier, client_of(carrier) as client:
        account = await client.api.accounts(ACCOUNT_SID).fetch_async()
        assert (account.sid, account.status) == (ACCOUNT_SID, "active")
        [number] = await client.incoming_phone_numbers.list_async(phone_number=AGENT_NUMBER)
        assert (number.phone_number, number.voice_url, number.voice_method) == (AGENT_NUMBER, VOICE, "POST")
        assert len(await client.incoming_phone_numbers.list_async()) == 2
        assert await client.incoming_phone_numbers.list_async(phone_number="+15005550099") == []
        updated = await number.update_async(voice_url=VOICE + "?agent=b", status_callback=PUBLIC + "/status")
        assert updated.voice_url == VOICE + "?agent=b"
        assert carrier.numbers[AGENT_NUMBER].status_callback == PUBLIC + "/status"
        assert number.sid is not None
        assert (await client.incoming_phone_numbers(number.sid).fetch_async()).voice_url == updated.voice_url


async def test_api_keys_are_accepted_beside_the_token():
    async with Carrier(api_keys={"SK1": "secret"}) as carrier, client_of(carrier, "SK1", "secret") as client:
        assert (await client.api.accounts(ACCOUNT_SID).fetch_async()).sid == ACCOUNT_SID


@pytest.mark.parametrize(("user", "password"), [(ACCOUNT_SID, "wrong"), ("AC0", AUTH_TOKEN), ("SK1", "secret")])
async def test_strangers_are_refused(user, password):
    async with Carrier() as carrier, client_of(carrier, user, password) as client:
        with pytest.raises(TwilioRestException) as refusal:
            await client.api.accounts(ACCOUNT_SID).fetch_async()
        assert (refusal.value.status, refusal.value.code) == (401, 20003)


async def test_a_hang_up_by_rest_ends_stream_and_call():
    product = Product(listen)
    async with serve(product) as carrier, client_of(carrier) as client:
        call = carrier.dial(VOICE)
        await asyncio.sleep(2)
        fetched = await client.calls(call.sid).fetch_async()
        assert (fetched.status, fetched.direction, fetched.to) == ("in-progress", "inbound", AGENT_NUMBER)
        await client.calls(call.sid).update_async(status="completed")
        result = await call.ended
        fetched = await client.calls(call.sid).fetch_async()
        assert (fetched.status, fetched.duration) == ("completed", "2")
        with pytest.raises(TwilioRestException) as refusal:
            await client.calls(call.sid).update_async(status="completed")
        assert (refusal.value.status, refusal.value.code) == (400, 21220)
    assert (result.ending, result.ended_by) == ("hung up by REST", "agent")
    assert product.sessions[0].received[-1]["event"] == "stop"


async def test_new_instructions_end_the_stream_and_run():
    product = Product(listen)
    async with serve(product) as carrier, client_of(carrier) as client:
        call = carrier.dial(VOICE)
        await asyncio.sleep(1)
        await client.calls(call.sid).update_async(
            twiml="<Response><Say>please hold</Say><Pause length='5'/></Response>"
        )
        await asyncio.sleep(3)
        await client.calls(call.sid).update_async(url=PUBLIC + "/continue", method="POST")
        result = await call.ended
    assert product.sessions[0].received[-1]["event"] == "stop"
    assert product.sessions[0].stopped.is_set()
    [closed] = result.ear.facts(StreamClosed)
    assert closed.at == pytest.approx(1, abs=0.03)
    assert [fact.text for fact in result.ear.facts(Announced)] == ["please hold"]
    assert [request.path for request in product.requests] == ["/voice", "/continue"]
    assert (result.ending, result.ear.duration) == ("hung up by verb", pytest.approx(4, abs=0.03))
    assert result.violations == ()


async def test_a_call_is_placed_and_answered():
    product = Product()
    callees = {"+15005550300": Callee(ring=4.0, script=CallerScript(Say("who is there", after=0.5), HangUp()))}
    async with serve(product, callees=callees) as carrier, client_of(carrier) as client:
        created = await client.calls.create_async(
            to="+15005550300",
            from_=AGENT_NUMBER,
            url=VOICE,
            time_limit=300,
            status_callback=PUBLIC + "/status",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
        )
        assert (created.status, created.direction) == ("queued", "outbound-api")
        call = await carrier.placed_by_rest.get()
        assert call.sid == created.sid
        result = await call.ended
    [voice] = product.asked("/voice")
    assert (voice.form["CallStatus"], voice.form["Direction"]) == ("in-progress", "outbound-api")
    assert [heard.audio for heard in result.ear.agent_speech()][-1] in (GREETING, ANSWER)
    statuses = [(request.form["CallStatus"], request.form["SequenceNumber"]) for request in product.asked("/status")]
    assert statuses == [("initiated", "0"), ("ringing", "1"), ("in-progress", "2"), ("completed", "3")]
    times = [request.at for request in product.asked("/status")]
    assert times[2] - times[1] == pytest.approx(4, abs=0.05)
    assert result.ended_by == "caller"


@pytest.mark.parametrize("outcome", ["busy", "no-answer", "failed"])
async def test_a_call_that_nobody_takes(outcome):
    product = Product()
    async with serve(product, callees={"+15005550300": Callee(outcome)}) as carrier, client_of(carrier) as client:
        created = await client.calls.create_async(
            to="+15005550300", from_=AGENT_NUMBER, url=VOICE, timeout=20, status_callback=PUBLIC + "/status"
        )
        result = await carrier.calls[str(created.sid)].ended
    assert (result.status, result.ending, result.ear.duration) == (outcome, "not answered", 0)
    assert [request.form["CallStatus"] for request in product.requests] == [outcome]


@pytest.mark.parametrize("status", ["canceled", "completed"])
async def test_a_ringing_call_is_cancelled(status):
    async with (
        serve(Product(), callees={"+15005550300": Callee(ring=30)}) as carrier,
        client_of(carrier) as client,
    ):
        created = await client.calls.create_async(to="+15005550300", from_=AGENT_NUMBER, url=VOICE)
        await asyncio.sleep(5)
        await client.calls(str(created.sid)).update_async(status=status)
        result = await carrier.calls[str(created.sid)].ended
    assert (result.status, result.ending) == ("canceled", "canceled")


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        ({"status": "paused"}, 400, 20001),
        ({"status": "canceled"}, 400, 21220),
        ({}, 400, 20001),
        ({"url": VOICE, "twiml": "<Response/>"}, 400, 20001),
        ({"twiml": "<Response>" + " " * 4000 + "</Response>"}, 400, 20001),
        ({"time_limit": 60}, 400, 20001),  # not simulated
    ],
)
async def test_updates_that_are_refused(arguments, status, code):
    async with serve(Product(listen)) as carrier, client_of(carrier) as client:
        call = carrier.dial(VOICE)
        await asyncio.sleep(1)
        with pytest.raises(TwilioRestException) as refusal:
            await client.calls(call.sid).update_async(**arguments)
        assert (refusal.value.status, refusal.value.code) == (status, code)
        assert call.status == "in-progress"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"to": "", "from_": AGENT_NUMBER, "url": VOICE}, 21201),
        ({"to": "+15005550300", "from_": "", "url": VOICE}, 21213),
        ({"to": "+15005550300", "from_": "+15005559999", "url": VOICE}, 21210),
        ({"to": "+15005550300", "from_": AGENT_NUMBER}, 21205),
        ({"to": "+15005550300", "from_": AGENT_NUMBER, "url": VOICE, "record": True}, 20001),
        ({"to": "+15005550300", "from_": AGENT_NUMBER, "url": VOICE, "status_callback_event": ["done"]}, 20001),
    ],
)
async def test_calls_that_are_not_placed(arguments, code):
    async with Carrier() as carrier, client_of(carrier) as client:
        with pytest.raises(TwilioRestException) as refusal:
            await client.calls.create_async(**arguments)
        assert refusal.value.code == code
        assert carrier.calls == {}


async def test_what_is_unknown_is_not_found():
    async with Carrier() as carrier, client_of(carrier) as client:
        for request in (
            client.calls("CA0").fetch_async(),
            client.calls("CA0").update_async(status="completed"),
            client.incoming_phone_numbers("PN0").fetch_async(),
            client.api.accounts("AC0").fetch_async(),
            client.conferences("CF0").fetch_async(),
        ):
            with pytest.raises(TwilioRestException) as refusal:
                await request
            assert (refusal.value.status, refusal.value.code) == (404, 20404)


async def test_texts_are_taken_and_remembered():
    async with Carrier() as carrier, client_of(carrier) as client:
        sent = await client.messages.create_async(to="+12125550123", from_=AGENT_NUMBER, body="Ciao")
        assert (sent.status, sent.direction, sent.error_code) == ("queued", "outbound-api", None)
    [message] = carrier.messages
    assert (message.sid, message.to, message.from_, message.text) == (sent.sid, "+12125550123", AGENT_NUMBER, "Ciao")


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (21604, {"to": ""}),
        (21211, {"to": "012345"}),
        (21602, {"body": ""}),
        (21617, {"body": "a" * 1601}),
        (21660, {"from_": "+15005550099"}),
        (21606, {"from_": "+15005550007"}),
        (21266, {"to": AGENT_NUMBER}),
        (REST_REFUSED, {"status_callback": PUBLIC}),
    ],
)
async def test_texts_that_twilio_refuses(code, wanted):
    numbers = [PhoneNumber(AGENT_NUMBER), PhoneNumber("+15005550007", has_sms=False)]
    asked = {"to": "+12125550123", "from_": AGENT_NUMBER, "body": "Ciao", **wanted}
    async with Carrier(numbers=numbers) as carrier, client_of(carrier) as client:
        with pytest.raises(TwilioRestException) as refusal:
            await client.messages.create_async(**asked)
    assert refusal.value.code == code
    assert carrier.messages == []
