"""Other servers: found, measured, or told what is expected of them. In one process, and without waiting."""

from __future__ import annotations

import base64
import json
import os
import socket
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from phoneagent.bench.process import ServerFailed
from phoneagent.bench.run import Plan, run_target
from phoneagent.bench.target import Ports, Target, TargetFailed
from phoneagent.simulator.ear import audible
from phoneagent.simulator.local_server import LocalServer
from tests.simulator.tone import ToneVoice, tone

QUIET_FRAMES = 30  # of silence that end a caller's turn
GREETING, ANSWER = tone(0.5, 440), tone(1.0, 550)
CONNECT = '<Response><Connect><Stream url="ws://127.0.0.1:{port}/media"/></Connect></Response>'


async def answer_by_ear(websocket):
    """An agent without ears, mind and voice: it greets, and beeps whenever the caller has been silent."""
    await websocket.accept()
    spoke, quiet = False, 0

    async def say(audio):
        payload = base64.b64encode(audio).decode()
        message = {"event": "media", "streamSid": stream, "media": {"payload": payload}}
        await websocket.send_text(json.dumps(message))

    try:
        while True:
            message = json.loads(await websocket.receive_text())
            if message["event"] == "start":
                stream = message["streamSid"]
                await say(GREETING)
            elif message["event"] == "media":
                voiced = audible(base64.b64decode(message["media"]["payload"]))
                spoke, quiet = spoke or voiced, 0 if voiced else quiet + 1
                if spoke and quiet == QUIET_FRAMES:
                    spoke = False
                    await say(ANSWER)
    except WebSocketDisconnect:
        pass


async def hang_up(websocket):
    await websocket.accept()
    await websocket.receive_text()
    await websocket.close()


@asynccontextmanager
async def target(document=CONNECT, *, media=answer_by_ear, status=200):
    async def voice(request):
        text = document.format(port=request.url.port)
        return Response(text, media_type="text/xml", status_code=status)

    routes = [Route("/voice", voice, methods=["POST"]), WebSocketRoute("/media", media)]
    async with LocalServer(Starlette(routes=routes)) as server:
        yield server


async def measured(url, *, pid=None, calls=1):
    plan = Plan("", beside=Path(), calls=calls, turns=2)
    return await run_target(plan, Target(url, Ports(), pid), ToneVoice())


async def test_a_server_is_measured_by_its_webhook():
    async with target() as server:
        told = await measured(f"{server.url}/voice", calls=2)
    assert (told.calls, told.turns, told.unanswered, told.problems) == (2, 4, 0, ())
    assert told.response.p50 == pytest.approx(0.6, abs=0.05)
    assert told.greeting_sent.count == 2
    assert told.unexplained == 4  # it used none of the providers


async def test_a_server_is_measured_by_its_media_socket():
    async with target() as server:
        told = await measured(f"{server.url.replace('http', 'ws')}/media")
    assert (told.turns, told.unanswered) == (2, 0)


async def test_what_cannot_be_seen_of_it_is_left_out():
    async with target() as server:
        told = (await measured(f"{server.url}/voice")).as_dict()
    assert sorted(told["cost"]) == ["call_seconds", "calls_at_once"]
    assert not {"cpu_per_call_minute", "bytes_per_call", "times_the_floor", "lag_p50", "lag_p99"} & set(told)


async def test_a_process_that_is_named_is_looked_at():
    async with target() as server:
        told = await measured(f"{server.url}/voice", pid=os.getpid())
    assert told.cost.cpu_per_call_minute > 0
    assert told.cost.resident_most >= told.cost.resident_idle > 0
    assert told.cost.seconds_to_ready is None
    assert "cpu_per_call_minute" in told.as_dict()


async def test_a_process_that_is_not_there():
    async with target() as server:
        with pytest.raises(ServerFailed, match="there is no process 99999999"):
            await measured(f"{server.url}/voice", pid=99999999)


async def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(
        TargetFailed, match=f"expected TwiML with <Connect><Stream> from .*:{port}/voice: .*Connect call"
    ):
        await measured(f"http://127.0.0.1:{port}/voice")
    with pytest.raises(TargetFailed, match=r"expected a WebSocket for the media stream: ws://.*refused|Connect call"):
        await measured(f"ws://127.0.0.1:{port}/media")


@pytest.mark.parametrize(
    ("document", "status", "problem"),
    [
        (CONNECT, 404, "status 404"),
        ("hello", 200, "syntax error"),
        ("<Response><Say>We are closed.</Say></Response>", 200, "We are closed"),
        ("<Response><Hangup/></Response>", 200, "<Hangup/>"),
    ],
)
async def test_what_is_no_agent(document, status, problem):
    async with target(document, status=status) as server:
        with pytest.raises(TargetFailed) as failed:
            await measured(f"{server.url}/voice")
    assert f"expected TwiML with <Connect><Stream> from {server.url}/voice" in str(failed.value)
    assert problem in str(failed.value)


async def test_a_stream_that_leads_nowhere():
    async with target(CONNECT.replace("/media", "/elsewhere")) as server:
        with pytest.raises(TargetFailed, match=r"expected a WebSocket for the media stream: ws://.*/elsewhere: .*403"):
            await measured(f"{server.url}/voice")


async def test_an_agent_that_hangs_up():
    async with target(media=hang_up) as server:
        with pytest.raises(TargetFailed) as failed:
            await measured(f"{server.url}/voice")
    assert "document ended after 0 s; it never connected to the simulated deepgram and openai and elevenlabs" in str(
        failed.value
    )


async def test_a_port_that_is_taken_is_named():
    async with target() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(TargetFailed, match=f"cannot listen on 127.0.0.1 port {port} for the simulated deepgram"):
            await run_target(Plan("", beside=Path()), Target(f"{server.url}/voice", Ports(deepgram=port)), ToneVoice())


def test_a_target_is_told_where_everything_is():
    told = Ports.beginning_with(9100).environment
    assert told["DEEPGRAM_URL"] == "ws://127.0.0.1:9100"
    assert told["OPENAI_BASE_URL"] == "http://127.0.0.1:9101/v1"
    assert told["ELEVENLABS_URL"] == "ws://127.0.0.1:9102"
    assert told["TWILIO_API_URL"] == "http://127.0.0.1:9103"
    assert {"TWILIO_AUTH_TOKEN", "OPENAI_API_KEY"} < set(told)
