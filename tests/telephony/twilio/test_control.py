"""Calls steered from outside: against a small REST server that knows only what Twilio documents."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from aiohttp import web

from phoneagent.errors import CarrierError, DialRefused, MessageRefused
from phoneagent.private import Private
from phoneagent.records import Order, Progress
from phoneagent.simulator.carrier import ACCOUNT_SID, AUTH_TOKEN, Carrier
from phoneagent.telephony.twilio.addresses import order_urls
from phoneagent.telephony.twilio.control import DEADLINE, TwilioControl

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
CALL = "CA0123456789abcdef0123456789abcdef"
NUMBER = "+15005550010"
ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"


class RestServer:
    """Twilio's REST interface, as far as it is used here. `answers` come before the regular ones; None is none."""

    def __init__(self):
        self.requests = []  # (method, path, form or query)
        self.answers = []
        self.calls = {CALL: "in-progress"}
        self.numbers = [{"sid": "PN1", "phone_number": NUMBER, "voice_url": "https://voice.example.net/twilio/voice"}]
        self.url = ""
        self.closing = asyncio.Event()

    async def handle(self, request):
        if request.headers.get("Authorization") != "Basic " + base64.b64encode(b"SK1:secret").decode():
            return problem(401, 20003, "Authenticate")
        values = dict(await request.post() if request.method == "POST" else request.query)
        self.requests.append((request.method, request.raw_path.partition("?")[0], values))
        if self.answers:
            return self.answers.pop(0) or await self.silence()
        match (request.method, request.path.removeprefix(ROOT).split("/")[1:]):
            case ("POST", ["Calls", name]) if values.keys() in ({"Status"}, {"Twiml"}):
                return self.update(name.removesuffix(".json"), values)
            case ("GET", ["IncomingPhoneNumbers.json"]) if values.keys() == {"PhoneNumber", "PageSize"}:
                wanted = values["PhoneNumber"].lstrip("+")
                found = [number for number in self.numbers if wanted in number["phone_number"]]
                return web.json_response({"incoming_phone_numbers": found, "page": 0, "next_page_uri": None})
            case ("GET", ["Applications", "AP1.json"]):
                return web.json_response({"sid": "AP1", "voice_url": "https://application.example.net/"})
        if (request.method, request.path) == ("GET", ROOT + ".json"):
            return web.json_response({"sid": ACCOUNT, "status": "active"})
        return problem(404, 20404, f"The requested resource {request.path} was not found")

    async def silence(self):
        await self.closing.wait()  # aiohttp waits for its handlers, whatever it was told
        return web.Response()

    def update(self, call, values):
        if call not in self.calls:
            return problem(404, 20404, "The requested resource was not found")
        if self.calls[call] == "completed":
            return problem(400, 21220, "Call is not in-progress. Cannot redirect.")
        if "Status" in values:
            self.calls[call] = values["Status"]
        return web.json_response({"sid": call, "status": self.calls[call]})


def problem(status, code, message):
    return web.json_response({"status": status, "code": code, "message": message, "more_info": ""}, status=status)


@asynccontextmanager
async def serving(handler):
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, shutdown_timeout=0, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def server():
    rest = RestServer()
    async with serving(rest.handle) as rest.url:
        yield rest
        rest.closing.set()


@pytest.fixture
async def control(server):
    control = TwilioControl(ACCOUNT, "SK1", "secret", base_url=server.url)
    yield control
    await control.aclose()


async def test_a_call_is_hung_up(server, control):
    await control.hang_up(CALL)
    assert server.calls[CALL] == "completed"
    assert server.requests == [("POST", f"{ROOT}/Calls/{CALL}.json", {"Status": "completed"})]


async def test_hanging_up_twice_or_a_call_nobody_knows_is_no_error(server, control):
    await control.hang_up(CALL)
    await control.hang_up(CALL)
    await control.hang_up("CAffffffffffffffffffffffffffffffff")
    assert len(server.requests) == 3


async def test_a_problem_in_the_new_form_counts_the_same(server, control):
    body = {"type": "https://twilio.example/errors", "title": "Call is over", "status": 400, "code": 21220}
    server.answers = [web.json_response(body, status=400)]
    await control.hang_up(CALL)
    server.answers = [web.json_response({**body, "status": 403, "code": 20003, "detail": "Not yours"}, status=403)]
    with pytest.raises(CarrierError, match="HTTP 403, code 20003: Not yours"):
        await control.hang_up(CALL)


