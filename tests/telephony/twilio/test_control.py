"""Calls steered from outside: against a small REST server that knows only what Twilio documents."""

from __future__ import annotations

import asyncio
import base64
import logging
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from phoneagent.errors import CarrierError
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
    await control.hang_up("../Messages?x#")
    assert server.requests == [("POST", f"{ROOT}/Calls/..%2FMessages%3Fx%23.json", {"Status": "completed"})]


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
