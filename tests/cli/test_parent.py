"""The parent of several workers, with workers that do nothing but live and die: other processes, real time."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from phoneagent.cli import parent

WITHIN = 30.0  # seconds; a loaded machine starts processes slowly

# Lives as its parent wants it, and tells what becomes of it; or does what the folder's file `orders` says.
WORKER = """
import os, signal, socket, sys, time
from pathlib import Path

number, listener, channel, folder = sys.argv[-4:]
orders = Path(sys.argv[1])
told = orders.read_text() if orders.exists() else ""
if told.startswith("exit"):
    sys.exit(int(told.split()[1]))
parent = socket.socket(fileno=int(channel))
socket.socket(fileno=int(listener)).getsockname()

def end(*_):
    os.write(2, b'{"event": "terminated", "worker": %d}\\n' % int(number))
    sys.exit(3 if told == "badly" else 0)

signal.signal(signal.SIGTERM, signal.SIG_IGN if told == "deaf" else end)
parent.send(b"r")
while parent.recv(1) or told == "deaf":
    pass
os.write(2, b'{"event": "retired", "worker": %d}\\n' % int(number))
while told == "busy":
    time.sleep(1)
"""


class Parent:
    """A running parent; what it and its workers say arrives in a queue."""

    def __init__(self, folder, workers):
        self._orders = folder / "orders"
        (folder / "worker.py").write_text(WORKER)
        self.shared = folder / "shared"
        self.shared.mkdir()
        (self.shared / "left").touch()
        worker = [sys.executable, "-I", "-S", str(folder / "worker.py"), str(self._orders)]
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.set_inheritable(True)
            own = [str(workers), str(listener.fileno()), str(self.shared), "json"]
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", parent.__file__, *own, *worker],
                pass_fds=[listener.fileno()],
                stderr=subprocess.PIPE,
                text=True,
            )
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self._lines.put(json.loads(line))

    def order(self, text):
        """What workers that start from now on do."""
        self._orders.write_text(text)

    def next(self, event):
        until = time.monotonic() + WITHIN
        while True:
            told = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            if told["event"] == event:
                return told

    def ready(self, count):
        """The numbers and process ids of the next workers that are ready."""
        return {told["worker"]: told["pid"] for told in (self.next("worker_ready") for _ in range(count))}

    def status(self):
        return self.process.wait(WITHIN)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._reader.join(WITHIN)


@pytest.fixture
def started(tmp_path):
    running = []

    def start(workers=2, orders=""):
        (tmp_path / "orders").write_text(orders)
        running.append(Parent(tmp_path, workers))
        return running[-1]

    yield start
    for one in running:
        one.kill()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_workers_are_started_and_told_to_stop(started, sent):
    running = started(workers=3)
    assert running.ready(3).keys() == {1, 2, 3}
    running.process.send_signal(sent)
    assert {running.next("terminated")["worker"] for _ in range(3)} == {1, 2, 3}
    assert running.status() == 0
    assert not running.shared.exists()


def test_a_worker_that_ends_badly_shows_in_the_status(started):
    running = started(orders="badly")
    running.ready(2)
    running.process.terminate()
    assert running.next("worker_ended_badly")["status"] == 3
    assert running.status() == 1


def test_a_worker_that_died_has_a_successor_of_its_number(started):
    running = started()
    workers = running.ready(2)
    os.kill(workers[2], signal.SIGKILL)
    assert running.next("worker_died")["status"] == -signal.SIGKILL
    (successor,) = running.ready(1).items()
    assert successor[0] == 2
    assert successor[1] != workers[2]


def test_one_that_dies_again_and_again_is_started_less_and_less_often(started):
    running = started()
    workers = running.ready(2)
    running.order("exit 7")
    os.kill(workers[1], signal.SIGKILL)
    told = [running.next("worker_died") for _ in range(3)]
    assert [(one["status"], one["restart_in"]) for one in told] == [(-9, 0), (7, 0.5), (7, 1)]
    running.order("")
    assert running.ready(1).keys() == {1}, "one that goes on is enough to wait for"


@pytest.mark.parametrize("status", [1, 2])
def test_workers_that_never_start_are_not_tried_again(started, status):
    running = started(orders=f"exit {status}")
    assert "do not start" in running.next("gave_up")["reason"]
    assert running.status() == status


def test_workers_are_replaced_one_by_one_and_each_only_once_its_successor_is_ready(started):
    running = started()
    running.ready(2)
    running.process.send_signal(signal.SIGHUP)
    happened: list[tuple[str, int]] = []
    while len(happened) < 4:
        told = running._lines.get(timeout=WITHIN)
        if told["event"] in ("worker_ready", "retired"):
            happened.append((told["event"], told["worker"]))
    assert [event for event, _ in happened] == ["worker_ready", "retired"] * 2
    assert [number for event, number in happened if event == "retired"] == [1, 2]
    running.process.terminate()
    assert running.status() == 0


def test_a_worker_that_retires_is_not_hurried_by_the_first_signal(started):
    running = started(workers=1, orders="busy")
    running.ready(1)
    running.order("")
    running.process.send_signal(signal.SIGHUP)
    assert running.next("retired")["worker"] == 1
    running.process.terminate()
    assert running.next("terminated")["worker"] == 2
    with pytest.raises(queue.Empty):
        running._lines.get(timeout=0.3)
    running.process.terminate()
    assert running.next("terminated")["worker"] == 1
    assert running.status() == 0


def test_a_release_that_does_not_start_replaces_nobody(started):
    running = started()
    workers = running.ready(2)
    running.order("exit 1")
    running.process.send_signal(signal.SIGHUP)
    assert running.next("not_replaced")["workers"] == [1, 2]
    for pid in workers.values():
        os.kill(pid, 0)
    running.order("")
    running.process.send_signal(signal.SIGHUP)
    assert running.next("retired")["worker"] == 1
    assert running.next("retired")["worker"] == 2


def test_workers_do_not_outlive_a_parent_that_was_killed(started):
    running = started()
    running.ready(2)
    running.process.kill()
    assert {running.next("retired")["worker"] for _ in range(2)} == {1, 2}


def test_the_third_signal_is_no_request(started):
    running = started(orders="deaf")
    running.ready(2)
    for _ in range(3):
        running.process.terminate()
        running.next("stopping")
    assert running.status() == 1


def test_it_is_small(started):
    running = started()
    running.ready(2)
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{running.process.pid}/status").read_text().splitlines())
    assert int(fields["RssAnon"].split()[0]) < 8 * 1024