async def test_a_document_replaces_what_the_carrier_does(server, control):
    await control.update(CALL, "<Response><Hangup/></Response>")
    assert server.requests == [("POST", f"{ROOT}/Calls/{CALL}.json", {"Twiml": "<Response><Hangup/></Response>"})]


async def test_a_call_that_is_over_cannot_be_updated(control):
    await control.hang_up(CALL)
    with pytest.raises(CarrierError, match="21220"):
        await control.update(CALL, "<Response/>")


async def test_a_document_that_the_request_cannot_hold_is_not_sent(server, control):
    with pytest.raises(CarrierError, match="4000"):
        await control.update(CALL, "x" * 4001)
    assert server.requests == []


async def test_an_identifier_stays_within_its_part_of_the_path(server, control):
    await control.account_status()
    await control.hang_up("../Messages?x#")
    assert server.requests[1:] == [("POST", f"{ROOT}/Calls/..%2FMessages%3Fx%23.json", {"Status": "completed"})]


async def test_too_many_requests_are_tried_again(server, control):
    server.answers = [problem(429, 20429, "Too many concurrent requests") for _ in range(3)]
    await control.hang_up(CALL)
    assert len(server.requests) == 4
    assert server.calls[CALL] == "completed"


async def test_too_many_requests_for_too_long_are_an_error(server, control):
    server.answers = [problem(429, 20429, "Too many concurrent requests") for _ in range(1000)]
    began = asyncio.get_running_loop().time()
    with pytest.raises(CarrierError, match="told to wait"):
        await control.hang_up(CALL)
    assert asyncio.get_running_loop().time() - began == pytest.approx(DEADLINE, abs=0.1)
    assert 3 < len(server.requests) < 60, "neither impatient nor idle"


@pytest.mark.parametrize("status", [500, 503])
async def test_what_may_have_been_done_is_not_done_again(server, control, status):
    server.answers = [problem(status, 20500, "Internal error")]
    with pytest.raises(CarrierError, match=str(status)):
        await control.update(CALL, "<Response/>")
    assert len(server.requests) == 1


async def test_a_server_that_never_answers_is_given_up(server, control):
    server.answers = [None]
    began = asyncio.get_running_loop().time()
    with pytest.raises(CarrierError, match="within 5 s"):
        await control.hang_up(CALL)
    assert asyncio.get_running_loop().time() - began == pytest.approx(DEADLINE, abs=0.1)


async def test_a_server_that_is_not_there_is_a_carrier_error():
    async with serving(RestServer().handle) as url:
        pass  # and gone
    control = TwilioControl(ACCOUNT, "SK1", "secret", base_url=url)
    with pytest.raises(CarrierError, match="ClientConnectorError"):
        await control.account_status()
    await control.aclose()


@pytest.mark.parametrize("body", ["<html>proxy</html>", "[]", "null", '"text"', ""])
async def test_an_answer_that_is_not_twilios_is_a_carrier_error(server, control, body):
    server.answers = [web.Response(text=body)]
    with pytest.raises(CarrierError):
        await control.voice_url(NUMBER)


async def test_an_error_page_of_a_proxy_is_a_carrier_error(server, control):
    server.answers = [web.Response(status=502, text="<html>bad gateway</html>")]
    with pytest.raises(CarrierError, match="502"):
        await control.hang_up(CALL)


async def test_wrong_credentials_are_refused(server):
    control = TwilioControl(ACCOUNT, "SK1", "guessed", base_url=server.url)
    with pytest.raises(CarrierError, match="20003"):
        await control.account_status()
    await control.aclose()


async def test_an_account_says_how_it_is(control):
    assert await control.account_status() == "active"


async def test_a_number_says_where_its_calls_go(server, control):
    server.numbers.insert(0, {"sid": "PN0", "phone_number": NUMBER + "9", "voice_url": "https://longer.example"})
    assert await control.voice_url(NUMBER) == "https://voice.example.net/twilio/voice"
    server.numbers[1]["voice_url"] = ""
    assert await control.voice_url(NUMBER) is None
    server.numbers[1]["voice_application_sid"] = "AP1"
    assert await control.voice_url(NUMBER) == "https://application.example.net/"


async def test_a_number_of_somebody_elses_is_an_error_that_does_not_name_it(control):
    with pytest.raises(CarrierError, match="number of this account") as refusal:
        await control.voice_url("+15005550099")
    assert "5550099" not in str(refusal.value)


