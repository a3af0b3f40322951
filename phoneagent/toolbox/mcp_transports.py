"""Ways to an MCP server, within bounds: what the official package leaves to whoever uses it.

Imports that package, which takes a second: imported itself by `mcp.py`, in a thread, when an agent has such servers.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import structlog
from mcp.client.stdio import StdioServerParameters, get_default_environment, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._stream_protocols import ReadStream, WriteStream
from mcp.shared.message import SessionMessage

from phoneagent.outbound import packed_in

from . import tethered

log = structlog.stdlib.get_logger(__name__)
logging.getLogger("mcp").setLevel(logging.CRITICAL)  # its errors quote what a server sends, such as callers' names

Streams = tuple[ReadStream[SessionMessage | Exception], WriteStream[SessionMessage]]

CONNECT_WITHIN = 10.0  # seconds; also for a request to be sent
GOODBYE_WITHIN = 2.0  # seconds for the end of a session, which a server forgets in any case
LARGEST = 1_048_576  # bytes of one message over HTTP; the model reads 20,000 characters of it
LAST_WORDS = 0.5  # seconds; its own programs may hold its standard error open longer than it lives
LONGEST_LINE = 1_000  # characters of a program's standard error in one line of the log


@asynccontextmanager
async def over_http(url: str, headers: Mapping[str, str]) -> AsyncIterator[Streams]:
    """Streamable HTTP. For an answer there is any time: whoever asks bounds that, and streams are open for hours."""
    asked = {**headers, "Accept-Encoding": "identity"}
    timeout = httpx2.Timeout(CONNECT_WITHIN, read=None)
    async with (
        httpx2.AsyncClient(transport=_Bounded(), headers=asked, timeout=timeout) as http,
        streamable_http_client(url, http_client=http, max_sse_event_size=LARGEST) as streams,
    ):
        yield streams


@asynccontextmanager
async def by_program(name: str, command: tuple[str, ...], environment: Mapping[str, str]) -> AsyncIterator[Streams]:
    """The standard input and output of a program, which ends with this block, and with this process, however it ends.

    What it writes to its standard error goes to the log. Raises `FileNotFoundError` for a program that there is not.
    """
    program = command[0]
    path = {**get_default_environment(), **environment}.get("PATH")
    if shutil.which(program, path=path) is None:
        raise FileNotFoundError(f"there is no program {program!r}")
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-IS", str(Path(tethered.__file__)), str(os.getpid()), *command],
        env=dict(environment),
        encoding_error_handler="replace",
    )
    reading, writing = os.pipe()
    lines = asyncio.StreamReader()
    pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(reading, "rb", buffering=0)
    )
    telling = asyncio.create_task(_tell(name, lines), name=f"standard error of {name}")
    try:
        with os.fdopen(writing, "w") as errors:
            async with stdio_client(parameters, errlog=errors) as streams:
                yield streams
    finally:
        try:
            await asyncio.wait([telling], timeout=LAST_WORDS)
        finally:
            pipe.close()


async def _tell(name: str, lines: asyncio.StreamReader) -> None:
    """Write what a program says to the log, line by line."""
    rest = ""
    while chunk := await lines.read(65_536):
        *whole, rest = (rest + chunk.decode("utf-8", "replace")).split("\n")
        if len(rest) > LONGEST_LINE:
            whole, rest = [*whole, rest], ""
        for line in whole:
            if line.strip():
                log.info("mcp_server_says", server=name, line=line.rstrip()[:LONGEST_LINE])


class _Bounded(httpx2.AsyncHTTPTransport):
    """Answers of any length are read to a certain one only: the package reads them whole."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "DELETE":
            within = httpx2.Timeout(GOODBYE_WITHIN).as_dict()
            request.extensions = {**request.extensions, "timeout": within}
        response = await super().handle_async_request(request)
        packed = packed_in(response.headers.get("content-encoding", ""))
        if not packed and response.headers.get("content-type", "").startswith("text/event-stream"):
            return response  # each of its events is bounded
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Counted(response, packed),
            extensions=response.extensions,
        )


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, response: httpx2.Response, packed: str) -> None:
        self._response = response
        self._packed = packed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # This kind of error the package tells the one who has asked; others end the connection, for all.
        if self._packed:
            raise httpx2.StreamError(f"expected an answer as it is, got one in {self._packed}")
        size = 0
        assert isinstance(self._response.stream, httpx2.AsyncByteStream)  # noqa: S101 - of an asynchronous transport
        async for chunk in self._response.stream:
            size += len(chunk)
            if size > LARGEST:
                raise httpx2.StreamError(f"the answer is larger than {LARGEST:,} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()
