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
from twilio.request_validator import RequestValidator, get_signature_algorithm

from phoneagent.errors import MisuseError
from phoneagent.telephony.twilio.shared_keys import SharedKey
from phoneagent.telephony.twilio.signature import TwilioSignatures

TOKEN = "12345678901234567890123456789012"
FORM = {"CallSid": "CA1", "From": "+15005550006", "CallerName": "", "To": "+15005550010"}
any_text = st.text(alphabet=st.characters(), max_size=40)


def sign(url, pairs=(), token=TOKEN, digest=hashlib.sha1):
    signed = url + "".join(name + value for name, value in sorted(pairs))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), digest).digest()).decode()


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


# -- shared keys ------------------------------------------------------------------------------------

VOICE = "https://voice.example.net/twilio/voice"
FORMER = SharedKey("webhooks_sharedkey_former", "HMAC_SHA256", "former-secret-of-32-characters-x")
CURRENT = SharedKey("webhooks_sharedkey_current", "HMAC_SHA256", "current-secret-of-32-characters-")
OLDER = SharedKey("webhooks_sharedkey_older", "HMAC_SHA1", "older-secret-of-32-characters-xx")
DIGESTS = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}


@pytest.fixture
def shared():
    return TwilioSignatures("https://voice.example.net", [TOKEN], [FORMER, CURRENT, OLDER])


def by(key, url=VOICE, pairs=None, algorithm=None):
    return sign(url, FORM.items() if pairs is None else pairs, key.secret, DIGESTS[algorithm or key.algorithm])


def settings(key, algorithm=None):
    return f"key={key.name},algorithm={algorithm or key.algorithm}"


@pytest.mark.parametrize("key", [FORMER, CURRENT, OLDER])
def test_a_webhook_signed_with_a_shared_key_is_genuine(shared, key):
    assert shared.genuine("/twilio/voice", FORM, by(key), settings=settings(key))
    assert RequestValidator(key.secret).validate(VOICE, FORM, by(key), get_signature_algorithm(settings(key)))
    assert not shared.genuine("/twilio/voice", FORM | {"From": "+1"}, by(key), settings=settings(key))
    assert shared.missing(settings(key)) == ""


@pytest.mark.parametrize("written", ["algorithm=hmac_sha256 , key = {}", " key={}, algorithm=HMAC_SHA256,new=1"])
def test_the_settings_are_read_as_twilios_sdk_reads_them(shared, written):
    assert shared.genuine("/twilio/voice", FORM, by(CURRENT), settings=written.format(CURRENT.name))


def test_the_upgrade_of_a_media_stream_may_be_signed_with_a_shared_key(shared):
    signature = by(CURRENT, "wss://voice.example.net/twilio/media", ())
    assert shared.genuine("/twilio/media", {}, signature, settings=settings(CURRENT), websocket=True)
    assert not shared.genuine("/twilio/media", {}, signature, websocket=True)


def test_what_no_rule_covers_is_still_signed_with_the_auth_token(shared):
    assert shared.genuine("/twilio/voice", FORM, sign(VOICE, FORM.items()))
    assert shared.genuine("/twilio/voice", FORM, sign(VOICE, FORM.items()), settings="")
    assert shared.genuine("/twilio/voice", FORM, sign(VOICE, FORM.items()), settings="algorithm=HMAC_SHA1")


@pytest.mark.parametrize(
    ("signature", "said", "missing"),
    [
        # the header is the stranger's own: it must not choose a weaker hash, or another key
        (by(CURRENT, algorithm="HMAC_SHA1"), settings(CURRENT, "HMAC_SHA1"), "webhooks_sharedkey_current/HMAC_SHA1="),
        (by(CURRENT, algorithm="HMAC_SHA1"), None, ""),
        (by(CURRENT, algorithm="HMAC_SHA1"), settings(CURRENT), ""),
        (by(CURRENT, algorithm="HMAC_SHA1"), f"key={CURRENT.name}", "webhooks_sharedkey_current/HMAC_SHA1="),
        (by(OLDER, algorithm="HMAC_SHA256"), settings(OLDER, "HMAC_SHA256"), "webhooks_sharedkey_older/HMAC_SHA256="),
        (by(CURRENT), settings(FORMER), ""),
        (sign(VOICE, FORM.items(), TOKEN, hashlib.sha256), "algorithm=HMAC_SHA256", ""),
        (sign(VOICE, FORM.items(), TOKEN, hashlib.sha256), settings(CURRENT), ""),
        (sign(VOICE, FORM.items()), settings(OLDER), ""),
        (sign(VOICE, FORM.items(), "", hashlib.sha256), "key=,algorithm=HMAC_SHA256", ""),
        (by(CURRENT), "key=unheard_of,algorithm=HMAC_SHA256", "unheard_of=SECRET to TWILIO_SHARED_KEYS"),
        (by(CURRENT), f"key={CURRENT.name},algorithm=HMAC_SHA512", "HMAC_SHA512"),
        (by(CURRENT), f"key={CURRENT.name},algorithm=none", "got NONE"),
        (by(CURRENT), "key=" + "x" * 100_000 + "\n,algorithm=HMAC_SHA256", "TWILIO_SHARED_KEYS"),
    ],
)  # fmt: skip
def test_a_key_counts_with_its_own_algorithm_only(shared, signature, said, missing):
    assert not shared.genuine("/twilio/voice", FORM, signature, settings=said)
    told = shared.missing(said)
    assert missing in told
    assert len(told) < 300
    assert told.isprintable()


def test_without_shared_keys_an_operator_learns_which_one_is_missing(signatures):
    assert not signatures.genuine("/twilio/voice", FORM, by(CURRENT), settings=settings(CURRENT))
    assert "webhooks_sharedkey_current=SECRET to TWILIO_SHARED_KEYS" in signatures.missing(settings(CURRENT))


def test_a_signing_key_is_not_shown():
    assert CURRENT.secret not in repr(CURRENT) + str(CURRENT)


@given(any_text, any_text.map(lambda text: f"key={CURRENT.name},algorithm={text}") | any_text)
def test_nothing_that_a_stranger_says_of_the_algorithm_lets_them_in_or_raises(signature, said):
    checked = TwilioSignatures("https://voice.example.net", [TOKEN], [CURRENT])
    assert checked.genuine("/twilio/voice", FORM, signature, settings=said) is False
    assert checked.missing(said).isprintable()


@given(st.lists(st.tuples(any_text, any_text), max_size=6), st.sampled_from(["", "?agent=desk", "?a=%20&a=b"]))
def test_what_is_genuine_is_what_twilios_own_validator_takes(pairs, query):
    form = FormData(
        [(name, value) for name, value in pairs if (name + value).encode("utf-8", "ignore").decode() == name + value]
    )
    checked = TwilioSignatures("https://voice.example.net", [TOKEN], [CURRENT])
    for token, algorithm, said in ((TOKEN, "HMAC_SHA1", None), (CURRENT.secret, "HMAC_SHA256", settings(CURRENT))):
        validator = RequestValidator(token)
        signature = validator.compute_signature(VOICE + query, form, algorithm)
        assert validator.validate(VOICE + query, form, signature, algorithm)
        genuine = checked.genuine("/twilio/voice" + query, form, signature, settings=said)  # type: ignore[arg-type]
        assert genuine