async def test_numbers_in_what_twilio_says_stay_private(server, control, caplog):
    caplog.set_level(logging.DEBUG)
    server.answers = [problem(400, 21211, "The 'To' number +15005550006 is not a valid phone number.")]
    with pytest.raises(CarrierError, match=r"number \[number\] is not") as refusal:
        await control.update(CALL, "<Response/>")
    assert "5550006" not in str(refusal.value)
    await control.voice_url(NUMBER)
    assert "5550010" not in caplog.text


async def test_after_closing_nothing_is_asked_any_more(server, control):
    await control.account_status()
    await control.aclose()
    await control.aclose()
    with pytest.raises(CarrierError, match="closed"):
        await control.hang_up(CALL)
    assert len(server.requests) == 1


async def test_region_and_edge_of_the_environment_do_not_change_an_emulators_address(server, monkeypatch):
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    control = TwilioControl(ACCOUNT, "SK1", "secret", base_url=server.url)
    assert await control.account_status() == "active"
    await control.aclose()


# --- placing calls


DIALLED = 1_790_000_000.0

ORDER = Order(
    id="PC" + "1" * 32,
    to=Private("+12125550123"),
    caller_id=Private(NUMBER),
    agent="front-desk",
    created=1_790_000_000.0,
    ring_for=20,
    max_duration=600,
    dialled=DIALLED,
)
URLS = order_urls("https://voice.example.net/", ORDER)


def listed(sid, status, created):
    return {"sid": sid, "status": status, "date_created": created, "answered_by": None}


async def test_a_call_is_placed_with_the_order_in_all_its_urls(server, control):
    server.answers = [web.json_response({"sid": CALL, "status": "queued"}, status=201)]
    assert await control.place(ORDER, URLS) == CALL
    ((method, path, form),) = server.requests
    assert (method, path) == ("POST", f"{ROOT}/Calls.json")
    query = "?order=PC" + "1" * 32
    assert form == {
        "To": "+12125550123",
        "From": NUMBER,
        "Url": "https://voice.example.net/twilio/voice" + query,
        "Method": "POST",
        "StatusCallback": "https://voice.example.net/twilio/status" + query,
        "StatusCallbackMethod": "POST",
        "StatusCallbackEvent": "initiated",  # of several the server keeps the first
        "Timeout": "20",
        "TimeLimit": "600",
    }


@pytest.mark.parametrize(("machine", "detection"), [("hang_up", "Enable"), ("voicemail", "DetectMessageEnd")])
async def test_machines_are_detected_while_the_agent_already_speaks(server, control, machine, detection):
    server.answers = [web.json_response({"sid": CALL, "status": "queued"}, status=201)]
    await control.place(replace(ORDER, machine=machine), URLS)
    form = server.requests[0][2]
    assert (form["MachineDetection"], form["AsyncAmd"]) == (detection, "true")
    assert form["AsyncAmdStatusCallback"] == URLS.machine


@pytest.mark.parametrize(
    ("status", "code", "later"),
    [
        (429, 20429, True),
        (400, 21214, True),
        (400, 22005, True),
        (400, 10004, True),
        (400, 21211, False),
        (400, 21215, False),
        (400, 21216, False),
        (401, 20003, False),
    ],
)
async def test_a_refusal_is_certain_and_says_whether_to_try_again(server, control, status, code, later):
    server.answers = [problem(status, code, "The 'To' number +12125550123 cannot be called")]
    with pytest.raises(DialRefused, match=str(code)) as refused:
        await control.place(ORDER, URLS)
    assert refused.value.later is later
    assert "5550123" not in str(refused.value)
    assert len(server.requests) == 1, "whoever knows of the order decides when to ask again"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        problem(500, 20500, "Internal server error"),
        problem(503, 20503, "Unavailable"),
        problem(408, 408, "Timeout"),
        web.Response(text="<html>", status=201),
        web.json_response({"status": "queued"}, status=201),
    ],
    ids=["silence", "500", "503", "408", "html", "no sid"],
)
async def test_what_may_have_been_placed_is_not_called_refused_nor_asked_twice(server, control, answer):
    server.answers = [answer]
    with pytest.raises(CarrierError) as uncertain:
        await control.place(ORDER, URLS)
    assert not isinstance(uncertain.value, DialRefused)
    assert len(server.requests) == 1


