"""The parent of `phoneagent serve --workers N`: starts workers, replaces them, passes signals on.

A program of its own, run by its path: it imports nothing of phoneagent, nor of the standard library more than it needs,
so that it costs 4 MB of its own, and a release of phoneagent that does not start cannot take it along.

Each worker gets a channel, a pair of connected sockets. The worker writes a byte when it takes calls. Once the parent
has hung up, because the worker is to be replaced or because the parent is gone, it takes no further call and ends with
its last one: nothing is left behind by a parent that was killed.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence

READY_WITHIN = 60.0  # seconds from start to readiness; usual is one or two
LOOK_AGAIN = 1.0  # seconds
STEADY = 10.0  # seconds; a worker that lived longer did not die of its start
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before the second start after a death at an early age; then doubled
SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's: where processes count together
MOST_FAILURES = 5  # starts in a row that failed, and no worker is left

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
WELL, FAILED = 0, 1  # exit statuses


class Worker:
    """A process that was started."""

    def __init__(self, number: int, pid: int, channel: socket.socket, replaces: Worker | None) -> None:
        self.number = number
        self.pid = pid
        self.channel = channel
        self.began = time.monotonic()
        self.replaces = replaces
        self.ready = False
        self.retiring = False
        self.killed = False

    @property
    def age(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self.began


class Parent:
    """`command` starts a worker once `--worker NUMBER LISTENER CHANNEL FOLDER` is added to it."""

    def __init__(self, wanted: int, command: Sequence[str], listener: int, folder: str, *, as_json: bool) -> None:
        self._wanted = wanted
        self._command = command
        self._listener = listener
        self._folder = folder
        self._json = as_json
        self._workers: list[Worker] = []
        self._outdated: list[Worker] = []  # to be replaced, one after the other
        self._stops = 0  # how often it was told to stop
        self._failures = 0  # workers in a row that died young
        self._start_at = 0.0  # not earlier
        self._has_served = False
        self._status = WELL

    def run(self) -> int:
        """To the end; returns the exit status."""
        wake, self._wake = socket.socketpair()
        for end in (wake, self._wake):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for sent in SIGNALS:
            signal.signal(sent, lambda *_: None)  # what came is read from the socket
        while True:
            self._keep_up()
            if not self._workers and self._stops:
                return self._status
            starting = [worker.channel for worker in self._workers if not worker.ready]
            pause = self._start_at - time.monotonic()
            ready, _, _ = select.select([wake, *starting], [], [], min(pause, LOOK_AGAIN) if pause > 0 else LOOK_AGAIN)
            if wake in ready:
                for number in set(wake.recv(4096)):
                    self._signalled(number)
            for worker in [worker for worker in self._workers if worker.channel in ready]:
                if worker.channel.recv(1):  # else it is about to be found dead
                    self._is_ready(worker)
            self._bury()

    # -- what happens -------------------------------------------------------------------------------

    def _signalled(self, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            self._stop()
        elif number == signal.SIGHUP and not self._stops:
            self._outdated += [w for w in self._current() if w not in self._outdated]
            self._say("info", "replacing", workers=[worker.number for worker in self._outdated])

    def _stop(self) -> None:
        """A first time: calls in progress may end. A second time workers end them. A third time is not a request."""
        self._stops += 1
        self._say("info", "stopping", workers=[worker.number for worker in self._workers])
        for worker in self._workers:
            if not worker.retiring or self._stops > 1:  # one that retires has had its first
                os.kill(worker.pid, signal.SIGKILL if self._stops > 2 else signal.SIGTERM)

    def _is_ready(self, worker: Worker) -> None:
        worker.ready = self._has_served = True
        self._say("info", "worker_ready", worker=worker.number, pid=worker.pid, seconds=round(worker.age, 2))
        if (old := worker.replaces) is not None:
            worker.replaces = None
            self._outdated.remove(old)
            self._retire(old)

    def _retire(self, worker: Worker) -> None:
        worker.retiring = True
        worker.channel.shutdown(socket.SHUT_WR)

    def _bury(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for worker in [worker for worker in self._workers if worker.pid == pid]:  # as process 1 we get orphans too
                self._workers.remove(worker)
                worker.channel.close()
                self._died(worker, os.waitstatus_to_exitcode(status))

    def _died(self, worker: Worker, status: int) -> None:
        """`status`: that of the exit, or the negative number of the signal."""
        for other in self._workers:
            if other.replaces is worker:  # what was to be replaced is gone already
                other.replaces = None
        if worker in self._outdated:
            self._outdated.remove(worker)
        gauges = f"{self._folder}/gauge_livesum_{worker.pid}.db"  # what it counted stays, what it holds now does not
        if os.path.exists(gauges):  # noqa: PTH110
            os.unlink(gauges)  # noqa: PTH108
        if self._stops or worker.retiring:
            if status not in (WELL, -signal.SIGTERM):  # by the signal itself: it was about to start
                self._status = self._status or FAILED
                self._say("error", "worker_ended_badly", worker=worker.number, status=status)
            return
        self._failures = 0 if worker.ready and worker.age > STEADY else self._failures + 1
        pause = min(FIRST_PAUSE * 2 ** (self._failures - 2), LONGEST_PAUSE) if self._failures > 1 else 0.0
        self._start_at = time.monotonic() + pause
        self._say("error", "worker_died", worker=worker.number, status=status, ready=worker.ready, restart_in=pause)
        if worker.replaces is not None:
            self._say("error", "not_replaced", workers=[old.number for old in self._outdated])
            self._outdated.clear()
        if not self._has_served or (self._failures >= MOST_FAILURES and not self._workers):
            self._status = status if status > 0 else FAILED
            self._say("error", "gave_up", reason="workers do not start: see what they say above")
            self._stop()

    # -- what is to be ------------------------------------------------------------------------------

    def _current(self) -> list[Worker]:
        return [worker for worker in self._workers if not worker.retiring and worker.replaces is None]

    def _keep_up(self) -> None:
        for worker in self._workers:
            if not worker.ready and not worker.killed and worker.age > READY_WITHIN:
                self._say("error", "worker_not_ready", worker=worker.number, seconds=READY_WITHIN)
                worker.killed = True
                os.kill(worker.pid, signal.SIGKILL)
        if self._stops or time.monotonic() < self._start_at:
            return
        for _ in range(self._wanted - len(self._current())):
            self._start()
        if self._outdated and not any(worker.replaces for worker in self._workers):
            self._start(replaces=self._outdated[0])

    def _start(self, *, replaces: Worker | None = None) -> None:
        taken = {worker.number for worker in self._workers}
        number = next(n for n in range(1, len(taken) + 2) if n not in taken)
        ours, theirs = socket.socketpair()
        with theirs:
            own = [str(part) for part in (number, self._listener, theirs.fileno(), self._folder)]
            os.set_inheritable(theirs.fileno(), True)
            # A group of its own: Ctrl-C in a terminal comes to the parent alone, which passes it on once.
            pid = os.posix_spawn(
                self._command[0],
                [*self._command, "--worker", *own],
                {**os.environ, SHARED_METRICS: self._folder},
                setpgroup=0,
                setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),  # which Python ignores, and a spawned program would too
            )
        self._workers.append(Worker(number, pid, ours, replaces))

    def _say(self, level: str, event: str, **values: object) -> None:
        """A log line like the workers'."""
        now = time.time()
        at = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1e6):06}Z"
        if self._json:
            line = json.dumps({**values, "event": event, "level": level, "logger": "parent", "timestamp": at})
        else:
            line = " ".join([at, f"[{level:8}]", event, *(f"{key}={value}" for key, value in values.items())])
        os.write(2, f"{line}\n".encode())


def main(wanted: str, listener: str, folder: str, log_format: str, *command: str) -> int:
    """Run workers until told to stop, then tidy up."""
    try:
        return Parent(int(wanted), command, int(listener), folder, as_json=log_format == "json").run()
    finally:
        for name in os.listdir(folder):  # noqa: PTH208  # pathlib would be half a megabyte
            os.unlink(f"{folder}/{name}")  # noqa: PTH108
        os.rmdir(folder)  # noqa: PTH106


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
