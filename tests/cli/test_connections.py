"""Whoever opens many connections keeps nobody out: not a call, not an orchestrator, whatever they send by halves."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from phoneagent.cli.connections import Connections
from phoneagent.cli.server import (
    HEAD_LIMIT,
    MOST_HEADERS,
    REQUEST_LIMIT,
    REQUEST_WITHIN,
    TAKEN_WITHIN,
    BoundedRequests,
    configuration,
)
from phoneagent.simulator.local_server import LocalServer

LIMIT = 8
SERVED = 3
FORM = b"POST /twilio/voice HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nhello"
HALVES = {
    "nothing": b"",
    "half a line": b"GET /hea",
    "half a head": b"POST /twilio/voice HTTP/1.1\r\nHost: here\r\nX-More:",
    "half a body": b"POST /twilio/voice HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nhel",
    "half a chunk": b"POST /twilio/voice HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "half a trailer": b"POST /twilio/voice HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-More: ",
    "no answer read": b"GET /large HTTP/1.1\r\nHost: here\r\n\r\n",
    "an idle connection": b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n",
}


async def _hook(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())} bytes")


async def _well(_: Request) -> Response:
    return PlainTextResponse("ok")


async def _large(_: Request) -> Response:
    return Response(bytes(16 * 1024 * 1024))


class Slow:
    """A path that answers when the test wants it to."""

    def __init__(self):
        self.answer = asyncio.Event()

    async def asked(self, _: Request) -> Response:
        await self.answer.wait()
        return PlainTextResponse("at last")


class Door:
    """A server that keeps few connections, and those who knock."""

    def __init__(self, url, connections, slow, stack):
        self.port = int(url.rpartition(":")[2])
        self.connections = connections
        self.slow = slow
        self._stack = stack

    async def knock(self, data=b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1024)
        self._stack.push_async_callback(_close, writer)
        writer.write(data)
        with suppress(ConnectionError):
            await writer.drain()
        return reader, writer

    async def status(self, request):
        reader, _ = await self.knock(request)
        return int((await reader.readline()).split()[1])


async def _close(writer):
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()


@asynccontextmanager
async def door():
    slow, connections = Slow(), Connections(LIMIT, SERVED)
    app = Starlette(
        routes=[
            Route("/twilio/voice", _hook, methods=["POST"]),
            Route("/twilio/slow", slow.asked),
            Route("/healthz", _well),
            Route("/readyz", _well),
            Route("/large", _large),
            Route("/v1/slow", slow.asked),
        ]
    )
    async with (
        LocalServer(app, http=partial(BoundedRequests, connections=connections)) as server,
        AsyncExitStack() as stack,
    ):
        yield Door(server.url, connections, slow, stack)
        slow.answer.set()


@pytest.mark.parametrize("kind", HALVES)
async def test_whoever_comes_finds_room_however_many_wait(kind):
    async with door() as here:
        first, _ = await here.knock(HALVES[kind])
        for _ in range(5 * LIMIT):
            await here.knock(HALVES[kind])
        await asyncio.sleep(0.1)
        assert here.connections.waiting == LIMIT
        if kind != "no answer read":
            while await first.read(1024):  # the one that has waited longest has gone
                pass
        assert await here.status(FORM) == 200
        assert await here.status(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n") == 200
        assert await here.status(b"GET /readyz HTTP/1.1\r\nHost: here\r\n\r\n") == 200


async def test_who_is_being_answered_is_not_dropped_for_those_who_wait():
    async with door() as here:
        reader, _ = await here.knock(b"GET /twilio/slow HTTP/1.1\r\nHost: here\r\n\r\n")
        await asyncio.sleep(0.1)
        for _ in range(3 * LIMIT):
            await here.knock()
        here.slow.answer.set()
        assert (await reader.readline()).split()[1] == b"200"


async def test_who_asks_again_has_waited_least():
    async with door() as here:
        reader, writer = await here.knock()
        for _ in range(LIMIT - 1):
            await here.knock()
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
        assert (await reader.readline()).split()[1] == b"200"
        for _ in range(LIMIT - 2):
            await here.knock()
        await asyncio.sleep(0.1)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
        await reader.readuntil(b"ok")
        assert (await reader.readline()).split()[1] == b"200"


async def test_past_the_limit_of_requests_calls_and_health_are_answered_and_others_are_told_to_come_again():
    async with door() as here:
        for _ in range(SERVED):
            await here.knock(b"GET /v1/slow HTTP/1.1\r\nHost: here\r\n\r\n")
        await asyncio.sleep(0.1)
        reader, _ = await here.knock(b"GET /v1/slow HTTP/1.1\r\nHost: here\r\n\r\n")
        refused = await reader.read()
        assert refused.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 5" in refused
        assert await here.status(FORM) == 200
        assert await here.status(b"GET /healthz?deep HTTP/1.1\r\nHost: here\r\n\r\n") == 200
        here.slow.answer.set()
        await asyncio.sleep(0.1)
        assert await here.status(b"GET /v1/slow HTTP/1.1\r\nHost: here\r\n\r\n") == 200


async def test_who_does_not_take_the_answer_is_cut():
    async with door() as here:
        reader, _ = await here.knock(b"GET /large HTTP/1.1\r\nHost: here\r\n\r\n")
        await asyncio.sleep(TAKEN_WITHIN + 1)
        assert here.connections.waiting == 0
        with suppress(ConnectionError):
            while await reader.read(65536):
                pass


async def test_a_request_that_trickles_in_is_cut_when_its_time_is_over():
    async with door() as here:
        reader, writer = await here.knock(HALVES["half a head"])
        began = asyncio.get_running_loop().time()
        while not reader.at_eof():
            writer.write(b"x")
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), 1.0)
        assert asyncio.get_running_loop().time() - began == pytest.approx(REQUEST_WITHIN, abs=1.1)


async def test_too_many_headers_are_refused():
    async with door() as here:
        head = b"GET /healthz HTTP/1.1\r\nHost: here\r\n"
        assert await here.status(head + b"a:\r\n" * (MOST_HEADERS - 1) + b"\r\n") == 200
        assert await here.status(head + b"a:\r\n" * MOST_HEADERS + b"\r\n") == 431
        assert await here.status(head + b"a:\r\n" * HEAD_LIMIT + b"\r\n") == 431


async def test_a_request_whose_trailers_do_not_end_is_cut():
    async with door() as here:
        _, writer = await here.knock(HALVES["half a trailer"])
        sent = 0
        with suppress(ConnectionError):
            while sent < 8 * REQUEST_LIMIT:
                writer.write(b"x" * 65536)
                await writer.drain()
                await asyncio.sleep(0)
                sent += 65536
        assert sent < 8 * REQUEST_LIMIT


def test_each_worker_has_limits_of_its_own():
    one, other = (configuration(Starlette(), max_calls=10).http for _ in range(2))
    assert isinstance(one, partial)
    assert isinstance(other, partial)
    assert one.keywords["connections"] is not other.keywords["connections"]