async def test_calls_that_may_be_the_orders_are_those_since_it_was_dialled(server, control):
    calls = [
        listed("CA1", "queued", None),
        listed("CA2", "ringing", format_datetime(datetime.fromtimestamp(DIALLED + 1, UTC))),
        listed("CA3", "completed", format_datetime(datetime.fromtimestamp(DIALLED - 120, UTC))),
    ]
    server.answers = [web.json_response({"calls": calls, "page": 0, "next_page_uri": None})]
    assert await control.find(ORDER) == [Progress("CA1", "dialling"), Progress("CA2", "ringing")]
    method, path, query = server.requests[0]
    assert (method, path) == ("GET", f"{ROOT}/Calls.json")
    assert (query["To"], query["From"]) == ("+12125550123", NUMBER)


async def test_how_far_a_call_is_can_be_asked(server, control):
    server.answers = [web.json_response(listed(CALL, "no-answer", None) | {"answered_by": "unknown"})]
    assert await control.progress(CALL) == Progress(CALL, "no-answer", "unknown")
    assert await control.progress("CA9") is None
    server.answers = [web.json_response(listed(CALL, "asleep", None))]
    with pytest.raises(CarrierError, match="asleep"):
        await control.progress(CALL)


async def test_only_a_call_that_nobody_answered_is_cancelled(server, control):
    await control.cancel(CALL)
    assert server.calls[CALL] == "canceled"
    server.answers = [problem(400, 21220, "Call is in-progress. Cannot cancel.")]
    await control.cancel(CALL)
    await control.cancel("CA9")


# --- whatever is asked, an answer means the same


ASKED = {
    "hang up": lambda control: control.hang_up(CALL),
    "update": lambda control: control.update(CALL, "<Response/>"),
    "cancel": lambda control: control.cancel(CALL),
    "progress": lambda control: control.progress(CALL),
    "find": lambda control: control.find(ORDER),
    "number": lambda control: control.voice_url(NUMBER),
    "account": lambda control: control.account_status(),
}
each_request = pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
STRANGE = {
    "nothing in it": lambda: web.json_response({}),
    "a list": lambda: web.json_response([]),
    "a page": lambda: web.Response(text="<html>It works!</html>", content_type="text/html"),
    "elsewhere": lambda: web.Response(status=302, text="{}", headers={"Location": "https://login.example"}),
    "a proxy's 404": lambda: web.Response(status=404, text="<html>no such tunnel</html>"),
}


@each_request
@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
async def test_an_answer_that_says_nothing_is_no_success(server, control, ask, strange):
    server.answers = [strange()]
    with pytest.raises(CarrierError):
        await ask(control)


@each_request
async def test_refusals_name_status_and_code(server, control, ask):
    server.answers = [problem(401, 20003, "Authenticate")]
    with pytest.raises(CarrierError, match="HTTP 401, code 20003: Authenticate"):
        await ask(control)


@each_request
@pytest.mark.parametrize("body", ["[]", '{"error": "x"}', "null", "<html>", ""])
async def test_an_error_of_somebody_else_keeps_its_status(server, control, ask, body):
    server.answers = [web.Response(status=503, text=body)]
    with pytest.raises(CarrierError, match="HTTP 503, code 503"):
        await ask(control)


@each_request
@pytest.mark.parametrize("body", ["[]", '{"code": 20429, "status": 429, "message": "slow down"}'])
async def test_too_many_requests_are_tried_again_whatever_is_asked(server, control, ask, body):
    server.answers = [web.Response(status=429, text=body) for _ in range(2)]
    with contextlib.suppress(CarrierError):  # what this server says then is not the matter here
        await ask(control)
    assert len(server.requests) >= 3


async def test_the_carrier_says_when_to_ask_again(server, control):
    server.answers = [problem(429, 20429, "Too many requests")]
    server.answers[0].headers["Retry-After"] = "2"
    began = asyncio.get_running_loop().time()
    await control.hang_up(CALL)
    assert asyncio.get_running_loop().time() - began == pytest.approx(2.0, abs=0.1)


async def test_nobody_waits_for_what_comes_too_late(server, control):
    server.answers = [problem(429, 20429, "Too many requests")]
    server.answers[0].headers["Retry-After"] = "60"
    began = asyncio.get_running_loop().time()
    with pytest.raises(CarrierError, match="told to wait 60 s"):
        await control.hang_up(CALL)
    assert asyncio.get_running_loop().time() - began < 0.1
    server.answers = [problem(429, 20429, "Too many requests")]
    server.answers[0].headers["Retry-After"] = "60"
    with pytest.raises(DialRefused) as refused:
        await control.place(ORDER, URLS)
    assert (refused.value.later, refused.value.after) == (True, 60.0)


