"""Requests to a server of chat completions: connections that are kept, deadlines, and what a refusal says."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import msgspec
import structlog
from yarl import URL

from phoneagent.errors import ProblemKind, SettingsError
from phoneagent.retry_after import retry_after

CONNECT_WITHIN = 3.0  # seconds, for TCP and TLS together
KEPT_ALIVE = 300.0  # seconds; with the usual 15 or less, every turn of a call would pay for TCP and TLS
LONGEST_REFUSAL = 64 * 1024  # bytes of an error's body that are read
LONGEST_PROBLEM = 400  # characters of somebody else's text in an error message
RETRYABLE_STATUSES = frozenset({408, 409, 429})  # and all from 500
ACCOUNT_STATUSES = frozenset({401, 402, 403})
NO_CREDIT = "insufficient_quota"  # comes with status 429, but no retry helps

MISFORMED_CODES = frozenset({"tool_use_failed", "output_parse_failed"})
"""Groq's 400 for a call that nobody can read (console.groq.com/docs/tool-use); the next may be better."""

CONTENT_CODES = frozenset({"content_filter", "content_policy_violation"})  # Azure refuses the question already

log = structlog.get_logger(__name__)


class ServerFailed(Exception):
    """The server could not be reached, refused, or broke off. `str` says how; it may quote the key."""

    def __init__(
        self,
        problem: str,
        *,
        retryable: bool = True,
        kind: ProblemKind = "",
        wait: float | None = None,
        status: int = 0,
    ) -> None:
        """As for `ProviderError`. `status`: that of the answer, 0 where there was none."""
        super().__init__(problem)
        self.status = status
        self.retryable = retryable
        self.kind = kind
        self.wait = wait


class ChatServer:
    """One server and the connections to it, which are made in the loop of the first request.

    `base_url` is what paths are appended to; a query in it (Azure's `api-version`) is kept. Raises `SettingsError` if
    it is no http or https URL. Proxies are taken from the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`...).
    """

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise SettingsError("openai: base URL: expected http:// or https:// and a host, without a user")
        self._parts = parts
        self._headers = {
            "user-agent": "phoneagent",
            # No compression: there are proxies that hold a stream back until a block of it is full.
            "accept-encoding": "identity",
            **headers,
        }
        self._urls: dict[str, URL] = {}
        # Found once: aiohttp's own `trust_env` starts a thread for it with each request.
        self._proxy = _proxy(parts.scheme, parts.hostname)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def request(self, method: str, path: str, body: bytes | None = None) -> aiohttp.ClientResponse:
        """Send a request and wait for the head of the answer. Raises `ServerFailed`, also for a refusal."""
        headers = {"content-type": "application/json"} if body is not None else None
        try:
            response = await self._connections().request(method, self._url(path), data=body, headers=headers)
            if response.status == 200:
                return response
            try:
                raise refusal(response, await beginning(response, LONGEST_REFUSAL))
            finally:
                response.release()
        except aiohttp.ServerTimeoutError as late:
            raise ServerFailed(f"connection failed: not made within {CONNECT_WITHIN:g} s") from late
        except (aiohttp.ClientError, OSError) as failed:
            raise unreachable(failed) from failed

    async def aclose(self) -> None:
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _connections(self) -> aiohttp.ClientSession:
        if self._closed:
            raise ServerFailed("the mind is closed", retryable=False)
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # A limit here would be a queue that nobody sees; how many calls there are is decided at the door.
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_ALIVE),
                # Everything else has deadlines of its own; aiohttp's are timers that each piece of an answer moves.
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_WITHIN),
                headers=self._headers,
                proxy=self._proxy,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    def _url(self, path: str) -> URL:
        url = self._urls.get(path)
        if url is None:
            joined = self._parts._replace(path=self._parts.path.rstrip("/") + path, fragment="")
            url = self._urls[path] = URL(urlunsplit(joined), encoded=True)
        return url


