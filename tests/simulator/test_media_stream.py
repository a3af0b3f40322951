"""One media stream: what Twilio sends, how it plays, and what it notices about the product."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from phoneagent.simulator.caller import AgentSpeaking, CallerScript, HangUp, Press, Say, Wait
from phoneagent.simulator.carrier import Carrier
from phoneagent.simulator.ear import Cleared, Marked, Pressed, StreamClosed, StreamOpened
from phoneagent.simulator.local_server import LocalServer
from phoneagent.simulator.network import Network
from phoneagent.simulator.speech import FRAME

from .product import PUBLIC, Product, Session, serve
from .tone import tone

VOICE = PUBLIC + "/voice"


async def listen(session: Session) -> None:
    async for _ in session.messages():
        pass


def hangs_up_after(seconds: float) -> CallerScript:
    return CallerScript(Wait(seconds), HangUp(after=0.0))


async def started(session: Session) -> asyncio.Task[None]:
    """Read on in the background; returns when the stream has started."""
    messages = session.messages()
    async for message in messages:
        if message["event"] == "start":
            break

    async def read_on() -> None:
        async for _ in messages:
            pass

    return asyncio.create_task(read_on())


async def test_what_the_product_is_sent():
    product = Product(listen)
    async with serve(product) as carrier:
        result = await carrier.call(
            VOICE, caller=CallerScript(Wait(0.1), Press("7", after=0.0), Wait(0.5), HangUp(after=0.0))
        )
    [session] = product.sessions
    connected, start, *rest, stop = session.received
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    stream = start["streamSid"]
    assert start == {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": stream,
        "start": {
            "streamSid": stream,
            "accountSid": carrier.account_sid,
            "callSid": result.call,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"token": "k3J9"},
        },
    }
    assert rest[2] == {
        "event": "media",
        "sequenceNumber": "4",
        "streamSid": stream,
        "media": {
            "track": "inbound",
            "chunk": "3",
            "timestamp": "40",
            "payload": base64.b64encode(b"\xff" * 160).decode(),
        },
    }
    [dtmf] = session.events("dtmf")
    assert dtmf["dtmf"] == {"track": "inbound_track", "digit": "7"}
    assert stop["stop"] == {"accountSid": carrier.account_sid, "callSid": result.call}
    assert stop["event"] == "stop"
    numbers = [int(message["sequenceNumber"]) for message in session.received[1:]]
    assert numbers == list(range(1, len(numbers) + 1))
    media = [message["media"] for message in session.events("media")]
    assert [int(one["chunk"]) for one in media] == list(range(1, len(media) + 1))
    assert [int(one["timestamp"]) for one in media] == [20 * number for number in range(len(media))]
    [pressed] = result.ear.facts(Pressed)
    assert (pressed.at, pressed.digit) == (pytest.approx(0.1), "7")
    assert result.violations == ()


async def test_frames_come_every_20_ms_without_drift_and_are_what_the_caller_said():
    arrivals: list[float] = []
    audio = bytearray()

    async def note(session: Session) -> None:
        async for message in session.messages():
            if message["event"] == "media":
                arrivals.append(asyncio.get_running_loop().time())
                audio.extend(base64.b64decode(message["media"]["payload"]))

    async with serve(Product(note)) as carrier:
        result = await carrier.call(
            VOICE, caller=CallerScript(Say("hello there", after=1.0), Wait(30.0), HangUp(after=0.0))
        )
    assert len(arrivals) == pytest.approx(result.ear.duration * 50, abs=2)
    drift = [at - arrivals[0] - number * 0.02 for number, at in enumerate(arrivals)]
    assert max(map(abs, drift)) < 1e-6
    assert result.ear.caller_track.startswith(bytes(audio))


async def test_audio_is_heard_in_order_and_marks_come_back_when_it_was():
    first, second = tone(0.5, 400), tone(0.25, 800)

    async def speak(session: Session) -> None:
        reading = await started(session)
        await session.mark("nothing before")
        await session.play(first, mark="first", slice_bytes=137)  # any size of message
        await session.play(second, mark="second", slice_bytes=8000)
        await session.mark("second again")
        await reading

    product = Product(speak)
    async with serve(product) as carrier:
        result = await carrier.call(VOICE, caller=hangs_up_after(3.0))
    [heard] = result.ear.agent_speech()
    assert heard.audio == first + second + b"\xff" * 80  # heard in steps of 20 ms
    assert heard.at <= 0.02 + 1e-9
    marks = result.ear.facts(Marked)
    assert [(mark.name, round(mark.at - heard.at, 2)) for mark in marks[1:]] == [
        ("first", 0.5),
        ("second", 0.76),  # 0.75 s, and the rest of that frame
        ("second again", 0.76),
    ]
    assert marks[0].at < 0.02
    returned = [message["mark"]["name"] for message in product.sessions[0].events("mark")]
    assert returned == ["nothing before", "first", "second", "second again"]
    assert result.ear.holes() == []


async def test_clear_silences_at_once_and_returns_what_was_pending():
    async def speak_and_stop(session: Session) -> None:
        reading = await started(session)
        for number in range(10):
            await session.play(tone(0.2, 500), mark=str(number))
        await asyncio.sleep(0.5)
        await session.clear()
        await session.play(tone(0.1, 900), mark="after")
        await reading

    product = Product(speak_and_stop)
    async with serve(product) as carrier:
        result = await carrier.call(VOICE, caller=hangs_up_after(3.0))
    [clear] = result.ear.facts(Cleared)
    assert clear.silent_at - clear.at <= 0.02 + 1e-9
    assert clear.dropped == pytest.approx(1.5, abs=0.05)
    marks = result.ear.facts(Marked)
    assert [mark.name for mark in marks] == [*map(str, range(10)), "after"]
    assert [mark.flushed for mark in marks] == [False] * 2 + [True] * 8 + [False]
    assert {mark.at for mark in marks[2:10]} == {clear.at}
    [heard] = result.ear.agent_speech()
    assert heard.audio.endswith(tone(0.1, 900))
    assert len(heard.audio) == pytest.approx((0.5 + 0.1) * 8000, abs=2 * FRAME)
    assert result.ear.holes() == []


async def test_a_queue_that_runs_empty_is_a_hole():
    async def stutter(session: Session) -> None:
        reading = await started(session)
        await session.play(tone(0.2))
        await asyncio.sleep(0.3)
        await session.play(tone(0.2))
        await reading

    async with serve(Product(stutter)) as carrier:
        result = await carrier.call(VOICE, caller=hangs_up_after(2.0))
    [hole] = result.ear.holes()
    assert hole.seconds == pytest.approx(0.1, abs=0.021)


GOOD = '{"event":"media","streamSid":"%s","media":{"payload":"//8="}}'


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"event":"media","streamSid":"%s","media":{"payload":"//8=","track":"outbound"}}', 31951),
        ('{"event":"media","streamSid":"%s","media":{"payload":"//8="},"sequenceNumber":"1"}', 31951),
        ('{"event":"media","streamSid":"MZ0","media":{"payload":"//8="}}', 31951),
        ('{"event":"media","media":{"payload":"//8="}}', 31951),
        ('{"event":"media","streamSid":"%s"}', 31951),
        ('{"event":"media","streamSid":"%s","media":{"payload":7}}', 31951),
        ('{"event":"media","streamSid":"%s","media":{"payload":"//8=*"}}', 31950),
        ('{"event":"media","streamSid":"%s","media":{"payload":"//8"}}', 31950),
        ('{"event":"media","streamSid":"%s","media":{"payload":"żółw"}}', 31950),
        ('{"event":"media","streamSid":"%s","media":{"payload":""}}', 31951),
        ('{"event":"mark","streamSid":"%s"}', 31951),
        ('{"event":"mark","streamSid":"%s","mark":{}}', 31951),
        ('{"event":"mark","streamSid":"%s","mark":{"name":"a","at":1}}', 31951),
        ('{"event":"clear","streamSid":"%s","clear":{}}', 31951),
        ('{"event":"dtmf","streamSid":"%s","dtmf":{"digit":"1"}}', 31951),
        ('{"event":"stop","streamSid":"%s"}', 31951),
        ('{"streamSid":"%s"}', 31951),
        ("[]", 31951),
        ("hello", 31951),
        ("", 31951),
    ],
)
async def test_a_wrong_message_is_reported_and_ignored(message, code):
    async def misbehave(session: Session) -> None:
        reading = await started(session)
        await session.websocket.send_text(message % session.stream if "%s" in message else message)
        await session.websocket.send_text(GOOD % session.stream)
        await session.mark("still here")
        await reading

    product = Product(misbehave)
    async with serve(product) as carrier:
        result = await carrier.call(VOICE, caller=hangs_up_after(0.5))
    assert [violation.code for violation in result.violations] == [code]
    assert [mark.name for mark in result.ear.facts(Marked)] == ["still here"]
    assert result.ending == "caller hung up"


async def test_binary_messages_are_reported_and_ignored():
    async def misbehave(session: Session) -> None:
        reading = await started(session)
        await session.websocket.send_bytes((GOOD % session.stream).encode())
        await reading

    async with serve(Product(misbehave)) as carrier:
        result = await carrier.call(VOICE, caller=hangs_up_after(0.5))
    assert [violation.code for violation in result.violations] == [31950]
    assert result.ear.agent_speech() == []


async def test_more_than_ten_minutes_queued_is_discarded_and_reported():
    async def talk_for_ever(session: Session) -> None:
        reading = await started(session)
        for _ in range(10):
            await session.play(tone(1.0) * 61, slice_bytes=61 * 8000)
        await session.mark("end")
        await session.clear()
        await reading

    async with serve(Product(talk_for_ever)) as carrier:
        result = await carrier.call(VOICE, caller=hangs_up_after(0.5))
    assert [violation.code for violation in result.violations] == [31931]
    [clear] = result.ear.facts(Cleared)
    assert clear.dropped == pytest.approx(600, abs=0.05)


@pytest.mark.parametrize(("code", "violations"), [(1000, []), (1011, [31921]), (4000, [31921])])
async def test_a_stream_that_the_product_closes_leads_to_the_next_verb(code, violations):
    async def close(session: Session) -> None:
        reading = await started(session)
        await asyncio.sleep(1.0)
        await session.websocket.close(code)
        await reading

    product = Product(close)
    product.documents["/voice"] = product.documents["/voice"].replace(
        "</Response>", '<Redirect method="POST">/continue</Redirect></Response>'
    )
    async with serve(product) as carrier:
        result = await carrier.call(VOICE)
    assert [violation.code for violation in result.violations] == violations
    assert result.ending == "hung up by verb"
    assert [request.path for request in product.requests] == ["/voice", "/continue"]
    assert product.requests[1].form["CallStatus"] == "in-progress"
    [closed] = result.ear.facts(StreamClosed)
    assert (closed.code, closed.at) == (code, pytest.approx(1.0, abs=0.03))
    assert product.sessions[0].events("stop") == []


async def test_a_connection_that_breaks_is_reported():
    async def die(session: Session) -> None:
        await started(session)
        raise ConnectionResetError("as if the process had died")

    product = Product(die)
    async with serve(product) as carrier:
        result = await carrier.call(VOICE)
    assert [violation.code for violation in result.violations] in ([31903], [31921])
    assert result.ending == "document ended"


async def test_a_message_too_large_for_any_purpose_breaks_the_protocol():
    async def flood(session: Session) -> None:
        reading = await started(session)
        await session.websocket.send_text("x" * (1 << 20) + "y")
        await reading

    async with serve(Product(flood)) as carrier:
        result = await carrier.call(VOICE)
    assert [violation.code for violation in result.violations] == [31924]


async def test_who_hangs_up_is_gone_and_the_product_is_told():
    product = Product(listen)
    async with serve(product) as carrier:
        result = await carrier.call(VOICE, caller=hangs_up_after(1.0))
    [session] = product.sessions
    assert session.received[-1]["event"] == "stop"
    assert (result.ending, result.ended_by, result.status) == ("caller hung up", "caller", "completed")


async def test_a_slow_reader_loses_the_callers_audio_and_delays_nobody():
    async def read_nothing(session: Session) -> None:
        await asyncio.sleep(401)

    product = Product(read_nothing)
    async with (
        LocalServer(product.app, ws_ping_interval=None) as server,  # its pings would end the connection before
        Carrier(network=Network(routes={PUBLIC: server.url})) as carrier,
    ):
        result = await carrier.call(VOICE, caller=hangs_up_after(400.0))
    assert [violation.code for violation in result.violations] == [31930]
    assert (result.ending, result.ear.duration) == ("caller hung up", pytest.approx(400, abs=0.03))


async def test_delays_of_the_network_are_felt_on_both_ways():
    async def answer_at_once(session: Session) -> None:
        async for message in session.messages():
            if message["event"] == "dtmf":
                await session.play(tone(0.2), mark="done")

    network = Network(to_server=0.15, from_server=0.1, jitter=0.02, stream_delay=0.4)
    product = Product(answer_at_once)
    async with serve(product, network=network) as carrier:
        result = await carrier.call(
            VOICE, caller=CallerScript(Wait(1.0), Press("1", after=0.0), Wait(2.0), HangUp(0.0))
        )
    [opened], [pressed], [heard] = (
        result.ear.facts(StreamOpened),
        result.ear.facts(Pressed),
        result.ear.agent_speech(),
    )
    assert opened.at == pytest.approx(0.4, abs=0.01)
    assert 0.25 <= heard.at - pressed.at <= 0.25 + 2 * 0.02 + 0.02
    numbers = [int(message["sequenceNumber"]) for message in product.sessions[0].received[1:]]
    assert numbers == sorted(numbers)
    assert product.sessions[0].received[-1]["event"] == "stop"
    assert result.violations == ()


async def test_an_interruption_is_measured_at_the_ear():
    async with serve(Product()) as carrier:  # the echo agent stops after 60 ms of speech
        result = await carrier.call(
            VOICE, caller=CallerScript(Say("wait a moment", after=AgentSpeaking(0.5)), Wait(4.0), HangUp(after=0.0))
        )
    [stopped] = result.ear.interruption_stop_times()
    assert 0.05 <= stopped <= 0.13
    [latency] = result.ear.response_latencies()
    assert 0.3 <= latency <= 0.36
    assert json.dumps([violation.problem for violation in result.violations]) == "[]"
