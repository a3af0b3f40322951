"""The carrier's forms: what they are, what they are not, and what becomes of strangers who send others."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from phoneagent.simulator.carrier import AUTH_TOKEN
from phoneagent.telephony.twilio.signature import TwilioSignatures
from phoneagent.telephony.twilio.twiml import NOT_IN_XML
from phoneagent.web.forms import LARGEST, LONGEST_NAME, LONGEST_VALUE, MOST_FIELDS, parse_form
from phoneagent.web.strangers import BURST, MOST_ADDRESSES, Strangers
from phoneagent.web.webhooks import text_of
from tests.calls.world import world

WRONG = "bm90IHNpZ25lZCBieSBUd2lsaW8="
SURPLUS = {
    "fields": {f"f{number}": "v" for number in range(MOST_FIELDS + 1)},
    "nothing but fields": dict.fromkeys([f"{number}" for number in range(10_000)], ""),
    "a name": {"n" * (LONGEST_NAME + 1): "v"},
    "a value": {"CallSid": "v" * (LONGEST_VALUE + 1)},
    "size": {f"f{number}": "%" * 300 for number in range(100)},
}


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
        ),
        max_size=20,
    )
)
def test_what_the_carrier_writes_is_read(pairs):
    assert parse_form(urlencode(pairs).encode()).multi_items() == pairs


@pytest.mark.parametrize("body", [b"\xff=\xfe", b"%", b"%zz=%f", b"&&&==&;", b"a;b=c", b"%00=%00", b"=", b""])
def test_any_bytes_are_a_form(body):
    assert isinstance(parse_form(body).multi_items(), list)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"CallerName=Jos%E9", "Jos"),  # no UTF-8
        (b"CallerName=Ana%00%1B%5B2J", "Ana[2J"),
        (b"CallerName=%ED%A0%BD", ""),  # half a pair
        (b"CallerName=%E2%80%AEanA", "anA"),  # to be shown from right to left
        (b"CallerName=%F0%9F%98%8A+Ana", "\U0001f60a Ana"),
    ],
)
def test_what_is_read_of_a_form_is_text(body, text):
    assert text_of(parse_form(body), "CallerName") == text


@given(st.binary(max_size=60))
def test_any_bytes_of_a_form_are_read_as_text(value):
    text = text_of(parse_form(b"From=" + value.replace(b"&", b"")), "From")
    assert not NOT_IN_XML.search(text)
    text.encode()


def test_the_longest_forms_that_twilio_sends_are_taken():
    form = {f"SipHeader_X-Custom-{number}": "v" * 100 for number in range(100)} | {"AddOns": "r" * 10_000}
    assert len(parse_form(urlencode(form).encode())) == 101


@pytest.mark.parametrize("kind", SURPLUS)
async def test_a_form_that_no_carrier_sends_is_refused_whoever_has_signed_it(kind):
    async with world() as (running, told):
        answer = await running.carrier.request(running.voice_url, SURPLUS[kind])
        assert answer.status == 413
        assert b"expected" in answer.body
        assert (await running.carrier.request(running.voice_url)).status == 200
    assert [values["reason"] for values in told.of("refused")] == ["form"]


async def test_without_a_signature_a_form_is_not_even_read():
    async with world() as (running, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(running.url.rpartition(":")[2]))
        writer.write(
            b"POST /twilio/voice HTTP/1.1\r\nHost: here\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: 60000\r\n\r\nCall"
        )
        assert (await reader.readline()).split()[1] == b"403"
        writer.close()


async def test_what_is_no_form_is_refused():
    async with world() as (running, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(running.url.rpartition(":")[2]))
        writer.write(
            f"POST /twilio/voice HTTP/1.1\r\nHost: here\r\nX-Twilio-Signature: {WRONG}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 2\r\n\r\n--".encode()
        )
        assert (await reader.readline()).split()[1] == b"415"
        writer.close()


async def test_who_leaves_in_the_middle_of_a_form_is_no_defect_of_ours(caplog):
    async with world() as (running, _):
        _, writer = await asyncio.open_connection("127.0.0.1", int(running.url.rpartition(":")[2]))
        writer.write(
            f"POST /twilio/voice HTTP/1.1\r\nHost: here\r\nX-Twilio-Signature: {WRONG}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nCall".encode()
        )
        await asyncio.sleep(0.1)
        writer.transport.abort()
        await asyncio.sleep(0.1)
    assert "Exception" not in caplog.text


@pytest.mark.parametrize("signature", [None, WRONG])
async def test_strangers_are_told_off_when_they_come_too_often_and_the_carrier_from_the_same_address_never(signature):
    async with world() as (running, _):
        statuses = [
            (await running.carrier.request(running.voice_url, signature=signature)).status for _ in range(2 * BURST)
        ]
        assert statuses[:BURST] == [403] * BURST
        assert set(statuses[BURST + 2 :]) == {429}
        assert (await running.carrier.request(running.voice_url)).status == 200
        await asyncio.sleep(60)
        assert (await running.carrier.request(running.voice_url, signature=signature)).status == 403


def test_addresses_of_strangers_do_not_fill_the_memory():
    strangers = Strangers()
    for number in range(3 * MOST_ADDRESSES):
        assert strangers.refuse(f"address {number}", 0.0) == 0.0
    assert len(strangers._buckets) == MOST_ADDRESSES


def test_a_bucket_fills_up_again_and_no_further():
    strangers = Strangers()
    waits = [strangers.refuse("a", 0.0) for _ in range(BURST + 1)]
    assert waits == [0.0] * BURST + [1.0]
    assert strangers.refuse("a", 1e9) == 0.0
    assert [strangers.refuse("a", 1e9) for _ in range(BURST)][-1] > 0


def test_the_largest_form_is_checked():
    pairs = {f"f{number}": "v" * 100 for number in range(MOST_FIELDS)}
    assert len(urlencode(pairs)) < LARGEST
    assert not TwilioSignatures("https://here.example.com", [AUTH_TOKEN]).genuine("/twilio/voice", dict(pairs), WRONG)


def test_a_refusal_says_what_is_expected():
    with pytest.raises(HTTPException, match=f"at most {MOST_FIELDS} fields") as refused:
        parse_form(b"a&" * 10_000)
    assert refused.value.status_code == 413
