"""Where the account's numbers lead, by Twilio's own SDK against the simulated carrier."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.call.phone_numbers import NumberRules
from phoneagent.errors import CarrierError, OrderRefused
from phoneagent.simulator.carrier import ACCOUNT_SID, AGENT_NUMBER, AUTH_TOKEN, Carrier, PhoneNumber
from phoneagent.simulator.incoming_numbers import Application
from phoneagent.telephony.twilio.control import DEADLINE, TwilioControl
from phoneagent.telephony.twilio.numbers import (
    CredentialsRefused,
    IncomingNumber,
    NumberUnknown,
    Place,
    Routing,
    TwilioNumbers,
)

from .test_control import problem, serving

HERE = Place("https://voice.example.net")
VOICE, STATUS = "https://voice.example.net/twilio/voice", "https://voice.example.net/twilio/status"
ELSEWHERE = "https://demo.example.com/welcome"


@asynccontextmanager
async def account(url, password=AUTH_TOKEN, account_sid=ACCOUNT_SID):
    control = TwilioControl(account_sid, ACCOUNT_SID, password, base_url=url)
    try:
        yield TwilioNumbers(control)
    finally:
        await control.aclose()


def many(count):
    return [PhoneNumber(f"+1500555{at:04}") for at in range(count)]


def incoming(application_url="", **routing):
    return IncomingNumber(
        "PN1", AGENT_NUMBER, "", has_voice=True, routing=Routing(**routing), application_url=application_url
    )


async def test_a_number_is_found_with_all_that_decides_where_its_calls_go():
    old = Application("old flow", ELSEWHERE)
    number = PhoneNumber(
        AGENT_NUMBER, VOICE, "GET", voice_fallback_url=ELSEWHERE, voice_application_sid=old.sid, friendly_name="Desk"
    )
    async with Carrier(numbers=[number], applications=[old]) as carrier, account(carrier.api_url) as numbers:
        found = await numbers.find(AGENT_NUMBER)
    assert (found.number, found.name, found.has_voice) == (AGENT_NUMBER, "Desk", True)
    assert found.routing == Routing(VOICE, "GET", ELSEWHERE, application=old.sid)
    assert found.called_url == ELSEWHERE, "the application overrides the number's own webhook"
    assert AGENT_NUMBER not in repr(found)


async def test_a_number_that_is_part_of_another_is_not_taken_for_it():
    async with (
        Carrier(numbers=[PhoneNumber(AGENT_NUMBER + "9"), PhoneNumber(AGENT_NUMBER)]) as carrier,
        account(carrier.api_url) as numbers,
    ):
        assert (await numbers.find(AGENT_NUMBER)).number == AGENT_NUMBER


async def test_a_number_of_others_is_answered_with_those_that_look_alike():
    numbers = [PhoneNumber("+442079460018"), PhoneNumber("+15005550006"), PhoneNumber("+15005550060")]
    async with Carrier(numbers=numbers) as carrier, account(carrier.api_url) as ours:
        with pytest.raises(NumberUnknown) as unknown:
            await ours.find("+15005550016")
        assert set(unknown.value.near) == {"+15005550006", "+15005550060"}
        with pytest.raises(NumberUnknown) as unknown:
            await ours.find("+819012345678")
        assert unknown.value.near == ()
    assert "+" not in str(unknown.value), "messages may be logged"


@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
async def test_all_pages_are_read_and_none_twice(count):
    async with Carrier(numbers=many(count)) as carrier, account(carrier.api_url) as numbers:
        found, more = await numbers.all()
    assert [each.number for each in found] == [each.number for each in many(count)]
    assert not more


@pytest.mark.parametrize(("limit", "more"), [(1, True), (100, True), (150, True), (249, True), (250, False)])
async def test_a_limit_says_when_there_are_more(limit, more):
    async with Carrier(numbers=many(250)) as carrier, account(carrier.api_url) as numbers:
        found, told = await numbers.all(limit)
    assert (len(found), told) == (limit, more)


async def test_calls_of_a_number_are_led_here_and_nothing_else_is_touched():
    before = PhoneNumber(AGENT_NUMBER, ELSEWHERE, "GET", voice_fallback_url=ELSEWHERE, friendly_name="Desk")
    async with Carrier(numbers=[before]) as carrier, account(carrier.api_url) as numbers:
        now = await numbers.route(await numbers.find(AGENT_NUMBER), HERE.routing("night shift"))
        assert carrier.numbers[AGENT_NUMBER] == replace(
            before,
            voice_url=f"{VOICE}?agent=night+shift",
            voice_method="POST",
            status_callback=STATUS,
            voice_fallback_url="",
        )
    assert now.routing == HERE.routing("night shift")
    assert HERE.is_voice(now.called_url)


@pytest.mark.parametrize("override", ["application", "trunk"])
async def test_what_overrides_the_webhook_is_taken_off_and_can_be_put_back(override):
    old = Application("old flow", ELSEWHERE)
    set_to: dict[str, Any] = (
        {"voice_application_sid": old.sid} if override == "application" else {"trunk_sid": "TK" + "1" * 32}
    )
    before = PhoneNumber(AGENT_NUMBER, VOICE, **set_to)
    async with Carrier(numbers=[before], applications=[old]) as carrier, account(carrier.api_url) as numbers:
        found = await numbers.find(AGENT_NUMBER)
        assert not HERE.is_voice(found.called_url)
        now = await numbers.route(found, HERE.routing())
        assert HERE.is_voice(now.called_url)
        again = await numbers.route(now, found.routing)
        assert again == found
        assert carrier.numbers[AGENT_NUMBER] == before


async def test_an_application_that_was_deleted_leads_nowhere():
    gone = Application("gone", ELSEWHERE)
    number = PhoneNumber(AGENT_NUMBER, VOICE, voice_application_sid=gone.sid)
    async with Carrier(numbers=[number]) as carrier, account(carrier.api_url) as numbers:
        assert (await numbers.find(AGENT_NUMBER)).called_url == ""


async def test_what_is_so_already_is_not_asked_for():
    async with Carrier() as carrier, account(carrier.api_url) as numbers:
        linked = await numbers.route(await numbers.find(AGENT_NUMBER), HERE.routing())
    async with account(carrier.api_url) as numbers:  # nobody is there any more
        assert await numbers.route(linked, HERE.routing()) == linked


def test_the_method_of_a_url_that_is_not_set_says_nothing():
    assert Routing(voice_method="GET", fallback_method="GET").means(Routing())
    assert not Routing(ELSEWHERE, "GET").means(Routing(ELSEWHERE))


async def test_a_url_that_twilio_refuses_changes_nothing():
    async with Carrier() as carrier, account(carrier.api_url) as numbers:
        with pytest.raises(CarrierError, match="21502"):
            await numbers.route(await numbers.find(AGENT_NUMBER), Routing("gopher://voice", status_callback=STATUS))
        assert carrier.numbers[AGENT_NUMBER] == PhoneNumber(AGENT_NUMBER)


async def test_a_number_that_does_not_become_what_was_asked_for_is_an_error():
    async def stubborn(_):
        return web.json_response({"sid": "PN1", "phone_number": AGENT_NUMBER, "voice_url": ELSEWHERE})

    async with serving(stubborn) as url, account(url) as numbers:
        with pytest.raises(CarrierError, match="to be as was asked for"):
            await numbers.route(incoming(voice_url=ELSEWHERE), HERE.routing())


async def test_wrong_credentials_are_told_from_other_refusals():
    async with Carrier() as carrier:
        async with account(carrier.api_url, "wrong") as numbers:
            with pytest.raises(CredentialsRefused, match="20003"):
                await numbers.all()
            with pytest.raises(CredentialsRefused, match="20003"):
                await numbers.route(incoming(), HERE.routing())
        async with account(carrier.api_url, account_sid="AC" + "0" * 32) as numbers:
            with pytest.raises(CredentialsRefused, match="HTTP 404, code 20404"):
                await numbers.all()
        async with account(carrier.api_url) as numbers:
            with pytest.raises(CarrierError, match="HTTP 404, code 20404") as refused:
                await numbers.route(incoming(), HERE.routing())
    assert not isinstance(refused.value, CredentialsRefused), "it is the number that is gone"


async def test_a_list_that_came_too_often_is_asked_for_again():
    asked = []

    async def busy_twice(request):
        asked.append(request)
        if len(asked) < 3:
            return problem(429, 20429, "Too many concurrent requests")
        return web.json_response({"incoming_phone_numbers": [], "page": 0, "next_page_uri": None})

    async with serving(busy_twice) as url, account(url) as numbers:
        assert await numbers.all() == ([], False)
    assert len(asked) == 3


@pytest.mark.parametrize("text", ["<html>bad gateway</html>", "[]", '{"code": 1}', ""])
async def test_the_page_of_a_proxy_in_place_of_a_list(text):
    async def broken(_):
        return web.Response(status=502, text=text)

    async with serving(broken) as url, account(url) as numbers:
        with pytest.raises(CarrierError, match="HTTP 502"):
            await numbers.all()


async def test_each_page_has_a_time_of_its_own():
    async def slow(request):
        await asyncio.sleep(DEADLINE - 1)
        page = int(request.query.get("Page", 0))
        following = f"{request.path}?Page={page + 1}" if page < 3 else None
        told = [{"sid": f"PN{page}", "phone_number": f"+1500555000{page}"}]
        return web.json_response({"incoming_phone_numbers": told, "page": page, "next_page_uri": following})

    async with serving(slow) as url, account(url) as numbers:
        found, more = await numbers.all()
    assert (len(found), more) == (4, False)


@pytest.mark.parametrize(
    "url",
    [
        VOICE,
        f"{VOICE}?agent=front-desk",
        f"{VOICE}#rc=2&rp=ct,rt",
        "https://voice.example.net:443/twilio/voice",
        "HTTPS://Voice.Example.Net/twilio/voice",
    ],
)
def test_a_webhook_is_ours_however_it_is_written(url):
    assert HERE.is_voice(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        STATUS,
        "http://voice.example.net/twilio/voice",
        "https://voice.example.net:8443/twilio/voice",
        "https://voice.example.net.evil.example/twilio/voice",
        "https://voice.example.net@evil.example/twilio/voice",
        f"{VOICE}/",
        f"{VOICE}mail",
        "https://[voice/twilio/voice",
        "https://voice.example.net:port/twilio/voice",
        f"https://evil.example/?{VOICE}",
    ],
)
def test_a_webhook_that_is_not_ours(url):
    assert not HERE.is_voice(url)


def test_a_server_below_a_path():
    place = Place("https://example.net/voice-agent")
    assert place.is_voice(place.routing("a").voice_url)
    assert not place.is_voice("https://example.net/twilio/voice")


def test_only_what_leads_here_is_taken_away():
    now = incoming(voice_url=f"{VOICE}?agent=a", fallback_url=ELSEWHERE, status_callback=STATUS, application="AP1")
    assert HERE.without_us(now) == Routing(fallback_url=ELSEWHERE, application="AP1")
    assert HERE.without_us(replace(now, application_url=VOICE)) == Routing(fallback_url=ELSEWHERE)


URLS = st.sampled_from(["", ELSEWHERE, VOICE, f"{VOICE}?agent=a", STATUS])


@given(voice_url=URLS, fallback_url=URLS, status_callback=URLS, application_url=URLS)
def test_whatever_a_number_had_it_is_rid_of_us_and_of_nothing_else(
    voice_url, fallback_url, status_callback, application_url
):
    number = incoming(
        application_url,
        voice_url=voice_url,
        fallback_url=fallback_url,
        status_callback=status_callback,
        application="AP1",
    )
    left = HERE.without_us(number)
    for was, now in zip(
        (voice_url, fallback_url, status_callback),
        (left.voice_url, left.fallback_url, left.status_callback),
        strict=True,
    ):
        assert now == ("" if HERE.is_ours(was) else was)
    assert (left.application == "") == HERE.is_ours(application_url)


async def test_the_accounts_numbers_are_known_as_our_own():
    rules = NumberRules(["US"])
    listed = [PhoneNumber("+12125550142"), *many(150)]
    async with Carrier(numbers=listed) as carrier, account(carrier.api_url) as numbers:
        assert rules.destination("+12125550142")
        rules.know_own(await numbers.known())
    with pytest.raises(OrderRefused, match="one of our own"):
        rules.destination("+12125550142")
    assert rules.destination("+12125550143")
