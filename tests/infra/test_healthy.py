"""The container's health check, run as Docker runs it: a process whose exit status is the answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

HEALTHY = Path(__file__).parents[2] / "infra" / "healthy.py"


@pytest.fixture
def serve():
    """Start a server that answers `/healthz` with the given status; returns its port."""
    servers: list[tuple[HTTPServer, threading.Thread]] = []

    def start(status: int) -> int:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status if self.path == "/healthz" else 404)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return server.server_port

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def check(**variables: str) -> int:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("PORT")}
    # a proxy that is not there: the check must not ask it
    environment |= {"http_proxy": "http://127.0.0.1:1", **variables}
    return subprocess.run([sys.executable, HEALTHY], env=environment, check=False).returncode


def test_a_server_that_answers_is_healthy(serve):
    port = serve(200)
    assert check(PHONEAGENT_PORT=str(port)) == 0
    assert check(PORT=str(port)) == 0


def test_a_server_in_trouble_is_not(serve):
    assert check(PHONEAGENT_PORT=str(serve(503))) == 1


def test_no_server_is_not():
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        assert check(PHONEAGENT_PORT=str(taken.getsockname()[1])) == 1
