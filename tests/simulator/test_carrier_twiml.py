"""TwiML as Twilio reads it."""

from __future__ import annotations

import pytest
from twilio.twiml.voice_response import Connect as SdkConnect
from twilio.twiml.voice_response import Dial as SdkDial
from twilio.twiml.voice_response import VoiceResponse

from phoneagent.simulator import twiml
from phoneagent.simulator.twiml import Connect, Dial, Hangup, NotFollowed, Pause, Redirect, Reject, Say, Stream, Target


def stream(attributes: str = "", content: str = "", url: str = "wss://h/media") -> str:
    return f'<Response><Connect><Stream url="{url}" {attributes}>{content}</Stream></Connect></Response>'


def test_what_twilios_own_classes_write_is_read_without_complaint():
    response = VoiceResponse()
    connect = SdkConnect(action="/connected")
    noun = connect.stream(url="wss://h/media", name="main", status_callback="/stream", status_callback_method="GET")
    noun.parameter(name="token", value="<&>")
    response.append(connect)
    response.say("Sorry & goodbye", voice="Polly.Joanna-Neural", language="en-US", loop=2)
    response.pause(length=3)
    dial = SdkDial(timeout=25, caller_id="+15005550006", answer_on_bridge=True, action="/dialed")
    dial.number("+15005550009", url="/whisper")
    dial.sip("sip:desk@example.net")
    response.append(dial)
    response.redirect("next?a=b", method="GET")
    response.hangup()
    document = twiml.read(str(response), base="https://h/twilio/voice")
    assert document.problems == ()
    assert document.verbs == (
        Connect(
            Stream("wss://h/media", {"token": "<&>"}, "main", "https://h/stream", "GET"), "https://h/connected", "POST"
        ),
        Say("Sorry & goodbye", "Polly.Joanna-Neural", 2),
        Pause(3),
        Dial(
            (Target("+15005550009", url="https://h/whisper"), Target("sip:desk@example.net")),
            timeout=25,
            caller_id="+15005550006",
            action="https://h/dialed",
            answer_on_bridge=True,
        ),
        Redirect("https://h/twilio/next?a=b", "GET"),
        Hangup(),
    )


@pytest.mark.parametrize(
    ("document", "code", "verbs"),
    [
        ("<Response><Dance/></Response>", 12200, ()),
        ("<Response><Say voise='x'>hi</Say></Response>", 12200, (Say("hi"),)),
        ("<Response><Say/></Response>", 12200, (Say(""),)),
        ("<Response>hello</Response>", 12200, ()),
        ("<Response><Stream url='wss://h/'/></Response>", 12200, None),
        ("<Response><Connect/></Response>", 12200, ()),
        ("<Response><Pause length='soon'/></Response>", 12200, (Pause(1),)),
        ("<Response><Redirect method='PATCH'>/x</Redirect></Response>", 12200, (Redirect("/x"),)),
        ("<Response><Dial/></Response>", 12200, ()),
        ("<Response><Reject reason='mood'/></Response>", 12200, (Reject(),)),
        (stream(url="ws://example.net/media"), 31922, ()),
        (stream(url="https://example.net/media"), 31922, ()),
        (stream(url="media"), 31923, ()),
        (stream('track="both_tracks"'), 31941, ()),
        (stream('audioFormat="pcm"'), 12200, (Connect(Stream("wss://h/media", {})),)),
        (stream(url="wss://h/media?token=1"), 31923, (Connect(Stream("wss://h/media", {})),)),
        (stream(content="<Say>hi</Say>"), 12200, (Connect(Stream("wss://h/media", {})),)),
        (stream(content="<Parameter name='a' value='" + 500 * "x" + "'/>"), 12200, None),
        (stream(content="<Parameter value='x'/>"), 12200, None),
    ],
)
def test_a_mistake_is_named_and_the_rest_is_followed(document, code, verbs):
    read = twiml.read(document)
    assert [problem[0] for problem in read.problems] == [code]
    if verbs is not None:
        assert read.verbs == verbs


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "localhost:9000", "[::1]:9000"])
def test_plain_ws_is_allowed_on_loopback(host):
    assert twiml.read(stream(url=f"ws://{host}/media")).problems == ()


@pytest.mark.parametrize("document", ["", "no xml", "<Response>", "<Answer/>", "<Response/><Response/>"])
def test_what_is_no_document_is_refused(document):
    with pytest.raises(twiml.DocumentMalformed):
        twiml.read(document)


def test_what_is_not_simulated_says_so_when_it_is_reached():
    assert twiml.read("<Response><Pay/><Connect><ConversationRelay/></Connect></Response>").verbs == (
        NotFollowed("Pay"),
        NotFollowed("ConversationRelay"),
    )
