"""Signs messages and posts them: once, to where they are meant for, and not for long."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

import structlog
from standardwebhooks import Webhook as Signer

from phoneagent.deliveries import Reply, Webhook
from phoneagent.errors import OutboundRefused
from phoneagent.retry_after import retry_after

if TYPE_CHECKING:
    import httpx

log = structlog.stdlib.get_logger(__name__)

LATE = ("phoneagent.outbound", "httpcore", "anyio._backends._asyncio", "encodings.idna")
"""What requests import when there is the first one."""

MOST_CONNECTIONS = 20  # to one host
KEPT_ALIVE = 4.0  # seconds: uvicorn and Node close what was idle for five
MOST_READ = 16 * 1024  # bytes of an answer: all that one about a call that comes in may have; others are not kept
LONGEST_STEP = 30.0  # seconds for a step of a request; whoever sends has a deadline for all of it
CLOSE_WITHIN = 0.5  # seconds
LONGEST_SHOWN = 200  # characters of a problem
HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "phoneagent",
    "Accept-Encoding": "identity",  # a few kilobytes may become gigabytes
}


def signed_headers(secrets: Iterable[str], message: str, body: str, at: datetime) -> dict[str, str]:
    """The headers of a signed message, by each of the secrets. `at`: the time of this attempt, not of the first."""
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Signer(secret).sign(message, at, body) for secret in secrets),
    }


class Messenger:
    """A `Post` that reaches public addresses only, unless a webhook is private."""

    def __init__(self) -> None:
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._certificates: ssl.SSLContext | None = None

    def load(self) -> None:
        """Do now, in a thread, what the first message would otherwise, in the middle of a call: 100 ms of imports, and
        reading certificates, which httpx does for each host anew.
        """
        for name in LATE:
            import_module(name)
        self._certificates = import_module("httpx").create_ssl_context(trust_env=False)

    async def send(self, webhook: Webhook, message: str, body: str, *, within: float) -> Reply:
        """See `deliveries.Post`."""
        import httpx

        from phoneagent.outbound import packed_in

        secrets = [secret.reveal() for secret in webhook.secrets]
        # By the machine's clock: the receiver compares it with its own.
        headers = signed_headers(secrets, message, body, datetime.fromtimestamp(time.time(), UTC))
        try:
            async with (
                asyncio.timeout(within),
                self._client(private=webhook.private).stream(
                    "POST", webhook.url, content=body.encode(), headers=HEADERS | headers
                ) as answer,
            ):
                status, media_type = answer.status_code, answer.headers.get("content-type", "")
                packed = packed_in(answer.headers.get("content-encoding", ""))
                wait = retry_after(answer.headers.get("retry-after"), now=time.time()) or 0.0
                read = b"" if packed else await _beginning(answer)
                return Reply(status, read, media_type, _problem(status), wait, packed)
        except TimeoutError:
            return Reply(problem=f"no answer within {within:g} s")
        except (OutboundRefused, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return Reply(problem=(str(error) or type(error).__name__)[:LONGEST_SHOWN])

    async def aclose(self) -> None:
        while self._clients:
            _, client = self._clients.popitem()
            try:
                async with asyncio.timeout(CLOSE_WITHIN):
                    await client.aclose()
            except TimeoutError:
                log.warning("connections_not_closed")  # they end with the process

    def _client(self, *, private: bool) -> httpx.AsyncClient:
        from phoneagent.outbound import Reach, outbound_client

        if private not in self._clients:
            reach = Reach(private=private)
            self._clients[private] = outbound_client(reach, timeout=LONGEST_STEP, tls=self._transport)
        return self._clients[private]

    def _transport(self) -> httpx.AsyncHTTPTransport:
        import httpx

        if self._certificates is None:
            self.load()
        limits = httpx.Limits(max_connections=MOST_CONNECTIONS, keepalive_expiry=KEPT_ALIVE)
        return httpx.AsyncHTTPTransport(verify=self._certificates or True, trust_env=False, limits=limits)


async def _beginning(answer: httpx.Response) -> bytes:
    read = bytearray()
    async for piece in answer.aiter_raw():
        read += piece
        if len(read) >= MOST_READ:
            break
    return bytes(read[:MOST_READ])


def _problem(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"expected an answer, got {status}, a redirect, which is not followed: set up the URL it leads to"
    return f"expected a status from 200 to 299, got {status}"
