"""Workers that give one another what is theirs: over real sockets, and at last as whole processes with whole calls."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from contextlib import suppress

import pytest

from phoneagent.cli.siblings import ENTRY, Siblings
from phoneagent.providers.tts.espeak import EspeakVoice
from phoneagent.simulator.caller import CallerScript, HangUp
from phoneagent.simulator.carrier import AUTH_TOKEN, Carrier
from phoneagent.simulator.deepgram import DeepgramServer
from phoneagent.simulator.speech import Phrasebook
from tests.redis_server import free_port, redis_server

from .test_serve import WITHIN, Program, program  # noqa: F401  # a fixture

VOICE = b"POST /twilio/voice HTTP/1.1\r\nHost: here\r\n\r\n"
MEDIA = b"GET /twilio/media/%d HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Worker:
    """One of several in this process; what it was handed is in a list, with the connections' numbers."""

    def __init__(self, number, folder):
        self.siblings = Siblings(number, folder)
        self.handed = []
        self.siblings.open(self._take)
        self.siblings.tell(0, welcome=True)

    def _take(self, connection, data):
        with connection, suppress(BrokenPipeError):  # not every test looks at the other side
            connection.sendall(b"taken by %d" % self.siblings.number)
        self.handed.append(data)

    def is_killed(self):
        """Its name and its entry are still there."""
        assert self.siblings._inbox is not None
        asyncio.get_running_loop().remove_reader(self.siblings._inbox)
        self.siblings._inbox.close()
        self.siblings._outbox.close()
        self.siblings._closed = True

    def gets(self, request, *, leaving=False):
        """Whether it gave the connection away."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            return self.siblings.hand_on(request, ours.fileno(), leaving=leaving)


@pytest.fixture
async def workers(tmp_path):
    made = [Worker(number, tmp_path) for number in (1, 2, 3)]
    yield made
    for one in made:
        if not one.siblings._closed:
            one.siblings.close()


async def settle():
    await asyncio.sleep(0.02)


async def test_what_is_addressed_to_a_worker_comes_to_it_with_its_connection_and_all_that_was_read(workers):
    ours, theirs = socket.socketpair()
    with theirs:
        assert workers[0].siblings.hand_on(MEDIA % 2 + b"and more", ours.fileno(), leaving=False)
        ours.close()
        await settle()
        assert theirs.recv(100) == b"taken by 2"
    assert workers[1].handed == [MEDIA % 2 + b"and more"]
    assert workers[2].handed == []


@pytest.mark.parametrize(
    "request_",
    [
        MEDIA % 1,
        MEDIA % 999,
        MEDIA % 0,
        b"GET /twilio/media HTTP/1.1\r\n",
        b"GET /twilio/media/2x HTTP/1.1\r\n",
        b"GET /metrics HTTP/1.1\r\n",
        b"POST /twilio/voic",
        b"\x16\x03\x01",
        b"POST /twilio/continue/2 HTTP/1.1\r\n" + bytes(65536),
    ],
)
async def test_everything_else_stays_where_it_is(workers, request_):
    assert not workers[0].gets(request_)


async def test_what_is_for_a_worker_that_is_gone_is_served_by_whoever_has_it(workers):
    workers[1].siblings.close()
    assert not workers[0].gets(MEDIA % 2)


async def test_a_worker_that_was_killed_is_found_out_and_its_successor_is_found(workers, tmp_path):
    workers[1].is_killed()
    assert not workers[0].gets(MEDIA % 2)
    assert ENTRY.unpack_from(workers[0].siblings._table, 2 * ENTRY.size) == (0, 0)
    workers[1] = Worker(2, tmp_path)
    assert workers[0].gets(MEDIA % 2)


@pytest.fixture
def dying():
    """The pid of a process that has ended, and is still there."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    yield process.pid
    process.wait()


async def test_a_worker_that_is_dying_is_given_nothing_though_its_inbox_still_takes_it(workers, tmp_path, dying):
    (tmp_path / "2.pid").write_text(str(dying))
    assert not workers[0].gets(MEDIA % 2)
    assert ENTRY.unpack_from(workers[0].siblings._table, 2 * ENTRY.size) == (0, 0)
    await settle()
    assert workers[1].handed == []


async def test_forty_calls_that_all_come_to_one_worker_are_spread_evenly(workers):
    """As they come through a proxy that keeps one connection, and faster than anybody can tell of them."""
    given = 0
    for _ in range(42):
        given += workers[0].gets(VOICE)
        await asyncio.sleep(0)  # a socket keeps ten
    await settle()
    assert given == 28
    assert [len(one.handed) for one in workers] == [0, 14, 14]