@pytest.mark.parametrize(
    "after", ["soon", "-1", "", "²", "Wed, 21 Oct 2026 07:28:00 GMT", "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"]
)
async def test_a_time_to_wait_that_is_none_is_left_out(server, control, after):
    server.answers = [problem(429, 20429, "Too many requests")]
    server.answers[0].headers["Retry-After"] = after
    await control.hang_up(CALL)
    assert server.calls[CALL] == "completed"


async def test_a_call_of_an_account_that_is_not_there_is_not_over():
    """Twilio says the same of an unknown call and of one in an unknown account; that one may well go on."""
    async with Carrier() as carrier:
        control = TwilioControl("AC" + "0" * 32, ACCOUNT_SID, AUTH_TOKEN, base_url=carrier.api_url)
        for ask in (control.hang_up, control.cancel, control.progress):
            with pytest.raises(CarrierError, match=r"HTTP 40[134]"):
                await ask(CALL)
        await control.aclose()


async def test_what_the_carrier_says_is_one_line_without_control_characters(server, control):
    server.answers = [problem(400, 21211, "one\r\ntwo\x1b[31m\u2028three\x00")]
    with pytest.raises(CarrierError) as refusal:
        await control.update(CALL, "<Response/>")
    assert str(refusal.value).isprintable()
    assert "one two" in str(refusal.value)


@pytest.mark.parametrize("number", ["+1 (500) 555-0006", "+1.500.555.0006", "1 500 555 00 06", "(500)555-0006"])
async def test_a_number_stays_private_however_it_is_written(server, control, number):
    server.answers = [problem(400, 21211, f"The number {number} is bad, see 21211")]
    with pytest.raises(CarrierError, match=r"number \[number\] is bad, see 21211"):
        await control.update(CALL, "<Response/>")


# --- text messages ----------------------------------------------------------------------------------


async def test_a_text_is_sent_once(server, control):
    server.answers = [web.json_response({"sid": "SM1", "status": "queued"}, status=201)]
    assert await control.send_text("Ciao", to="+12125550123", sender=NUMBER) == "SM1"
    assert server.requests == [
        ("POST", f"{ROOT}/Messages.json", {"To": "+12125550123", "From": NUMBER, "Body": "Ciao"})
    ]


async def test_a_text_that_is_surely_not_sent(server, control):
    server.answers = [problem(400, 21610, "Attempt to send to unsubscribed recipient +12125550123")]
    with pytest.raises(MessageRefused, match="21610") as refused:
        await control.send_text("Ciao", to="+12125550123", sender=NUMBER)
    assert "5550123" not in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [None, problem(500, 20500, "Internal server error"), problem(408, 408, "Timeout"), web.json_response({})],
    ids=["silence", "500", "408", "no sid"],
)
async def test_a_text_that_may_have_been_sent_is_not_called_refused_nor_sent_twice(server, control, answer):
    server.answers = [answer]
    with pytest.raises(CarrierError) as uncertain:
        await control.send_text("Ciao", to="+12125550123", sender=NUMBER)
    assert not isinstance(uncertain.value, MessageRefused)
    assert len(server.requests) == 1


# --- recordings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [web.Response(status=204), problem(404, 20404, "not found")], ids=["there", "gone"])
async def test_a_recording_is_deleted(server, control, answer):
    await control.account_status()
    server.answers = [answer]
    await control.delete_recording("RE1")
    assert server.requests[-1][:2] == ("DELETE", f"{ROOT}/Recordings/RE1.json")


async def test_a_recording_that_is_not_deleted(server, control):
    server.answers = [problem(500, 20500, "Internal server error")]
    with pytest.raises(CarrierError, match="20500"):
        await control.delete_recording("RE1")


@pytest.mark.parametrize("number", ["+1911", "+49112", "112", "sip:911@gw.example", "tel:+44999"])
async def test_an_emergency_number_is_never_asked_for(server, control, number):
    with pytest.raises(DialRefused, match="dial the emergency number themselves") as refused:
        await control.place(replace(ORDER, to=Private(number)), URLS)
    assert not refused.value.later
    with pytest.raises(DialRefused):
        await control.ring(number, caller_id="+15005550006", call=CALL, ring_for=20)
    with pytest.raises(MessageRefused):
        await control.send_text("Help", to=number, sender="+15005550006")
    assert server.requests == []
