"""Media Streams messages, good and bad: the vectors are what Twilio documents, and what it must never send."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent import records
from phoneagent.errors import CarrierError, MessageTooLarge
from phoneagent.telephony.twilio.codec import LARGEST_MESSAGE, TwilioCodec

VECTORS = Path(__file__).parents[2] / "vectors" / "twilio"
STREAM = "MZ0123456789abcdef0123456789abcdef"


def vectors(name):
    rows = json.loads((VECTORS / f"{name}.json").read_text())
    return [pytest.param(row, id=row["case"]) for row in rows]


@pytest.fixture
def codec():
    return TwilioCodec()


def frame(payload):
    media = {"track": "inbound", "chunk": "1", "timestamp": "0", "payload": payload}
    return json.dumps({"event": "media", "sequenceNumber": "2", "streamSid": STREAM, "media": media})


@pytest.mark.parametrize("vector", vectors("good"))
def test_each_message_of_the_protocol_is_understood(codec, vector):
    name, fields = vector["decoded"]
    if "audio" in fields:
        fields = {**fields, "audio": base64.b64decode(fields["audio"])}
    assert codec.decode(json.dumps(vector["message"])) == getattr(records, name)(**fields)


@pytest.mark.parametrize("vector", vectors("bad"))
def test_what_breaks_the_protocol_is_refused_with_what_was_expected(codec, vector):
    with pytest.raises(CarrierError) as refusal:
        codec.decode(vector["text"])
    assert vector["expected"] in str(refusal.value)
    assert len(str(refusal.value)) < 500, "a hostile message must not fill the log"


def test_a_message_nested_as_deep_as_its_size_allows_is_refused_however_deep_the_interpreter_can_go(codec):
    depth = LARGEST_MESSAGE // 2 - 100
    with pytest.raises(CarrierError):
        codec.decode('{"event": "mark", "x": ' + "[" * depth + "]" * depth + "}")


def test_digits_of_a_caller_do_not_get_into_the_error(codec):
    dtmf = {"track": "inbound_track", "digit": "4929"}
    message = {"event": "dtmf", "sequenceNumber": "5", "streamSid": STREAM, "dtmf": dtmf}
    with pytest.raises(CarrierError) as refusal:
        codec.decode(json.dumps(message))
    assert "4929" not in str(refusal.value)


def test_a_message_is_measured_before_it_is_parsed(codec):
    with pytest.raises(MessageTooLarge):
        codec.decode("[" * 1_000_000)
    at_the_limit = frame("AAAA").ljust(LARGEST_MESSAGE)
    assert isinstance(codec.decode(at_the_limit), records.MediaReceived)
    with pytest.raises(MessageTooLarge):
        codec.decode(at_the_limit + " ")


def test_a_lone_surrogate_in_the_text_is_the_carriers_fault(codec):
    with pytest.raises(CarrierError, match="surrogate"):
        codec.decode('{"event": "\ud83d"}')


@pytest.mark.parametrize("vector", vectors("sent"))
def test_what_is_sent_is_exactly_the_wire_form(codec, vector):
    method, arguments = vector["method"], list(vector["arguments"])
    if method == "media":
        arguments[1] = base64.b64decode(arguments[1])
    assert getattr(codec, method)(*arguments) == vector["text"]


@given(st.text(alphabet=st.characters(), max_size=200))
def test_no_text_makes_decoding_fail_in_another_way(text):
    decode_or_refuse(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_no_change_to_a_good_message_makes_decoding_fail_in_another_way(data: st.DataObject):
    rows = json.loads((VECTORS / "good.json").read_text())
    message = data.draw(st.sampled_from(rows))["message"]
    place: Any = message
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not (isinstance(place[key], dict) and place[key] and data.draw(st.booleans())):
            break
        place = place[key]
    if data.draw(st.booleans()):
        del place[key]
    else:
        place[key] = data.draw(json_values)
    text = json.dumps(message)
    decode_or_refuse(text)
    decode_or_refuse(text[: data.draw(st.integers(0, len(text)))])


def decode_or_refuse(text):
    try:
        decoded = TwilioCodec().decode(text)
    except CarrierError:
        return
    assert isinstance(decoded, records.StreamMessage)


@given(st.binary(max_size=8000), st.text(max_size=40))
def test_audio_and_mark_names_arrive_as_they_were_sent(audio, name):
    codec = TwilioCodec()
    assert base64.b64decode(json.loads(codec.media(STREAM, audio))["media"]["payload"], validate=True) == audio
    received = codec.decode(frame(json.loads(codec.media(STREAM, audio))["media"]["payload"]))
    assert received == records.MediaReceived(0, audio)
    sent = json.loads(codec.mark(STREAM, name))
    assert sent == {"event": "mark", "streamSid": STREAM, "mark": {"name": name}}
    assert codec.decode(json.dumps({**sent, "sequenceNumber": "9"})) == records.MarkReturned(name)
