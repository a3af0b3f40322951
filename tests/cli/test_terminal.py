"""What a person sees: the commands on a pseudo-terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from urllib.request import urlopen

import pytest
from websockets.sync.client import connect

WITHIN = 60.0  # seconds; a loaded machine takes a while to import everything
WIDTH = 300  # columns, so that nothing is wrapped
ESCAPE = re.compile(r"\x1b\[[?\d;]*[A-Za-z]")


class Terminal:
    """Runs a command; `seen` is all that has appeared so far."""

    def __init__(self, *arguments, width=WIDTH):
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "phoneagent", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"COLUMNS": str(width), "TERM": "xterm"},
        )
        os.close(theirs)
        self.seen = ""
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        try:
            while data := os.read(self._ours, 4096):
                with self._news:
                    self.seen += data.decode(errors="replace")
                    self._news.notify_all()
        except OSError:
            pass  # how Linux ends a pseudo-terminal whose other side is gone

    def until(self, text):
        """Wait until this has appeared."""
        with self._news:
            assert self._news.wait_for(lambda: text in self.seen, WITHIN), self.seen

    def type(self, text):
        os.write(self._ours, text.encode())

    def interrupt(self):
        """What a terminal does at Ctrl-C (this one controls no process), as often as it takes: CPython's `input` does
        not notice a signal that comes between its prompt and its wait.
        """
        for _ in range(30):
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                continue
            return

    def status(self):
        """Wait for the end."""
        status = self.process.wait(WITHIN)
        self._reader.join(WITHIN)
        return status

    def close(self):
        self.process.kill()
        self.process.wait()
        self._reader.join(WITHIN)
        os.close(self._ours)


@pytest.fixture
def terminal():
    opened = []

    def open_terminal(*arguments, **more):
        opened.append(Terminal(*arguments, **more))
        return opened[-1]

    yield open_terminal
    for one in opened:
        one.close()


def test_a_chat(terminal):
    chat = terminal("chat", "--embedded")
    chat.until("How can I help you?\r\nyou: ")
    chat.type("where are you\n")
    chat.until("next to the old theatre. Is there anything else I can do for you?\r\nyou: ")
    assert chat.seen.count("where are you") == 1, "what was typed is not repeated"
    chat.type("\x04")
    assert chat.status() == 0


def test_a_chat_is_left_with_control_c(terminal):
    chat = terminal("chat", "--embedded")
    chat.until("you: ")
    chat.interrupt()
    assert chat.status() == 0
    assert "Traceback" not in chat.seen


def test_doctor_prints_one_table(terminal):
    doctor = terminal("doctor")
    assert doctor.status() == 1
    lines = ESCAPE.sub("", doctor.seen).splitlines()
    rows = [line.split("  ")[0].strip() for line in lines]
    assert "check" in rows
    assert "Twilio number" in rows
    (row,) = (line for line in lines if "TWILIO_AUTH_TOKEN" in line and "failed" in line)
    assert "Expected the account's auth token" in row, "the fix stands beside the failure"


def test_doctor_has_room_for_its_words_in_a_narrow_terminal(terminal):
    doctor = terminal("doctor", width=80)
    assert doctor.status() == 1
    lines = [line.strip() for line in ESCAPE.sub("", doctor.seen).splitlines()]
    at = next(number for number, line in enumerate(lines) if line.startswith("TWILIO_AUTH_TOKEN"))
    assert lines[at].split() == ["TWILIO_AUTH_TOKEN", "failed", "not", "set"]
    assert lines[at + 1].startswith("→ Expected the account's"), "the fix stands below the failure"


def test_a_server_that_has_had_a_call_leaves_quietly(terminal):
    server = terminal("serve", "--embedded", "--dev", "--port", "0")
    server.until("Ctrl-C")
    port = int(re.findall(r"http://127\.0\.0\.1:(\d+)", server.seen)[0])
    call, stream = "CA0123456789abcdef0123456789abcdef", "MZ0123456789abcdef0123456789abcdef"
    with urlopen(f"http://127.0.0.1:{port}/twilio/voice", f"CallSid={call}".encode()) as answer:
        (token,) = re.findall(r'name="token" value="(.*?)"', answer.read().decode())
    start = {
        "streamSid": stream,
        "accountSid": "AC0123456789abcdef0123456789abcdef",
        "callSid": call,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": token},
    }
    with connect(f"ws://127.0.0.1:{port}/twilio/media") as media:
        media.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
        media.send(json.dumps({"event": "start", "sequenceNumber": "1", "streamSid": stream, "start": start}))
        assert '"media"' in media.recv(WITHIN), "the greeting"
    server.interrupt()
    assert server.status() == 0
    assert "leaked" not in server.seen, "extension modules have nothing to complain about"
