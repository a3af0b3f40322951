"""Twilio's requests to the product: signed forms, and what may come back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urldefrag, urlencode, urlsplit

import aiohttp
from yarl import URL

from .network import Network
from .signing import GENUINE, Signing
from .violation import CONTENT_TYPE_INVALID, WEBHOOK_EMPTY, WEBHOOK_FAILED, WEBHOOK_TOO_LARGE, WEBHOOK_UNREACHABLE

ANSWER_WITHIN = 15.0  # seconds, Twilio's default
CONNECT_WITHIN = 5.0  # seconds, Twilio's default
BODY_LIMIT = 64 * 1024  # bytes of a document
DOCUMENT_TYPES = ("text/xml", "application/xml", "application/xhtml+xml", "text/html")
USER_AGENT = "TwilioProxy/1.1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the product answered to a request."""

    status: int
    body: bytes
    content_type: str
    url: str


class WebhookFailed(Exception):
    """The product did not answer as it must. `code` is Twilio's."""

    def __init__(self, code: int, problem: str) -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem


class Webhooks:
    """Sends requests to the product for one account."""

    def __init__(self, signing: Signing, network: Network) -> None:
        self.signing = signing
        self._network = network
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN, sock_connect=CONNECT_WITHIN),
            connector=aiohttp.TCPConnector(limit=0),
            skip_auto_headers=("Accept-Encoding",),
        )

    async def request(
        self, url: str, form: Mapping[str, str], *, method: str = "POST", signature: str | None = GENUINE
    ) -> Answer:
        """Send a form, and return whatever is answered. `signature` None: send none.

        Raises `WebhookFailed` when nothing is answered in time.
        """
        url = urldefrag(url).url
        if method == "GET":
            url += ("&" if urlsplit(url).query else "?") + urlencode(form) if form else ""
            form = {}
        headers = {
            "User-Agent": USER_AGENT,
            "Host": urlsplit(url).netloc,
            "Accept": "*/*",
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            **self.signing.headers(url, form, signature=signature),
        }
        body = None
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
            body = urlencode(form)
        try:
            async with self._session.request(
                method,
                URL(self._network.locate(url), encoded=True),
                data=body,
                headers=headers,
                allow_redirects=False,
            ) as response:
                content = await response.read()
                return Answer(response.status, content, response.content_type, url)
        except TimeoutError as exc:
            raise WebhookFailed(WEBHOOK_UNREACHABLE, f"{url}: no answer within {ANSWER_WITHIN:g} s") from exc
        except aiohttp.ClientError as exc:
            raise WebhookFailed(WEBHOOK_UNREACHABLE, f"{url}: {exc}") from exc

    async def fetch(
        self, url: str, form: Mapping[str, str], *, method: str = "POST", signature: str | None = GENUINE
    ) -> Answer:
        """Ask for a document. Raises `WebhookFailed` for everything that is none."""
        answer = await self.request(url, form, method=method, signature=signature)
        if not 200 <= answer.status < 300:
            raise WebhookFailed(WEBHOOK_FAILED, f"{url}: status {answer.status}")
        if len(answer.body) > BODY_LIMIT:
            raise WebhookFailed(WEBHOOK_TOO_LARGE, f"{url}: {len(answer.body)} bytes, at most {BODY_LIMIT}")
        if not answer.body:
            raise WebhookFailed(WEBHOOK_EMPTY, f"{url}: expected a document, got nothing")
        if answer.content_type not in DOCUMENT_TYPES:
            raise WebhookFailed(CONTENT_TYPE_INVALID, f"{url}: expected text/xml, got {answer.content_type!r}")
        return answer

    async def notify(self, url: str, form: Mapping[str, str], *, method: str = "POST") -> None:
        """Send a status callback. Raises `WebhookFailed` when it is not taken."""
        answer = await self.request(url, form, method=method)
        if not 200 <= answer.status < 300:
            raise WebhookFailed(WEBHOOK_FAILED, f"{url}: status {answer.status}")

    async def aclose(self) -> None:
        await self._session.close()