async def test_a_sibling_that_is_behind_is_spared_and_not_given_up(workers):
    given = sum(workers[0].gets(MEDIA % 2) for _ in range(1000))
    assert 0 < given < 1000
    await settle()
    assert len(workers[1].handed) == given
    assert workers[0].gets(MEDIA % 2)
    await settle()


@pytest.mark.parametrize("voice", [VOICE, b"GET /twilio/voice/?CallSid=CA1 HTTP/1.1\r\n\r\n"])
async def test_a_new_call_goes_where_there_is_room(workers, voice):
    workers[0].siblings.tell(5, welcome=True)
    workers[1].siblings.tell(4, welcome=False)
    workers[2].siblings.tell(4, welcome=True)
    assert workers[0].gets(voice)
    await settle()
    assert [len(one.handed) for one in workers] == [0, 0, 1]
    for one in workers:
        one.siblings.tell(9, welcome=False)
    assert not workers[0].gets(voice), "all are busy, and anybody can say so"


async def test_whether_a_new_call_is_welcome_is_asked_where_it_would_go(workers):
    workers[0].siblings.tell(9, welcome=False)
    assert workers[0].gets(b"GET /readyz HTTP/1.1\r\n\r\n")


async def test_who_leaves_gives_everything_away_but_its_own_calls(workers):
    assert workers[0].gets(b"GET /metrics HTTP/1.1\r\n\r\n", leaving=True)
    assert not workers[0].gets(MEDIA % 1, leaving=True)
    workers[1].siblings.tell(0, welcome=False)
    workers[2].siblings.tell(0, welcome=False)
    assert not workers[0].gets(b"GET /metrics HTTP/1.1\r\n\r\n", leaving=True), "all leave: somebody must answer"


# -- whole processes --------------------------------------------------------------------------------

CALLS = 12


async def test_calls_are_spread_evenly_and_each_finds_the_ears_that_were_opened_for_it(program):  # noqa: F811
    phrasebook, port = Phrasebook(), free_port()
    with redis_server() as redis:
        async with (
            DeepgramServer(phrasebook) as deepgram,
            Carrier(synthesizer=EspeakVoice(), phrasebook=phrasebook) as carrier,
        ):
            running: Program = program(
                *("--port", str(port), "--workers", "2"),
                REDIS_URL=redis.url,
                PHONEAGENT_PUBLIC_URL=f"http://127.0.0.1:{port}",
                TWILIO_AUTH_TOKEN=AUTH_TOKEN,
                PHONEAGENT_DEEPGRAM_URL=deepgram.url,
            )
            await asyncio.to_thread(running.serving)
            for _ in range(2):
                await asyncio.to_thread(running.line, "worker_ready")
            await asyncio.to_thread(running.ready)

            placed = [
                carrier.dial(f"http://127.0.0.1:{port}/twilio/voice", caller=CallerScript(HangUp()))
                for _ in range(CALLS)
            ]
            async with asyncio.timeout(WITHIN):
                calls = [await call.ended for call in placed]
            assert [call.violations for call in calls] == [()] * CALLS
            assert all(call.ear.agent_speech() for call in calls), "everyone was greeted"
            assert deepgram.connections_opened == CALLS, "no call opened ears twice"
            assert _where(calls) == {1: CALLS / 2, 2: CALLS / 2}

            await asyncio.to_thread(_keeps_a_connection_alive, port)
    status, _ = await asyncio.to_thread(running.end, signal.SIGTERM)
    assert status == 0
    assert not [line for line in running.all_lines() if "Traceback" in line]


def _where(calls):
    """How many calls each worker has answered."""
    documents = [str(call) for call in calls]
    return Counter(int(document.partition("/twilio/media/")[2][0]) for document in documents)


def _keeps_a_connection_alive(port):
    """As proxies do: requests of one connection, for whichever worker."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN)
    try:
        for number in range(20):
            path = ("/readyz", f"/twilio/continue/{number % 2 + 1}", "/healthz", "/twilio/voice")[number % 4]
            connection.request("POST" if "twilio" in path else "GET", path, "a=b")
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == (403 if "twilio" in path else 200), body
            if path == "/readyz":
                assert json.loads(body)["ready"]
    finally:
        connection.close()
