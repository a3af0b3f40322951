"""A load balancer: requests go round robin to the processes that are ready, and past those that refuse them.

As nginx does with `proxy_next_upstream error timeout non_idempotent`: a request of which the process died without a
word of an answer goes to the next one. Otherwise the carrier would hear of it, and Twilio asks only once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Self

import aiohttp

END_OF_HEAD = b"\r\n\r\n"
LOOK_AGAIN = 0.1  # seconds between two looks at /readyz
PATIENCE = 1.0  # seconds for /readyz to answer


class Front:
    """`async with Front(ports) as front`; `front.url` is the public one."""

    def __init__(self, ports: Iterable[int]) -> None:
        self.ports = list(ports)
        self.ready: set[int] = set()
        self.next = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Client(self), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE))
        self._watching = [asyncio.create_task(self._watch(port)) for port in self.ports]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in (*self._watching, *self.tasks):
            task.cancel()
        await asyncio.wait([*self._watching, *self.tasks])
        await self._session.close()

    def in_turn(self) -> list[int]:
        """The ports to try, best first."""
        self.next += 1
        start = self.next % len(self.ports)
        turn = self.ports[start:] + self.ports[:start]
        return sorted(turn, key=lambda port: port not in self.ready)

    async def _watch(self, port: int) -> None:
        while True:
            try:
                async with self._session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    ready = answer.status == 200
            except (aiohttp.ClientError, TimeoutError):
                ready = False
            (self.ready.add if ready else self.ready.discard)(port)
            await asyncio.sleep(LOOK_AGAIN)


class Pipe(asyncio.Protocol):
    """One side of a connection; what arrives goes to the other side."""

    other: Pipe | None = None
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # TCP is a Transport

    def data_received(self, data: bytes) -> None:
        if self.other is not None and not self.other.transport.is_closing():
            self.other.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None:
            self.other.transport.close()

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and not self.other.transport.is_closing():
            self.other.transport.resume_reading()


class Client(Pipe):
    """The carrier's side: reads one request, then it is a pipe."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._request = b""

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            super().data_received(data)
            return
        self._request += data
        head, found, body = self._request.partition(END_OF_HEAD)
        if found and len(body) >= _length(head):
            task = asyncio.create_task(self._serve(head, body))
            self._front.tasks.add(task)
            task.add_done_callback(self._front.tasks.discard)

    async def _serve(self, head: bytes, body: bytes) -> None:
        lasting = b"upgrade: websocket" in head.lower()
        request = head + (b"" if lasting else b"\r\nConnection: close") + END_OF_HEAD + body
        loop = asyncio.get_running_loop()
        for port in self._front.in_turn():
            answered: asyncio.Future[bool] = loop.create_future()
            with suppress(OSError):
                await loop.create_connection(lambda: Upstream(self, request, answered), "127.0.0.1", port)  # noqa: B023 -- called at once
                if await answered:
                    return
        self.transport.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self.transport.close()


class Upstream(Pipe):
    """A process' side: it has the client as soon as it answers."""

    def __init__(self, client: Client, request: bytes, answered: asyncio.Future[bool]) -> None:
        self._client = client
        self._request = request
        self._answered = answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._answered.done():
            self.other, self._client.other = self._client, self
            self._answered.set_result(True)
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._answered.done():
            self._answered.set_result(False)
        super().connection_lost(exc)


def _length(head: bytes) -> int:
    lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next((int(value) for name, _, value in lines if name == b"content-length"), 0)
