"""A client of a running server's REST interface."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

import aiohttp

from phoneagent.errors import PhoneagentError
from phoneagent.records import FINAL_STATUSES

ANSWER_WITHIN = 15.0  # seconds; placing a call waits for the carrier, which may take five
TRIES = 4  # of one request, when nobody answers: a server that is replaced is back within seconds
PAUSE = 1.0  # seconds before each next one
NOTHING_LEFT = 204
BUSY = frozenset({502, 503, 504})  # the store or the carrier is away, or a proxy has nobody behind it
SILENT = 40.0  # seconds; a stream says every 15 that it is still there
LONGEST_QUOTED = 200  # characters of what was no JSON


class ServerAway(PhoneagentError):
    """Nobody answers there, or not as this server does."""


class StreamOver(PhoneagentError):
    """Everything was told before."""


class Refused(PhoneagentError):
    """The server understood the request and says no. `status` is that of HTTP."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Happening(NamedTuple):
    """An event of a call."""

    id: str
    event: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RestClient:
    """Made by `connected`. All methods raise `ServerAway` and `Refused`."""

    session: aiohttp.ClientSession
    url: str

    async def place(self, order: Mapping[str, Any], *, idempotency_key: str) -> dict[str, Any]:
        """Have a call placed, once however often it is asked for."""
        return await self._ask("POST", "/v1/calls", order, {"Idempotency-Key": idempotency_key})

    async def call(self, call: str) -> dict[str, Any]:
        return await self._ask("GET", f"/v1/calls/{quote(call, safe='')}")

    async def newest(self, direction: str) -> list[dict[str, Any]]:
        """The newest calls, `inbound` or `outbound`."""
        page = await self._ask("GET", f"/v1/calls?direction={quote(direction, safe='')}")
        return list(page["items"])

    async def report(self, call: str) -> dict[str, Any]:
        """Of a call that is over."""
        return await self._ask("GET", f"/v1/calls/{quote(call, safe='')}/report")

    async def events(self, call: str) -> AsyncGenerator[Happening, None]:
        """What has happened in a call, and what happens, to its end: each once, also when the connection is lost."""
        after, over, failures = "", False, 0
        while True:
            problem = "the stream has ended early"
            try:
                async with aclosing(self._stream(call, after)) as stream:
                    async for happening in stream:
                        after, failures = happening.id, 0
                        over = over or (happening.event == "status" and happening.values["status"] in FINAL_STATUSES)
                        yield happening
            except StreamOver:
                return
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                problem = str(error) or type(error).__name__
            else:
                if over:
                    return
            failures += 1
            if failures >= TRIES:
                raise ServerAway(f"{self.url}: expected the events of the call: {problem}")
            await asyncio.sleep(PAUSE)

    async def _stream(self, call: str, after: str) -> AsyncGenerator[Happening, None]:
        """One connection. Raises `StreamOver` when nothing is left to be told."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": after} if after else {})
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_WITHIN, sock_read=SILENT)
        path = f"{self.url}/v1/calls/{call}/events"
        async with self.session.get(path, headers=headers, timeout=timeout) as response:
            if response.status == NOTHING_LEFT:
                raise StreamOver
            if response.status in BUSY:
                response.raise_for_status()
            if response.content_type != "text/event-stream":
                _understood(response.status, await response.text())
                raise ServerAway(f"{self.url}: expected an event stream, got {response.content_type}")
            fields: dict[str, str] = {}
            async for line in response.content:
                if text := line.decode().rstrip("\r\n"):
                    name, _, value = text.partition(":")
                    fields[name] = value.removeprefix(" ")
                else:
                    if "data" in fields:
                        yield Happening(fields["id"], fields["event"], json.loads(fields["data"]))
                    fields = {}

    async def _ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Ask until somebody answers. Only for requests that may be repeated."""
        for left in reversed(range(TRIES)):
            try:
                async with self.session.request(method, self.url + path, json=body, headers=headers) as response:
                    text = await response.text()
                    if response.status not in BUSY or not left:
                        return _understood(response.status, text)
            except (aiohttp.ClientError, TimeoutError, OSError, UnicodeDecodeError) as error:
                if not left:
                    raise ServerAway(
                        f"{self.url}: expected a running `phoneagent serve`: {error or type(error).__name__}"
                    ) from error
            await asyncio.sleep(PAUSE)
        raise AssertionError("the last try returns or raises")


@asynccontextmanager
async def connected(url: str, key: str) -> AsyncIterator[RestClient]:
    """A client of the server at `url`; an empty key is none."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        yield RestClient(session, url.rstrip("/"))


def _understood(status: int, text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ServerAway(f"expected JSON from a phoneagent server, got HTTP {status}: {text[:LONGEST_QUOTED]!r}")
    if status >= 400:
        raise Refused(status, str(body.get("detail") or body.get("title") or f"HTTP {status}"))
    return body
