"""Strangers, broken peers, and the calls beside them, which must not notice."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import quote
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from phoneagent.rehearsal import Rehearsal
from phoneagent.simulator.caller import AgentFinished, AgentSpeaking, CallerScript, HangUp, Say, Wait
from phoneagent.simulator.carrier import AGENT_NUMBER
from phoneagent.simulator.ear import Announced
from phoneagent.simulator.placed_call import Tampering
from phoneagent.simulator.signing import SigningRule
from phoneagent.simulator.websocket import HandshakeFailed
from phoneagent.web.media import MOST_STARTING
from tests.web.api.client import KEY, client

from .world import HOURS, Told, agent, world


@asynccontextmanager
async def beside_a_call():
    """A world in which a good call goes on meanwhile, and must end well."""
    async with world() as (running, told):
        script = CallerScript(Say("What are your opening hours?"), Say("Goodbye"))
        good = running.carrier.dial(running.voice_url, caller=script)
        yield running, told
        result = await good.ended
    assert result.violations == ()
    assert f"What are your opening hours? / {HOURS}" in told.dialogue
    assert result.ended_by == "agent"


async def admitted(running) -> tuple[str, str]:
    """A call that has been answered: its id, and the token for its media stream."""
    call = f"CA{uuid4().hex}"
    answer = await running.carrier.request(running.voice_url, {"CallSid": call, "From": "+15005550100"})
    assert answer.status == 200
    token = re.search(rb'name="token" value="([^"]+)"', answer.body)
    assert token is not None
    return call, str(token.group(1).decode())


def stream_url(running: Rehearsal) -> str:
    return running.url.replace("http", "ws", 1) + "/twilio/media"


def refused(told: Told) -> list[str]:
    return [values["reason"] for values in told.of("refused")]


@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/continue", "/twilio/status", "/twilio/amd"])
@pytest.mark.parametrize("signature", [None, "", "bm90IHNpZ25lZCBieSBUd2lsaW8="])
async def test_a_webhook_that_twilio_did_not_sign_is_refused(path, signature):
    async with world() as (running, told):
        answer = await running.carrier.request(running.url + path, signature=signature)
    assert answer.status == 403
    assert refused(told) == ["signature"]


async def test_a_signature_made_for_another_agent_is_refused():
    async with world() as (running, _):
        form = {"CallSid": "CA" + "1" * 32, "From": "+15005550100", "To": "+15005550006"}
        stolen = running.carrier.signing.headers(running.voice_url, form)["X-Twilio-Signature"]
        answer = await running.carrier.request(f"{running.voice_url}?agent=other", form, signature=stolen)
    assert answer.status == 403


@pytest.mark.parametrize("signature", [None, "bm90IHNpZ25lZA=="])
async def test_a_media_socket_that_twilio_did_not_sign_is_refused(signature):
    async with world() as (running, told):
        with pytest.raises(HandshakeFailed) as failure:
            await running.carrier.open_stream(stream_url(running), signature=signature)
    assert failure.value.status == 403
    assert refused(told) == ["signature"]


SHARED = SigningRule("webhooks_sharedkey_01h2", "a-secret-of-thirty-two-characters")


@pytest.mark.parametrize("streams", [True, False], ids=["handshakes too", "webhooks alone"])
async def test_a_call_goes_well_whose_webhooks_are_signed_with_a_shared_key(streams):
    keys = (
        SecretStr("webhooks_sharedkey_old=an-older-secret-of-32-characters"),
        SecretStr(f"{SHARED.key}={SHARED.secret}"),
    )
    async with world(twilio_shared_keys=keys) as (running, told):
        running.carrier.signing.rules = [replace(SHARED, streams=streams)]
        script = CallerScript(Say("What are your opening hours?"), Say("Goodbye"))
        status = f"{running.url}/twilio/status"
        result = await running.carrier.call(running.voice_url, caller=script, status_callback=status)
    assert (result.ended_by, result.violations) == ("agent", ())
    assert refused(told) == []


@pytest.mark.parametrize(
    ("rule", "missing"),
    [
        (SHARED, "add webhooks_sharedkey_01h2=SECRET to TWILIO_SHARED_KEYS"),
        (replace(SHARED, key="known"), "the signature is wrong"),
        (replace(SHARED, key="known", algorithm="HMAC_SHA1"), "write known/HMAC_SHA1=SECRET"),
    ],
)
async def test_an_operator_learns_why_a_signature_cannot_be_checked(rule, missing, capsys):
    known = SecretStr("known=another-secret-of-32-characters")
    async with world(twilio_shared_keys=(known,)) as (running, told):
        running.carrier.signing.rules = [rule]
        answer = await running.carrier.request(running.voice_url)
        with pytest.raises(HandshakeFailed):
            await running.carrier.open_stream(stream_url(running))
    lines = [line for line in capsys.readouterr().out.splitlines() if "refused" in line]
    assert (answer.status, refused(told)) == (403, ["signature", "signature"])
    assert [missing in line for line in lines] == [True, True]
    assert "another-secret" not in "".join(lines)


async def test_a_stream_with_a_guessed_token_never_becomes_a_call():
    async with world() as (running, told):
        tampering = Tampering(parameters={"token": "guessed"})
        await running.carrier.call(running.voice_url, caller=CallerScript(), tampering=tampering, time_limit=30)
    assert told.of("call_started") == []
    assert set(refused(told)) == {"start"}


NOT_BASE64 = (
    '{"event":"media","sequenceNumber":"2","streamSid":"MZ1",'
    '"media":{"track":"inbound","chunk":"1","timestamp":"0","payload":"%%%"}}'
)

BEFORE_START = {
    "media before start": lambda stream, call, token: (stream.connected(), stream.media()),
    "no connected": lambda stream, call, token: stream.start(call=call, parameters={"token": token}),
    "malformed JSON": lambda stream, call, token: stream.send('{"event": "conn'),
    "no JSON": lambda stream, call, token: stream.send("hello"),
    "a JSON list": lambda stream, call, token: stream.send("[]"),
    "an unknown event": lambda stream, call, token: stream.send('{"event": "surprise"}'),
    "a binary frame": lambda stream, call, token: stream.send(b"\x00\x01"),
    "no token": lambda stream, call, token: (stream.connected(), stream.start(call=call)),
    "an unknown token": lambda stream, call, token: (
        stream.connected(),
        stream.start(call=call, parameters={"token": "guessed"}),
    ),
    "somebody else's token": lambda stream, call, token: (
        stream.connected(),
        stream.start(call="CA" + "9" * 32, parameters={"token": token}),
    ),
}


@pytest.mark.parametrize("case", BEFORE_START)
async def test_what_does_not_begin_like_a_media_stream_is_closed_with_a_reason(case):
    async with beside_a_call() as (running, told):
        call, token = await admitted(running)
        stream = await running.carrier.open_stream(stream_url(running))
        BEFORE_START[case](stream, call, token)
        closure = await stream.closed()
    assert closure.code == 1008
    assert closure.reason.startswith("expected") or "expected" in closure.reason
    assert refused(told) == ["start"]


async def test_a_token_opens_one_stream_and_no_second():
    async with world() as (running, _):
        call, token = await admitted(running)
        first = await running.carrier.open_stream(stream_url(running))
        first.connected()
        first.start(call=call, parameters={"token": token})
        assert isinstance(await first.receive(), str), "the greeting comes"
        second = await running.carrier.open_stream(stream_url(running))
        second.connected()
        second.start(call=call, parameters={"token": token})
        closure = await second.closed()
        first.stop(call=call)
        await first.close()
    assert closure.code == 1008


async def test_a_socket_that_says_nothing_is_closed_after_five_seconds():
    async with beside_a_call() as (running, told):
        began = asyncio.get_running_loop().time()
        stream = await running.carrier.open_stream(stream_url(running))
        closure = await stream.closed()
        waited = asyncio.get_running_loop().time() - began
    assert closure.code == 1008
    assert 4.9 < waited < 6.0
    assert refused(told) == ["start"]


async def test_of_many_sockets_that_say_nothing_the_oldest_go_first():
    async with beside_a_call() as (running, told):
        began = asyncio.get_running_loop().time()
        silent = [await running.carrier.open_stream(stream_url(running)) for _ in range(MOST_STARTING + 2)]
        assert [(await stream.closed()).code for stream in silent[:2]] == [1008, 1008]
        assert asyncio.get_running_loop().time() - began < 2.0
        call, token = await admitted(running)
        one = await running.carrier.open_stream(stream_url(running))
        one.connected()
        one.start(call=call, parameters={"token": token})
        assert isinstance(await one.receive(), str), "the greeting comes"
        one.stop(call=call)
        await one.close()
        for stream in silent[2:]:
            await stream.closed()
    assert refused(told) == ["start"] * len(silent)


IN_A_CALL = {
    "malformed JSON": ("{", 1008),
    "a binary frame": (b"\xff" * 160, 1008),
    "base64 that is none": (NOT_BASE64, 1008),
    "a megabyte": ('{"event":"media","pad":"' + "x" * 1_000_000 + '"}', 1009),
    "connected again": ('{"event":"connected","protocol":"Call","version":"1.0.0"}', 1008),
}


@pytest.mark.parametrize("case", IN_A_CALL)
async def test_a_stream_that_breaks_the_protocol_is_closed_and_no_other(case):
    message, code = IN_A_CALL[case]
    async with beside_a_call() as (running, told):
        call, token = await admitted(running)
        stream = await running.carrier.open_stream(stream_url(running))
        stream.connected()
        stream.start(call=call, parameters={"token": token})
        stream.media()
        await stream.receive()
        stream.send(message)
        closure = await stream.closed()
    assert closure.code == code
    ended = [values["reason"] for told_of, _, name, values in told.facts if name == "call_left" and told_of == call]
    assert len(ended) == 1


OF_NO_USE = {
    "unknown event": '{"event": "surprise", "sequenceNumber": "7", "streamSid": "MZ1", "surprise": {}}',
    "keypad letter": '{"event":"dtmf","sequenceNumber":"7","streamSid":"MZ1",'
    '"dtmf":{"track":"inbound_track","digit":"D"}}',
    "outbound track": '{"event":"media","sequenceNumber":"7","streamSid":"MZ1",'
    '"media":{"track":"outbound","chunk":"1","timestamp":"0","payload":"/w=="}}',
}


async def test_what_the_carrier_adds_to_its_protocol_ends_no_call(capsys):
    async with world() as (running, told):
        call, token = await admitted(running)
        stream = await running.carrier.open_stream(stream_url(running))
        for message in OF_NO_USE.values():
            stream.send(message)
        stream.connected()
        stream.send(OF_NO_USE["unknown event"])
        stream.start(call=call, parameters={"token": token})
        for _ in range(5):
            stream.media()
            for message in OF_NO_USE.values():
                stream.send(message)
        await stream.receive()
        await told.until(lambda: len(told.of("message_ignored")) == 15)
        assert running.app.state.switchboard.calls == 1
        stream.stop(call=call)
        await stream.close()
    assert [value["what"] for value in told.of("message_ignored") if value["first"]] == list(OF_NO_USE)
    assert refused(told) == []
    assert capsys.readouterr().out.count("message_ignored") == 3 + 4, "once a call, and those before the call"


async def test_frames_that_stop_for_a_while_end_nothing_and_a_sentence_that_was_begun_is_answered():
    async with world() as (running, told):
        script = CallerScript(Say("What are your opening hours?"), Wait(25.0), Say("Goodbye"), patience=90.0)
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: bool(told.of("first_frame_sent")))
        await told.until(lambda: any("opening hours" in fact.text for fact in placed.ear.caller_speech()))
        placed.pause_media(paused=True)
        await told.until(lambda: any(HOURS in turn for turn in told.dialogue))
        await asyncio.sleep(5.0)
        placed.pause_media(paused=False)
        result = await placed.ended
    assert (result.ended_by, result.violations) == ("agent", ())
    assert len(told.of("call_started")) == 1
    assert len(told.of("frames_missing")) == 1


async def test_a_carrier_that_falls_silent_is_not_waited_for():
    async with beside_a_call() as (running, told):
        call, token = await admitted(running)
        stream = await running.carrier.open_stream(stream_url(running))
        stream.connected()
        stream.start(call=call, parameters={"token": token})
        stream.media()
        await stream.closed()
    assert [values["reason"] for of, _, name, values in told.facts if name == "call_left" and of == call] == [
        "the carrier fell silent"
    ]


async def test_a_cable_that_is_pulled_ends_one_call():
    async with beside_a_call() as (running, told):
        call, token = await admitted(running)
        stream = await running.carrier.open_stream(stream_url(running))
        stream.connected()
        stream.start(call=call, parameters={"token": token})
        await stream.receive()
        stream.abort()
        await told.until(lambda: any(name == "call_left" and of == call for of, _, name, _ in told.facts))


async def test_a_call_that_never_opens_its_stream_leaves_nothing():
    async with world() as (running, told):
        await admitted(running)
        board = running.app.state.switchboard
        assert board.calls == 1
        await told.until(lambda: bool(told.of("call_abandoned")))
        assert board.calls == 0


async def test_a_server_that_stops_while_a_call_rings_closes_what_it_opened_for_it():
    async with world() as (running, _):
        assert running.deepgram is not None
        await admitted(running)
        await asyncio.sleep(1.0)
        assert len(running.deepgram.connections) == 1
        await running.app.state.switchboard.__aexit__(None, None, None)
        await asyncio.sleep(0.1)
        assert len(running.deepgram.connections) == 0


async def test_past_the_limit_a_caller_is_sent_on_and_who_was_sent_here_is_not_sent_back():
    elsewhere = "https://eu.example.com/twilio/voice?agent=desk"
    async with world(max_calls=1, overflow=elsewhere) as (running, told):
        await admitted(running)
        first = await running.carrier.request(running.voice_url, {"CallSid": f"CA{uuid4().hex}", "From": "+1"})
        sent = await running.carrier.request(
            f"{running.voice_url}?again=1", {"CallSid": f"CA{uuid4().hex}", "From": "+1"}
        )
    assert (
        b'<Redirect method="POST">https://eu.example.com/twilio/voice?agent=desk&amp;again=1</Redirect>' in first.body
    )
    assert b"all our lines are busy" in sent.body
    assert refused(told) == ["full", "full"]


async def test_past_the_limit_callers_wait_with_music_and_are_answered_in_their_order():
    talks = CallerScript(Wait(30.0), HangUp(after=0.0), patience=60.0)
    waits = CallerScript(Say("Goodbye", after=AgentFinished(1.0)), patience=300.0)
    async with world(max_calls=1, overflow="queue") as (running, told):
        running.carrier.dial(running.voice_url, caller=talks)
        await told.until(lambda: bool(told.of("call_started")))
        second = running.carrier.dial(running.voice_url, caller=waits)
        await asyncio.sleep(5.0)
        third = running.carrier.dial(running.voice_url, caller=waits)
        for call in (second, third):
            result = await call.ended
            assert (result.ended_by, result.violations) == ("agent", ())
            assert "All our lines are busy. Please hold the line." in [one.text for one in result.ear.facts(Announced)]
    assert len(told.of("call_started")) == 3
    assert refused(told)[:2] == ["full", "full"]


async def test_who_has_waited_too_long_for_room_hears_that_we_are_busy():
    async with world(max_calls=1, overflow="queue") as (running, _):
        await admitted(running)
        form = {"CallSid": f"CA{uuid4().hex}", "From": "+1", "QueuePosition": "1"}
        hold = f"{running.url}/twilio/hold?room=1"
        assert b"<Play>" in (await running.carrier.request(hold, form | {"QueueTime": "299"})).body
        assert b"<Leave" in (await running.carrier.request(hold, form | {"QueueTime": "300"})).body
        left = form | {"QueueTime": "300", "QueueResult": "leave"}
        assert b"all our lines are busy" in (await running.carrier.request(f"{running.voice_url}?again=1", left)).body
        gone = form | {"QueueTime": "20", "QueueResult": "hangup"}
        assert b"<Stream" not in (await running.carrier.request(f"{running.voice_url}?again=1", gone)).body


async def test_nobody_is_refused_where_no_limit_is_set_and_the_loop_keeps_up():
    async with world() as (running, _):
        for number in range(60):
            form = {"CallSid": f"CA{number:032x}", "From": "+15005550100", "Direction": "inbound"}
            assert b"<Stream" in (await running.carrier.request(running.voice_url, form)).body
        assert running.app.state.switchboard.calls == 60


async def test_past_the_limit_a_caller_hears_that_we_are_busy():
    async with world(max_calls=1) as (running, _):
        first = running.carrier.dial(running.voice_url, caller=CallerScript(HangUp(after=AgentSpeaking(1.0))))
        await asyncio.sleep(0.5)
        answer = await running.carrier.request(running.voice_url)
        assert (await running.carrier.request(f"{running.url}/readyz", method="GET")).status == 503
        await first.ended
    assert b"busy" in answer.body
    assert b"<Stream" not in answer.body


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/twilio/voice/?agent=Front-Desk"), ("GET", "/twilio/voice"), ("POST", "/twilio/voice/?agent=")],
)
async def test_a_number_that_is_set_up_in_another_way_is_answered_all_the_same(method, path):
    async with world(agent(name="front-desk")) as (running, told):
        running.carrier.configure_number(
            AGENT_NUMBER,
            voice_url=running.url + path,
            voice_method=method,
            status_callback=f"{running.url}/twilio/status/",
            status_callback_method=method,
        )
        result = await running.carrier.call(caller=CallerScript(Say("What are your opening hours?"), Say("Goodbye")))
    assert (result.ended_by, result.violations) == ("agent", ())
    assert told.of("call_started")[0]["agent"] == "front-desk"
    assert told.of("call_over") == [{"status": "completed"}]


async def test_a_webhook_by_get_is_signed_like_any_other_and_an_operator_is_told_of_it_once(capsys):
    async with world() as (running, _):
        form = {"CallSid": f"CA{uuid4().hex}", "From": "+15005550100", "Direction": "inbound"}
        for signature in (None, "bm90IHNpZ25lZA=="):
            answer = await running.carrier.request(running.voice_url, form, method="GET", signature=signature)
            assert answer.status == 403
        for _ in range(3):
            answer = await running.carrier.request(running.voice_url, form, method="GET")
            assert b"<Stream" in answer.body
        stolen = running.carrier.signing.headers(running.voice_url, form)["X-Twilio-Signature"]
        answer = await running.carrier.request(running.voice_url, form, method="GET", signature=stolen)
    assert answer.status == 403
    assert capsys.readouterr().out.count("webhook_by_get") == 1


async def test_a_call_that_comes_by_get_when_there_is_no_room_is_sent_on_without_the_callers_number():
    async with world(agent(name="desk"), max_calls=1, overflow="queue") as (running, _):
        await admitted(running)
        form = {"CallSid": f"CA{uuid4().hex}", "From": "+15005550100", "Direction": "inbound"}
        answer = await running.carrier.request(f"{running.voice_url}?agent=DESK", form, method="GET")
    assert b'action="' + running.voice_url.encode() + b'?agent=DESK&amp;again=1"' in answer.body


EVERY_PATH = [
    "/twilio/voice", "/twilio/continue", "/twilio/continue/3", "/twilio/status", "/twilio/amd", "/twilio/recording",
    "/twilio/hold", "/twilio/target", "/twilio/target/status", "/twilio/queue/support", "/twilio/hold-music.wav",
    "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/v1", "/v1/calls", "/nowhere",
]  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nobody_is_sent_to_a_host_that_they_have_named(method):
    async with world() as (running, _), ClientSession() as session:
        for path in EVERY_PATH:
            url = f"{running.url}{path}/"
            async with session.request(method, url, headers={"Host": "evil.example"}, allow_redirects=False) as answer:
                assert not 300 <= answer.status < 400, path
                assert "location" not in answer.headers
                assert b"evil.example" not in await answer.read(), path


DIGITS = ["9" * 5000, "0" * 5000, "٣" * 100, "²" * 20, "-1", "1.5", "1e999", "nan"]
NUMBERED = {
    "the worker": lambda digits: (f"/twilio/continue/{quote(digits)}", {}),
    "the count": lambda digits: (f"/twilio/voice?again={quote(digits)}", {}),
    "the SIP status": lambda digits: ("/twilio/status?order=PC1", {"SipResponseCode": digits, "CallStatus": "busy"}),
    "a duration": lambda digits: ("/twilio/status", {"CallDuration": digits, "CallStatus": "completed"}),
    "a time in a queue": lambda digits: ("/twilio/hold?room=1", {"QueueTime": digits, "QueuePosition": digits}),
    "a recording's length": lambda digits: (
        "/twilio/recording",
        {"RecordingSid": "RE1", "RecordingStatus": "completed", "RecordingDuration": digits},
    ),
}


@pytest.mark.parametrize("what", NUMBERED)
async def test_digits_of_any_length_in_a_webhook_are_no_defect(what):
    async with world() as (running, _):
        for digits in DIGITS:
            path, more = NUMBERED[what](digits)
            form = {"CallSid": f"CA{uuid4().hex}", "From": "+15005550100", **more}
            for _ in range(2):
                answer = await running.carrier.request(running.url + path, form)
                assert answer.status in (200, 204), digits


async def test_digits_of_any_length_in_a_media_streams_path_are_no_defect():
    async with world() as (running, _):
        for digits in DIGITS:
            stream = await running.carrier.open_stream(f"{stream_url(running)}/{quote(digits)}")
            await stream.close()


async def test_digits_of_any_length_over_rest_are_no_defect():
    paths = ("?limit={}", "?cursor={}", "/{}", "/{}/events", "/{}/recording")
    names = ("Last-Event-ID", "Range", "Idempotency-Key")
    async with world() as (running, _), client(running.url) as rest:
        call, _ = await admitted(running)
        for digits in map(quote, DIGITS):
            for path in paths:
                assert (await rest.get(f"/v1/calls{path.format(digits)}")).status < 500, (path, digits)
            for name in names:
                headers = {**KEY, name: digits}
                for path in ("", "/recording"):
                    assert (await rest.ask("GET", f"/v1/calls/{call}{path}", headers=headers)).status < 500, name


async def test_what_is_told_of_somebody_elses_account_is_refused():
    async with world() as (running, told):
        answer = await running.carrier.request(running.voice_url, {"CallSid": "CA1", "AccountSid": "AC" + "9" * 32})
    assert answer.status == 403
    assert refused(told) == ["account"]


async def test_a_body_that_is_too_large_is_refused():
    async with world() as (running, _):
        answer = await running.carrier.request(running.voice_url, {"CallSid": "x" * 70_000})
    assert answer.status == 413


async def test_health_readiness_and_metrics():
    async with world() as (running, _):
        call = running.carrier.dial(running.voice_url, caller=CallerScript(Say("Goodbye")))
        await call.ended
        get = running.carrier.request
        assert (await get(f"{running.url}/healthz", method="GET")).status == 200
        ready = await get(f"{running.url}/readyz", method="GET")
        assert ready.status == 200
        assert b'"store":"ok"' in ready.body
        assert (await get(f"{running.url}/metrics", method="GET")).status == 401
