"""Documents that Twilio carries out."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.errors import MisuseError
from phoneagent.telephony.twilio.twiml import TwilioDocuments

any_text = st.text(alphabet=st.characters(), max_size=80)


def read(document):
    return ET.fromstring(document.encode())  # noqa: S314  # our own documents, not a stranger's


def part(element, path):
    found = element.find(path)
    assert found is not None, f"no {path} in {ET.tostring(element)!r}"
    return found


@pytest.fixture
def documents():
    return TwilioDocuments("https://voice.example.net")


def test_a_caller_is_connected_to_us_and_comes_back_when_the_stream_is_over(documents):
    response = read(documents.connect(token="k3J9"))
    assert [verb.tag for verb in response] == ["Connect", "Redirect"]
    stream = part(response, "Connect/Stream")
    assert stream.attrib == {"url": "wss://voice.example.net/twilio/media"}
    assert [parameter.attrib for parameter in stream] == [{"name": "token", "value": "k3J9"}]
    redirect = part(response, "Redirect")
    assert (redirect.text, redirect.attrib) == ("https://voice.example.net/twilio/continue", {"method": "POST"})


@pytest.mark.parametrize(
    ("public_url", "media_url"),
    [
        ("https://voice.example.net/", "wss://voice.example.net/twilio/media"),
        ("https://example.net:8443/phone", "wss://example.net:8443/phone/twilio/media"),
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/twilio/media"),
    ],
)
def test_the_stream_comes_to_where_the_public_url_points(public_url, media_url):
    stream = part(read(TwilioDocuments(public_url).connect(token="t")), "Connect/Stream")
    assert stream.get("url") == media_url


@pytest.mark.parametrize("public_url", ["voice.example.net", "ftp://voice.example.net", ""])
def test_a_public_url_that_twilio_cannot_call_is_refused(public_url):
    with pytest.raises(MisuseError):
        TwilioDocuments(public_url)


def test_a_token_that_twilio_would_cut_off_is_refused(documents):
    documents.connect(token="t" * 494)
    with pytest.raises(MisuseError):
        documents.connect(token="t" * 495)


def test_a_transfer_rings_before_it_connects_and_comes_back_afterwards(documents):
    response = read(documents.dial("+15005550006", caller_id="+15005550100", ring_for=25, talk_for=7200))
    assert [verb.tag for verb in response] == ["Dial"]
    assert part(response, "Dial").attrib == {
        "answerOnBridge": "true",
        "callerId": "+15005550100",
        "timeout": "25",
        "timeLimit": "7200",
        "action": "https://voice.example.net/twilio/continue",
        "method": "POST",
    }
    assert [(target.tag, target.text) for target in part(response, "Dial")] == [("Number", "+15005550006")]


def test_a_transfer_to_a_sip_address():
    documents = TwilioDocuments("https://voice.example.net")
    dial = part(
        read(documents.dial("sip:desk@pbx.example", caller_id="+15005550100", ring_for=10, talk_for=60)), "Dial"
    )
    assert dial.get("timeout") == "10"
    assert [(target.tag, target.text) for target in dial] == [("Sip", "sip:desk@pbx.example")]


def test_somebody_who_is_asked_first_while_it_rings(documents):
    dial = part(read(documents.dial("+15005550006", caller_id="", ring_for=25, talk_for=60, ask_first="CA1")), "Dial")
    assert part(dial, "Number").attrib == {
        "url": "https://voice.example.net/twilio/target?call=CA1",
        "method": "POST",
    }


def test_who_waits_in_a_queue_and_what_they_hear(documents):
    enqueue = part(read(documents.enqueue("support")), "Enqueue")
    assert enqueue.text == "support"
    assert enqueue.attrib == {
        "waitUrl": "https://voice.example.net/twilio/hold",
        "waitUrlMethod": "POST",
        "action": "https://voice.example.net/twilio/continue",
    }
    held = read(documents.hold("", text="You are first.", language="de"))
    assert [(verb.tag, verb.text) for verb in held] == [
        ("Say", "You are first."),
        ("Play", "https://voice.example.net/twilio/hold-music.wav"),
    ]
    assert part(held, "Say").get("language") == "de-DE"
    assert [verb.tag for verb in read(documents.leave_queue())] == ["Leave"]


def test_the_offer_of_a_call_and_its_answer(documents):
    offer = read(documents.offer("CA1", "A call for you.", language="en"))
    assert [verb.tag for verb in offer] == ["Gather", "Redirect"]
    gather = part(offer, "Gather")
    assert gather.get("action") == "https://voice.example.net/twilio/target?call=CA1"
    assert gather.get("numDigits") == "1"
    assert part(offer, "Redirect").text == "https://voice.example.net/twilio/target?call=CA1&silent=1"
    joined = read(documents.join("phoneagent-CA1", otherwise="They are gone.", language="en", talk_for=7200))
    assert [verb.tag for verb in joined] == ["Dial", "Say"]
    assert part(part(joined, "Dial"), "Queue").text == "phoneagent-CA1"
    assert part(joined, "Dial").attrib == {"timeout": "10", "timeLimit": "7200"}
    assert list(read(documents.join("", otherwise="They are gone.", language="en", talk_for=7200))) == []


def test_a_goodbye_and_the_end(documents):
    said = read(documents.say_and_hang_up("All lines are <busy> & loud."))
    assert [(verb.tag, verb.text) for verb in said] == [("Say", "All lines are <busy> & loud."), ("Hangup", None)]
    assert [verb.tag for verb in read(documents.hang_up())] == ["Hangup"]


def test_keys_are_pressed_and_then_the_call_comes_back():
    pressed = read(TwilioDocuments("https://voice.example.net").press("12w#"))
    assert [verb.tag for verb in pressed] == ["Play", "Redirect"]
    assert part(pressed, "Play").get("digits") == "12w#"
    assert part(pressed, "Redirect").text == "https://voice.example.net/twilio/continue"


@given(any_text, any_text)
def test_whatever_is_said_or_dialled_the_document_is_well_formed(text, other):
    documents = TwilioDocuments("https://voice.example.net")
    said = read(documents.say_and_hang_up(text))
    assert [verb.tag for verb in said] == ["Say", "Hangup"]
    dialled = read(documents.dial(text, caller_id=other, ring_for=25, talk_for=60, ask_first=other))
    assert [verb.tag for verb in dialled] == ["Dial"]
    assert len(part(dialled, "Dial")) == 1
