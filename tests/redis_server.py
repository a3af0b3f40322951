"""A private redis-server as a child process, which tests may stall, resume and end."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager

STARTED_WITHIN = 10.0  # seconds
IN_MEMORY = ("--save", "", "--appendonly", "no")
PAUSE = 0.02  # seconds between two looks; another process takes real time
ATTEMPTS = 5  # somebody else may take the free port first


class RedisServer:
    """`url` and `port` on 127.0.0.1. Nothing is written to disk but by a replica, into a folder of its own."""

    def __init__(self, *arguments, folder):
        program = shutil.which("redis-server")
        assert program, "these tests need a redis-server: apt-get install redis-server"
        for _ in range(ATTEMPTS):
            self.port = free_port()
            self._process = subprocess.Popen(
                [program, *arguments, *IN_MEMORY, "--port", str(self.port), "--bind", "127.0.0.1"],
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if self._answers():
                return
            self.stop()
        raise AssertionError(f"redis-server did not start within {STARTED_WITHIN} s, {ATTEMPTS} times")

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self, *words):
        """Run a command over a plain socket; the answer's text. For setting up, and looking on from outside."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            parts = [str(word).encode() for word in words]
            request = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
            connection.sendall(request)
            return connection.recv(65536).decode()

    def wait_for(self, answer, *words):
        """Repeat a command until its answer has this text."""
        until = time.monotonic() + STARTED_WITHIN
        while answer not in self.command(*words):
            assert time.monotonic() < until, f"{words} did not answer {answer} within {STARTED_WITHIN} s"
            time.sleep(PAUSE)

    def stall(self):
        """The process stands still; the kernel still accepts connections for it."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        self._process.send_signal(signal.SIGCONT)

    def stop(self):
        self._process.kill()  # also a stalled one; there is nothing to save
        self._process.wait()

    def _answers(self):
        until = time.monotonic() + STARTED_WITHIN
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if self.command("PING").startswith("+PONG"):
                    return self._process.poll() is None
            except OSError:
                time.sleep(PAUSE)
        return False


@contextmanager
def redis_server(*arguments):
    with tempfile.TemporaryDirectory(prefix="phoneagent-redis-") as folder:
        server = RedisServer(*arguments, folder=folder)
        try:
            yield server
        finally:
            server.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
