"""Requests of Twilio's are let in; everybody else's are not. Signed here as the documentation says, by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData, UploadFile

from phoneagent.errors import MisuseError
from phoneagent.telephony.twilio.signature import TwilioSignatures

TOKEN = "12345678901234567890123456789012"
FORM = {"CallSid": "CA1", "From": "+15005550006", "CallerName": "", "To": "+15005550010"}
any_text = st.text(alphabet=st.characters(), max_size=40)


def sign(url, pairs=(), token=TOKEN):
    signed = url + "".join(name + value for name, value in sorted(pairs))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


@pytest.fixture
def signatures():
    return TwilioSignatures("https://voice.example.net", [TOKEN])


def test_a_webhook_signed_by_twilio_is_genuine(signatures):
    signature = sign("https://voice.example.net/twilio/voice?agent=desk", FORM.items())
    assert signatures.genuine("/twilio/voice?agent=desk", FORM, signature)
    assert signatures.genuine("/twilio/voice?agent=desk", FormData(FORM), signature)


@pytest.mark.parametrize(
    ("target", "changes"),
    [
        ("/twilio/voice?agent=other", {}),
        ("/twilio/voice", {}),
        ("/twilio/voice?agent=desk&", {}),
        ("/twilio/voice/?agent=desk", {}),
        ("/twilio/status?agent=desk", {}),
        ("/twilio/voice?agent=desk", {"From": "+15005550007"}),
        ("/twilio/voice?agent=desk", {"Digits": "1"}),
    ],
)
def test_a_signature_for_another_request_is_not_genuine(signatures, target, changes):
    signature = sign("https://voice.example.net/twilio/voice?agent=desk", FORM.items())
    assert not signatures.genuine(target, {**FORM, **changes}, signature)


def test_a_request_with_a_part_left_out_is_not_genuine(signatures):
    signature = sign("https://voice.example.net/twilio/voice", FORM.items())
    for name in set(FORM) - {"CallerName"}:
        assert not signatures.genuine("/twilio/voice", {k: v for k, v in FORM.items() if k != name}, signature)


@pytest.mark.parametrize(
    "signature", [None, "", "=", "forged", sign("https://voice.example.net/twilio/voice", [], "x")]
)
def test_a_missing_or_forged_signature_is_not_genuine(signatures, signature):
    assert not signatures.genuine("/twilio/voice", {}, signature)


@pytest.mark.parametrize(
    "signed_url",
    [
        "http://voice.example.net/twilio/voice",
        "https://evil.example/twilio/voice",
        "wss://voice.example.net/twilio/voice",
    ],
)
def test_only_our_own_public_url_counts(signatures, signed_url):
    assert not signatures.genuine("/twilio/voice", FORM, sign(signed_url, FORM.items()))


@pytest.mark.parametrize("public_url", ["https://voice.example.net", "https://voice.example.net:443"])
@pytest.mark.parametrize("signed_base", ["https://voice.example.net", "https://voice.example.net:443"])
def test_the_port_may_be_in_what_was_signed_or_not(public_url, signed_base):
    signatures = TwilioSignatures(public_url, [TOKEN])
    assert signatures.genuine("/twilio/voice", FORM, sign(signed_base + "/twilio/voice", FORM.items()))


def test_an_emulator_on_loopback_signs_http():
    signatures = TwilioSignatures("http://127.0.0.1:8080", [TOKEN])
    assert signatures.genuine("/twilio/voice", FORM, sign("http://127.0.0.1:8080/twilio/voice", FORM.items()))
    assert not signatures.genuine("/twilio/voice", FORM, sign("https://127.0.0.1:8080/twilio/voice", FORM.items()))
    media = sign("ws://127.0.0.1:8080/twilio/media")
    assert signatures.genuine("/twilio/media", {}, media, websocket=True)


def test_every_value_of_a_repeated_parameter_is_signed(signatures):
    form = FormData([("Event", "ringing"), ("Event", "answered"), ("CallSid", "CA1")])
    signature = sign("https://voice.example.net/twilio/status", form.multi_items())
    assert signatures.genuine("/twilio/status", form, signature)
    swapped = FormData([("Event", "busy"), ("Event", "answered"), ("CallSid", "CA1")])
    assert not signatures.genuine("/twilio/status", swapped, signature)


@pytest.mark.parametrize(
    "signed_url", ["wss://voice.example.net/twilio/media", "wss://voice.example.net/twilio/media/"]
)
def test_the_upgrade_of_a_media_stream_is_genuine_with_or_without_a_trailing_slash(signatures, signed_url):
    assert signatures.genuine("/twilio/media", {}, sign(signed_url), websocket=True)
    assert signatures.genuine("/twilio/media/", {}, sign(signed_url), websocket=True)


def test_the_upgrade_is_signed_as_wss_and_a_webhook_as_https(signatures):
    wss, https = sign("wss://voice.example.net/twilio/media"), sign("https://voice.example.net/twilio/media")
    assert not signatures.genuine("/twilio/media", {}, https, websocket=True)
    assert not signatures.genuine("/twilio/media", {}, wss)
    assert not signatures.genuine("/twilio/media", {}, sign("wss://voice.example.net/twilio/other"), websocket=True)


def test_during_a_rotation_both_tokens_count():
    signatures = TwilioSignatures("https://voice.example.net", ["primary", "secondary"])
    url = "https://voice.example.net/twilio/voice"
    assert signatures.genuine("/twilio/voice", FORM, sign(url, FORM.items(), "primary"))
    assert signatures.genuine("/twilio/voice", FORM, sign(url, FORM.items(), "secondary"))
    assert not signatures.genuine("/twilio/voice", FORM, sign(url, FORM.items(), "former"))


@pytest.mark.parametrize("tokens", [[], [""], [TOKEN, ""]])
def test_without_a_token_anybody_could_sign_so_there_is_no_checking(tokens):
    with pytest.raises(MisuseError):
        TwilioSignatures("https://voice.example.net", tokens)


def test_an_uploaded_file_is_nothing_twilio_sends(signatures):
    form = FormData([("CallSid", "CA1"), ("From", UploadFile(io.BytesIO(b"x")))])
    assert not signatures.genuine("/twilio/voice", form, sign("https://voice.example.net/twilio/voice"))
    hidden = FormData([("From", UploadFile(io.BytesIO(b"x"))), ("From", "+15005550006")])
    assert not signatures.genuine("/twilio/voice", hidden, sign("https://voice.example.net/twilio/voice"))


@pytest.mark.parametrize("websocket", [True, False])
def test_half_a_surrogate_pair_is_nothing_twilio_sends(signatures, websocket):
    assert not signatures.genuine("/twilio/\ud83d", {}, "forged", websocket=websocket)
    assert not signatures.genuine("/twilio/voice", {"Body": "\ud83d"}, "forged", websocket=websocket)


@given(any_text | any_text.map("/".__add__), st.dictionaries(any_text, any_text, max_size=3), any_text, st.booleans())
def test_nothing_a_stranger_sends_is_let_in_or_raises(target, form, signature, websocket):
    signatures = TwilioSignatures("https://voice.example.net", [TOKEN])
    assert signatures.genuine(target, form, signature, websocket=websocket) is False
