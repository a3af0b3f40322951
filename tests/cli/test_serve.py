"""`phoneagent serve` as it is run: another process, real signals, real time."""

from __future__ import annotations

import http.client
import json
import os
import pty
import queue
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.redis_server import redis_server

WITHIN = 60.0  # seconds; a loaded machine takes a while to import everything
PUBLIC_URL = "https://voice.example.com"
TOKEN = "auth-token-of-a-test"

AGENT = """
name = "quiet"
greeting = "Good evening."

[stt]
provider = "deepgram"
model = "flux-general-en"

[llm]
provider = "scripted"

[tts]
provider = "espeak"

[dialogue]

[[dialogue.intents]]
name = "bye"
phrases = ["bye"]
answer = "Goodbye."
then = "end_call"
"""

SETTINGS = {
    "PHONEAGENT_PUBLIC_URL": PUBLIC_URL,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "DEEPGRAM_API_KEY": "deepgram-key-of-a-test",
    "PHONEAGENT_DEEPGRAM_URL": "ws://127.0.0.1:9",  # the discard port: nobody listens
}
CALL = {"CallSid": "CA" + "7" * 32, "From": "+15005550100", "To": "+15005550006", "Direction": "inbound"}


class Program:
    """A running `phoneagent serve`; its lines on standard error arrive in a queue."""

    def __init__(self, folder, *arguments, terminal=False, **settings):
        (folder / "quiet.toml").write_text(AGENT)
        reading, writing = pty.openpty() if terminal else os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "phoneagent", "serve", "--agent", "quiet.toml", "--port", "0", *arguments],
            cwd=folder,
            env=os.environ | SETTINGS | settings,
            stderr=writing,
        )
        os.close(writing)
        self._lines: queue.Queue[str] = queue.Queue()
        self._seen: list[str] = []
        self._reader = threading.Thread(target=self._read, args=(reading,), daemon=True)
        self._reader.start()

    def _read(self, source):
        with open(source, errors="replace") as lines:  # noqa: PTH123  # a file descriptor
            try:
                for line in lines:
                    self._lines.put(line.rstrip())
            except OSError:
                pass  # how Linux ends a pseudo-terminal whose other side is gone

    def line(self, containing):
        """The next line with this text."""
        until = time.monotonic() + WITHIN
        while True:
            line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            self._seen.append(line)
            if containing in line:
                return line

    def serving(self):
        """Wait until it listens; returns what it says about that."""
        told = json.loads(self.line('"serving"'))
        self.port = int(told["url"].rpartition(":")[2])
        return told

    def ask(self, method, path, form=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WITHIN)
        try:
            body = urlencode(form) if form is not None else None
            if body is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def ready(self):
        """Wait until it takes calls."""
        until = time.monotonic() + WITHIN
        while (answer := self.ask("GET", "/readyz"))[0] != 200:
            assert time.monotonic() < until, answer
        return json.loads(answer[1])

    def counted(self, name):
        """What is told of a metric when it is asked for again and again."""
        asked = [self.ask("GET", "/metrics")[1] for _ in range(8)]
        return {float(line.rpartition(" ")[2]) for text in asked for line in text.splitlines() if line.startswith(name)}

    def end(self, sent=signal.SIGTERM):
        """Send a signal; returns status and seconds until the process is gone."""
        began = time.monotonic()
        self.process.send_signal(sent)
        return self.process.wait(WITHIN), time.monotonic() - began

    def all_lines(self):
        """Everything that it said, once it has ended."""
        self._reader.join(WITHIN)
        return self._seen + list(self._lines.queue)


@pytest.fixture
def program(tmp_path):
    started = []

    def start(*arguments, **more):
        started.append(Program(tmp_path, *arguments, **more))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
        one.all_lines()


