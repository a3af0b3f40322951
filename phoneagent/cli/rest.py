"""A client of a running server's REST interface."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from phoneagent.errors import PhoneagentError

ANSWER_WITHIN = 15.0  # seconds; placing a call waits for the carrier, which may take five
TRIES = 4  # of one request, when nobody answers: a server that is replaced is back within seconds
PAUSE = 1.0  # seconds before each next one
BUSY = frozenset({502, 503, 504})  # the store or the carrier is away, or a proxy has nobody behind it
LONGEST_QUOTED = 200  # characters of what was no JSON


class ServerAway(PhoneagentError):
    """Nobody answers there, or not as this server does."""


class Refused(PhoneagentError):
    """The server understood the request and says no. `status` is that of HTTP."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True, slots=True)
class RestClient:
    """Made by `connected`. All methods raise `ServerAway` and `Refused`."""

    session: aiohttp.ClientSession
    url: str

    async def place(self, order: Mapping[str, Any], *, idempotency_key: str) -> dict[str, Any]:
        """Have a call placed, once however often it is asked for."""
        return await self._ask("POST", "/v1/calls", order, {"Idempotency-Key": idempotency_key})

    async def call(self, call: str) -> dict[str, Any]:
        return await self._ask("GET", f"/v1/calls/{call}")

    async def turns(self, call: str) -> list[dict[str, Any]]:
        """What was heard so far."""
        turns: list[dict[str, Any]] = (await self._ask("GET", f"/v1/calls/{call}/transcript"))["turns"]
        return turns

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
