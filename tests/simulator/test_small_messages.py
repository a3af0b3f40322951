"""Small messages leave at once: media frames and tokens do not wait for the peer's acknowledgement."""

import asyncio
import socket

import pytest

from phoneagent.simulator.deepgram import DeepgramServer
from phoneagent.simulator.local_server import LocalServer
from phoneagent.simulator.speech import Phrasebook


async def nothing(scope, receive, send):
    """An application that nobody asks anything."""


@pytest.mark.parametrize("make", [lambda: LocalServer(nothing), lambda: DeepgramServer(Phrasebook())])
async def test_accepted_connections_do_without_nagles_algorithm(make):
    async with make() as server:
        port = int(server.url.rsplit(":", 1)[1])
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.1)
        (protocol,) = server._server.server_state.connections
        accepted = protocol.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        writer.close()
        await writer.wait_closed()