def test_from_the_start_to_a_call_that_rings_and_two_signals(program):
    running = program("--drain-within", "600")
    told = running.serving()
    assert told["webhook"] == f"{PUBLIC_URL}/twilio/voice"
    assert (told["agents"], told["store"]) == (["quiet"], "memory")
    assert running.ask("GET", "/healthz") == (200, "ok\n")
    assert running.ready() == {"ready": True, "calls": 0, "draining": False, "full": False, "store": "ok"}

    assert running.ask("POST", "/twilio/voice", CALL)[0] == 403
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC_URL}/twilio/voice", CALL)
    status, document = running.ask("POST", "/twilio/voice", CALL, **{"X-Twilio-Signature": signature})
    assert status == 200
    assert '<Stream url="wss://voice.example.com/twilio/media">' in document
    assert running.ask("POST", "/twilio/voice", {**CALL, "To": "+1"}, **{"X-Twilio-Signature": signature})[0] == 403

    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{running.port}/twilio/media")
    assert refused.value.response.status_code == 403

    running.process.send_signal(signal.SIGTERM)
    assert json.loads(running.line('"draining"'))["calls"] == 1, "the call that rings is waited for"
    status, body = running.ask("GET", "/readyz")
    assert status == 503
    assert json.loads(body)["draining"] is True
    status, seconds = running.end()
    assert status == 0
    assert seconds < 5
    said = running.all_lines()
    assert json.loads(said[-1])["event"] == "stopped"
    assert not [line for line in said if TOKEN in line or "Traceback" in line or CALL["From"] in line]
    assert not [line for line in said if '"error"' in line], "a stranger is no error"


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_terminal_is_told_what_to_do_next(program, sent):
    running = program(terminal=True)
    said = [running.line("listens on").split()[-1], running.line("public URL"), running.line("webhook")]
    assert said[0].startswith("http://127.0.0.1:")
    assert said[1].split()[-1] == PUBLIC_URL
    assert f"{PUBLIC_URL}/twilio/voice" in said[2]
    assert "HTTP POST" in said[2]
    assert running.line("agent quiet").endswith("deepgram flux-general-en, scripted, espeak")
    assert running.line("calls").endswith("as many as this machine carries at once, kept in memory")
    assert "TWILIO_ACCOUNT_SID is not set: hanging up by REST is off" in running.line("! ")
    assert "REDIS_URL is not set" in running.line("! ")
    running.line("Ctrl-C")
    status, seconds = running.end(sent)
    assert status == 0
    assert seconds < 5


def test_a_wrong_option_of_a_provider_is_one_line(program, tmp_path):
    (tmp_path / "odd.toml").write_text(AGENT.replace('"deepgram"', '"deepgram"\noptions = { loudness = 11 }'))
    running = program("--agent", "odd.toml")
    assert running.process.wait(WITHIN) == 2
    (line,) = running.all_lines()
    assert line.startswith("deepgram: options: expected ")
    assert line.endswith("got loudness")


# -- several workers --------------------------------------------------------------------------------


def test_more_workers_than_one_need_a_store_that_they_share(program):
    running = program("--workers", "2")
    assert running.process.wait(WITHIN) == 2
    (line,) = running.all_lines()
    assert line.startswith("REDIS_URL: expected ")
    assert "without it PHONEAGENT_WORKERS must be 1" in line


def test_workers_are_checked_once_share_the_port_and_are_replaced(program):
    with redis_server() as redis:
        running = program("--workers", "2", REDIS_URL=redis.url)
        assert running.serving()["workers"] == 2
        first = {told["worker"]: told["pid"] for told in (json.loads(running.line("worker_ready")) for _ in range(2))}
        assert first.keys() == {1, 2}
        assert running.ready()["store"] == "ok"
        for _ in range(9):
            assert running.ask("POST", "/twilio/voice", {"CallSid": "CA1"})[0] == 403
        refused = running.counted("phoneagent_webhooks_refused_total")
        assert refused == {9.0}, "whichever worker is asked, it tells what all have counted"

        running.process.send_signal(signal.SIGHUP)
        for _ in range(2):
            running.line("worker_ready")
            assert json.loads(running.line('"stopped"'))["worker"] in first, "lines say which worker's they are"
        assert running.ready()["store"] == "ok"
        assert running.counted("phoneagent_webhooks_refused_total") == refused, "a counter does not go back"
        assert running.counted("phoneagent_calls_in_progress") == {0.0}
        status, seconds = running.end()
    assert status == 0
    assert seconds < 5
    said = running.all_lines()
    assert len([line for line in said if '"serving"' in line]) == 1
    assert not [line for line in said if "Traceback" in line or '"error"' in line]


NO_REDIS = "redis://127.0.0.1:9"  # the discard port: nobody listens


def test_without_the_redis_it_was_told_of_it_does_not_start(program):
    running = program(REDIS_URL=NO_REDIS)
    assert "REDIS_URL: expected Redis to answer" in running.line("Error")
    assert running.process.wait(WITHIN) == 1


def test_it_starts_without_redis_where_that_is_said(program):
    running = program(REDIS_URL=NO_REDIS, PHONEAGENT_REDIS_MAY_BE_AWAY="true")
    running.serving()
    assert running.ready()["store"] == "away"
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC_URL}/twilio/voice", CALL)
    status, document = running.ask("POST", "/twilio/voice", CALL, **{"X-Twilio-Signature": signature})
    assert (status, "<Stream" in document) == (200, True), "calls are answered all the same"
