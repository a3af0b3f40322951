"""Calls from the first ring to the last verb."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace

import pytest
from twilio.request_validator import RequestValidator, get_signature_algorithm

from phoneagent.errors import MisuseError
from phoneagent.simulator.caller import CallerScript, HangUp, Say, Wait
from phoneagent.simulator.carrier import ACCOUNT_SID, AGENT_NUMBER, AUTH_TOKEN, CALLER_NUMBER, Carrier, PhoneNumber
from phoneagent.simulator.ear import Announced, Bridged
from phoneagent.simulator.local_server import LocalServer
from phoneagent.simulator.placed_call import Callee, CallResult, Tampering
from phoneagent.simulator.signing import SigningRule
from phoneagent.simulator.twiml import NotSimulated
from phoneagent.simulator.websocket import HandshakeFailed

from .product import ANSWER, CONNECT, GREETING, PUBLIC, Product, Session, serve
from .test_media_stream import hangs_up_after, listen
from .tone import tone

VOICE = PUBLIC + "/voice"


async def test_a_conversation():
    product = Product()
    product.documents["/voice"] = CONNECT.format(after="<Hangup/>")
    caller = CallerScript(Say("good morning"), Say("a table", "for two please"), HangUp())
    async with serve(product) as carrier:
        result = await carrier.call(VOICE, caller=caller)
    assert result.violations == ()
    assert result.ended_by == "caller"
    assert [heard.audio for heard in result.ear.agent_speech()][:2] == [GREETING, ANSWER]
    assert [said.text for said in result.ear.caller_speech()] == ["good morning", "a table", "for two please"]
    assert all(0.3 <= latency <= 0.36 for latency in result.ear.response_latencies())
    assert len(result.ear.response_latencies()) == 2
    assert result.ear.holes() == []


async def test_the_webhook_is_what_twilio_sends():
    product = Product()
    async with serve(product) as carrier:
        result = await carrier.call(
            VOICE + "?agent=front-desk#rc=2", caller=hangs_up_after(0.5), parameters={"ForwardedFrom": "+15005550001"}
        )
    [request] = product.requests
    assert request.genuine
    assert request.headers["host"] == "voice.example.net"
    assert request.headers["i-twilio-idempotency-token"]
    expected = {
        "AccountSid": ACCOUNT_SID,
        "CallSid": result.call,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        "From": CALLER_NUMBER,
        "Caller": CALLER_NUMBER,
        "To": AGENT_NUMBER,
        "Called": AGENT_NUMBER,
        "ForwardedFrom": "+15005550001",
        "FromCity": "",
    }
    assert expected.items() <= request.form.items()


async def test_a_number_knows_where_its_calls_go():
    product = Product()
    numbers = (PhoneNumber("+15005550007", VOICE, status_callback=PUBLIC + "/status"),)
    async with serve(product, numbers=numbers) as carrier:
        result = await carrier.call(to="+15005550007", caller=hangs_up_after(2.0))
        with pytest.raises(MisuseError, match="voice URL"):
            carrier.dial(to="+15005550008")
    [status] = product.asked("/status")
    assert status.genuine
    assert (status.form["CallStatus"], status.form["CallSid"]) == ("completed", result.call)
    assert (status.form["CallDuration"], status.form["SequenceNumber"]) == ("2", "0")
    assert status.form["CallbackSource"] == "call-progress-events"


@pytest.mark.parametrize("signature", [None, "", "wrong"])
async def test_forged_requests_are_refused_by_a_product_that_checks(signature):
    product = Product()
    async with serve(product) as carrier:
        answer = await carrier.request(VOICE, signature=signature)
        assert answer.status == 403
        assert (await carrier.request(VOICE)).status == 200
        result = await carrier.call(VOICE, tampering=Tampering(webhook_signature=signature))
        assert (result.ending, result.status) == ("application error", "failed")
        assert [violation.code for violation in result.violations] == [11200]
        result = await carrier.call(VOICE, tampering=Tampering(stream_signature=signature))
        assert [violation.code for violation in result.violations] == [31920]
        assert result.ending == "document ended"
        with pytest.raises(HandshakeFailed) as refusal:
            await carrier.open_stream("wss://voice.example.net/media", signature=signature)
        assert refusal.value.status == 403


async def test_parameters_of_a_stream_can_be_forged():
    product = Product(listen)
    tampering = Tampering(parameters={"token": "stolen", "more": "x"})
    async with serve(product) as carrier:
        await carrier.call(VOICE, caller=hangs_up_after(0.1), tampering=tampering)
        await carrier.call(VOICE, caller=hangs_up_after(0.1), tampering=Tampering(parameters={"token": None}))
    given = [session.events("start")[0]["start"]["customParameters"] for session in product.sessions]
    assert given == [{"token": "stolen", "more": "x"}, {}]


async def test_a_stream_by_hand_sends_whatever_it_is_told():
    async def echo(session: Session) -> None:
        websocket = session.websocket
        assert await websocket.receive_text() == "no JSON"
        assert await websocket.receive_bytes() == b"\x00"
        session.received = [await websocket.receive_json() for _ in range(4)]
        await websocket.send_text("what?")
        await websocket.close(1008, "enough")

    product = Product(echo)
    async with serve(product) as carrier:
        stream = await carrier.open_stream("wss://voice.example.net/media")
        stream.send("no JSON")
        stream.send(b"\x00")
        stream.connected()
        stream.start(call="CA0", parameters={"token": "x"})
        stream.media(tone(0.02))
        stream.stop(call="CA0")
        assert await stream.receive() == "what?"
        closure = await stream.closed()
        assert (closure.code, closure.reason) == (1008, "enough")
        assert await stream.receive() == closure
        left_open = await carrier.open_stream("wss://voice.example.net/media")
        assert left_open.sequence == 0
    assert [message["event"] for message in product.sessions[0].received] == ["connected", "start", "media", "stop"]


# --- documents -------------------------------------------------------------------------------------


async def test_verbs_run_one_after_another():
    product = Product()
    product.documents["/voice"] = (
        '<Response><Say>one moment</Say><Pause length="3"/><Redirect>continue?step=2</Redirect></Response>'
    )
    product.documents["/continue"] = '<Response><Play digits="12w3"/></Response>'
    async with serve(product) as carrier:
        result = await carrier.call(VOICE)
    [said] = result.ear.facts(Announced)
    assert said.text == "one moment"
    [heard] = result.ear.agent_speech()  # Twilio's own voice is heard like the agent's
    assert said.at <= heard.at < heard.end <= said.end
    assert result.ear.duration == pytest.approx(said.end + 3 + 3 * 0.2 + 0.5, abs=0.03)
    assert len(result.documents) == 2
    assert (result.ending, result.ended_by, result.status) == ("document ended", "agent", "completed")
    assert [event.values["verb"] for event in result.events if event.name == "verb"] == [
        "Say",
        "Pause",
        "Redirect",
        "Play",
    ]


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        ("<Response>", 200, 12100),
        ("", 200, 11770),
        ("<Response/>" + " " * 70_000, 200, 11750),
        ("<Response/>", 500, 11200),
        ("<Response/>", 302, 11200),
    ],
)
async def test_a_failed_webhook_ends_the_call(document, status, code):
    product = Product()
    product.documents["/voice"] = document
    product.statuses["/voice"] = status
    async with serve(product) as carrier:
        result = await carrier.call(VOICE)
    assert [violation.code for violation in result.violations] == [code]
    assert (result.ending, result.ended_by) == ("application error", "carrier")


async def test_a_webhook_has_15_seconds():
    async def slow(scope, receive, send):
        await asyncio.sleep(20)

    async with LocalServer(slow) as server, Carrier() as carrier:
        result = await carrier.call(server.url + "/voice")
    [violation] = result.violations
    assert violation.code == 11205
    assert violation.at == pytest.approx(15, abs=1.1)


async def test_nobody_listens():
    async with Carrier() as carrier:
        result = await carrier.call("http://127.0.0.1:1/voice")
    assert [violation.code for violation in result.violations] == [11205]


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
async def test_a_rejected_call_is_never_answered(reason, status):
    product = Product()
    product.documents["/voice"] = f'<Response><Reject reason="{reason}"/></Response>'
    async with serve(product) as carrier:
        result = await carrier.call(VOICE)
    assert (result.ending, result.status, result.ear.duration) == ("rejected", status, 0)


async def test_what_is_not_simulated_is_an_error_of_the_test():
    product = Product()
    product.documents["/voice"] = "<Response><Record/></Response>"
    async with serve(product) as carrier:
        with pytest.raises(NotSimulated, match="Record"):
            await carrier.call(VOICE)


CALLEES = {
    "+15005550201": Callee(ring=3.0, talk=20.0),
    "+15005550202": Callee("busy"),
    "+15005550203": Callee("no-answer"),
}


@pytest.mark.parametrize(
    ("number", "status", "seconds"),
    [
        ("+15005550201", "completed", 23),
        ("+15005550202", "busy", 1),
        ("+15005550203", "no-answer", 12),
        ("+15005550299", "failed", 1),
    ],
)
async def test_dial(number, status, seconds):
    product = Product()
    product.documents["/voice"] = f'<Response><Dial timeout="12" action="/dialed">{number}</Dial></Response>'
    product.documents["/dialed"] = "<Response><Hangup/></Response>"
    async with serve(product, callees=CALLEES) as carrier:
        result = await carrier.call(VOICE)
    [dialed] = product.asked("/dialed")
    assert dialed.genuine
    assert dialed.form["DialCallStatus"] == status
    assert result.ear.duration == pytest.approx(seconds, abs=0.03)
    bridged = [(fact.target, round(fact.end - fact.at)) for fact in result.ear.facts(Bridged)]
    assert bridged == ([(number, 20)] if status == "completed" else [])


async def test_a_document_goes_on_after_dial_without_action():
    product = Product()
    product.documents["/voice"] = "<Response><Dial>+15005550202</Dial><Say>nobody there</Say></Response>"
    async with serve(product, callees=CALLEES) as carrier:
        result = await carrier.call(VOICE)
    assert [fact.text for fact in result.ear.facts(Announced)] == ["nobody there"]


async def test_stream_status_callbacks():
    product = Product()
    product.documents["/voice"] = (
        '<Response><Connect action="/connected"><Stream url="wss://voice.example.net/media" statusCallback="/stream" '
        'name="main"/></Connect></Response>'
    )
    product.documents["/connected"] = "<Response/>"
    async with serve(product) as carrier:
        await carrier.call(VOICE, caller=hangs_up_after(1.0))
        product.refuse_streams = True
        await carrier.call(VOICE)
    events = [request.form["StreamEvent"] for request in product.asked("/stream")]
    assert events == ["stream-started", "stream-stopped", "stream-error"]
    assert {request.form["StreamName"] for request in product.asked("/stream")} == {"main"}
    assert len(product.asked("/connected")) == 1  # not after a hang-up


# --- many, and the end of things ---------------------------------------------------------------------


async def test_a_minute_takes_a_moment():
    began = time.perf_counter()
    async with serve(Product()) as carrier:
        result = await carrier.call(VOICE, caller=CallerScript(Say("hello"), Wait(59.0), HangUp(after=0.0)))
    assert result.ear.duration > 60
    assert time.perf_counter() - began < 5  # 0.5 s on an idle machine


async def test_twenty_at_once():
    product = Product()
    async with serve(product) as carrier:
        callers = [
            CallerScript(Wait(0.013 * number), Say(f"this is caller {number}"), Wait(6.0), HangUp(after=0.0))
            for number in range(20)
        ]
        results = await asyncio.gather(*(carrier.call(VOICE, caller=caller) for caller in callers))
    assert len({result.call for result in results}) == 20
    for number, result in enumerate(results):
        assert result.violations == ()
        assert [said.text for said in result.ear.caller_speech()] == [f"this is caller {number}"]
        assert [heard.audio for heard in result.ear.agent_speech()] == [GREETING, ANSWER]
        assert result.ear.holes() == []


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 -- a count, not paths


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="counts descriptors the Linux way")  # noqa: PTH110 -- evaluated at import
async def test_nothing_is_left_behind():
    async def calls(number: int) -> list[CallResult]:
        async with serve(Product()) as carrier:
            return await asyncio.gather(*(carrier.call(VOICE, caller=hangs_up_after(1.0)) for _ in range(number)))

    await calls(1)
    tasks, files = asyncio.all_tasks(), open_files()
    await calls(5)
    assert asyncio.all_tasks() == tasks
    assert open_files() == files


async def test_leaving_the_carrier_ends_its_calls():
    product = Product(listen)
    tasks = asyncio.all_tasks()
    async with serve(product) as carrier:
        call = carrier.dial(VOICE)
        await asyncio.sleep(3)
        assert call.status == "in-progress"
    result = await call.ended
    assert (result.ending, result.ear.duration) == ("carrier closed", pytest.approx(3, abs=0.03))
    assert product.sessions[0].received[-1]["event"] == "stop"
    assert asyncio.all_tasks() == tasks


async def test_a_cancelled_call_hangs_up():
    product = Product(listen)
    async with serve(product) as carrier:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(carrier.call(VOICE), 2)
        await asyncio.sleep(0.1)
        assert product.sessions[0].received[-1]["event"] == "stop"


async def test_a_handle_hangs_up_and_presses_keys():
    product = Product(listen)
    async with serve(product) as carrier:
        call = carrier.dial(VOICE)
        await asyncio.sleep(1)
        call.press("#")
        await asyncio.sleep(1)
        call.hang_up()
        result = await call.ended
    assert [message["dtmf"]["digit"] for message in product.sessions[0].events("dtmf")] == ["#"]
    assert result.ear.duration == pytest.approx(2, abs=0.03)


async def test_a_caller_who_hangs_up_while_it_rings_was_never_connected():
    async def slow(scope, receive, send):
        await asyncio.sleep(5)

    async with LocalServer(slow) as server, Carrier() as carrier:
        call = carrier.dial(server.url + "/voice")
        await asyncio.sleep(1)
        call.hang_up()
        result = await call.ended
    assert (result.ending, result.status, result.violations) == ("caller hung up", "no-answer", ())


async def test_a_call_has_an_end():
    async with serve(Product()) as carrier:
        result = await carrier.call(VOICE, caller=CallerScript(patience=1e9), time_limit=60)
    assert (result.ending, result.ear.duration) == ("time limit", pytest.approx(60, abs=0.03))


async def test_a_rule_has_webhooks_signed_with_a_shared_key_that_twilios_sdk_can_check():
    """As twilio.com/docs/usage/webhooks/webhook-shared-keys says; the longest prefix wins."""
    rule = SigningRule("webhooks_sharedkey_1", "secret of the first")
    async with serve(Product()) as carrier:
        carrier.signing.rules = [rule, replace(rule, key="two", secret="other", prefix=VOICE, streams=False)]
        for url, key, secret in ((VOICE, "two", "other"), (PUBLIC + "/status", rule.key, rule.secret)):
            headers = carrier.signing.headers(url, {"CallSid": "CA1"})
            settings = headers["X-Twilio-Webhooks-Signature-Settings"]
            assert settings == f"key={key},algorithm=HMAC_SHA256"
            algorithm = get_signature_algorithm(settings)
            signature = headers["X-Twilio-Signature"]
            assert RequestValidator(secret).validate(url, {"CallSid": "CA1"}, signature, algorithm)
            assert not RequestValidator(AUTH_TOKEN).validate(url, {"CallSid": "CA1"}, signature)