class Reception:
    """The body of an answer, piece by piece, each before a deadline (the loop's time), which may be moved.

    One timer for all of it, moved when it runs out: an `asyncio.timeout` around each wait would cost more than to
    decode what was waited for. And the deadline runs only while something is waited for: whoever is busy with the last
    piece is not a slow server.
    """

    def __init__(self, response: aiohttp.ClientResponse, deadline: float, again: float) -> None:
        """`again`: seconds after which to look again when the deadline is over, but nobody waits."""
        self._deadline = deadline
        self._response = response
        self._again = again
        self._waiting = self._late = False
        self._loop = asyncio.get_running_loop()
        self._due_at = deadline
        self._timer = self._loop.call_at(deadline, self._due)

    def wait_until(self, deadline: float) -> None:
        self._deadline = deadline
        if deadline < self._due_at:
            self._timer.cancel()
            self._arm(deadline)

    async def read(self) -> bytes:
        """What has come; waits only if nothing has. Empty at the end. Raises `TimeoutError` and `ServerFailed`."""
        self._waiting = True
        try:
            return await self._response.content.readany()
        except (aiohttp.ClientError, OSError) as failed:
            if self._late:
                raise TimeoutError from failed
            raise unreachable(failed) from failed
        finally:
            self._waiting = False

    def close(self) -> None:
        """If the body is not over, the connection is dropped: the server stops."""
        self._timer.cancel()
        self._response.close()

    async def finish(self, *, within: float) -> None:
        """Wait for the end of the body, so that the connection can be kept; it mostly came with the last event."""
        self.wait_until(self._loop.time() + within)
        try:
            while await self.read():
                pass
        except (TimeoutError, ServerFailed) as failed:
            log.debug("connection_not_kept", problem=str(failed))

    def _due(self) -> None:
        now = self._loop.time()
        if self._waiting and now >= self._deadline:
            self._late = True
            self._response.close()  # wakes up `read`
        else:
            self._arm(self._deadline if self._deadline > now else now + self._again)

    def _arm(self, at: float) -> None:
        self._due_at = at
        self._timer = self._loop.call_at(at, self._due)


async def beginning(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The body, or somewhat more than `most` bytes of it."""
    body = b""
    while len(body) <= most and (piece := await response.content.readany()):
        body += piece
    return body


def refusal(response: aiohttp.ClientResponse, body: bytes) -> ServerFailed:
    """What an answer with another status than 200 says."""
    told, code = explanation(body)
    problem = " ".join(filter(None, (f"HTTP {response.status}", code))) + (f": {told}" if told else "")
    if request := response.headers.get("x-request-id"):
        problem += f" (request {request})"
    passing = response.status in RETRYABLE_STATUSES or response.status >= 500 or code in MISFORMED_CODES
    retryable = passing and code != NO_CREDIT
    kind: ProblemKind = ""
    if response.status in ACCOUNT_STATUSES or code == NO_CREDIT:
        kind = "account"
    elif code in CONTENT_CODES:
        kind = "content"
    wait = retry_after(response.headers.get("retry-after"), now=time.time())
    return ServerFailed(problem, retryable=retryable, kind=kind, wait=wait, status=response.status)


def explanation(body: bytes) -> tuple[str, str]:
    """The message and the code in an error's body, of whatever shape."""
    try:
        content: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _short(re.sub(r"<[^<>]*>", " ", body.decode(errors="replace"))), ""
    if isinstance(content, list):  # Google
        content = content[0] if content else ""
    if isinstance(content, dict):
        content = content.get("error") or content  # FastAPI, older vLLM: at the top
    return said(content)


def said(error: object) -> tuple[str, str]:
    """The message and the code of an error object; it may be a mere text."""
    if not isinstance(error, dict):
        return _short(str(error)), ""
    message, code = error.get("message") or error.get("detail") or "", error.get("code")
    return _short(str(message)), "" if code is None else str(code)


def unreachable(failed: Exception) -> ServerFailed:
    return ServerFailed(f"connection failed: {_short(str(failed)) or type(failed).__name__}")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_PROBLEM else f"{text[:LONGEST_PROBLEM]}…"


def _proxy(scheme: str, host: str) -> str | None:
    proxies = getproxies()
    found = proxies.get(scheme) or proxies.get("all")
    if not found or proxy_bypass(host):
        return None
    return found if "://" in found else f"http://{found}"
