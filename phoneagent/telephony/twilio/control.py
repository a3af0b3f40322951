"""Acting on live calls through Twilio's REST interface, by Twilio's own client."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client
from twilio.rest.api import Api

from phoneagent.errors import CarrierError, DialRefused
from phoneagent.records import Order, OrderStatus, OrderUrls, Progress

T = TypeVar("T")

DEADLINE = 5.0
"""Seconds for one operation with all its retries. The client itself has no limit: its `timeout` is ignored."""

FIRST_BACKOFF = 0.2
LONGEST_BACKOFF = 2.0
"""Seconds. Each wait is a random part of a limit that doubles, so that many calls do not come back together."""

CLOSE_WITHIN = 1.0  # seconds; what `aclose` may take

LONGEST_TWIML = 4000
"""Characters of a document inside a request, says the SDK."""

CALL_NOT_IN_PROGRESS = 21220
NOT_FOUND = 20404

LATER = frozenset({20429, 21214, 22005, 10004})
"""Too many requests; not reachable now; the queue of calls is full; too many calls at once."""

STATUSES: Mapping[str, OrderStatus] = {
    "queued": "dialling",  # in Twilio's queue, not in ours
    "initiated": "dialling",
    "ringing": "ringing",
    "in-progress": "in-progress",
    "completed": "completed",
    "busy": "busy",
    "no-answer": "no-answer",
    "failed": "failed",
    "canceled": "canceled",
}

STATUS_EVENTS = ["initiated", "ringing", "answered", "completed"]  # by default only the last

MACHINE_DETECTION = {"hang_up": "Enable", "voicemail": "DetectMessageEnd"}

CLOCKS_APART = 60.0
"""Seconds by which Twilio's clock and ours may differ. Calls to the same number are rarely that close, and of those
that are, the other one is known by its order."""

CALLS_LISTED = 20  # of one number; the newest come first

LONGEST_PROBLEM = 200  # characters of somebody else's text in an error message
SUBSCRIBER_NUMBER = re.compile(r"\+?\d{7,}")

# The SDK logs every URL and all headers at INFO: numbers and account ids, several lines a request.
_quiet = logging.getLogger("phoneagent.twilio.http")
_quiet.setLevel(logging.WARNING)
_log = logging.getLogger(__name__)


class _Refused(CarrierError):
    """Twilio understood the request and said no. `code` is Twilio's own, or the HTTP status where it gave none."""

    def __init__(self, exc: TwilioRestException | TwilioServiceException) -> None:
        said = (exc.detail or exc.title) if isinstance(exc, TwilioServiceException) else exc.msg
        super().__init__(f"twilio: refused with HTTP {exc.status}, code {exc.code}: {_without_numbers(said)}")
        self.code = exc.code
        self.status = exc.status


class TwilioControl:
    """One account's calls. Every method raises `CarrierError`, within `DEADLINE` seconds.

    `username` and `password` are the account SID and auth token, or an API key's SID and secret. `base_url` replaces
    `https://api.twilio.com` for emulators and proxies. The HTTP client is made at the first request, in that loop.
    """

    def __init__(self, account_sid: str, username: str, password: str, *, base_url: str | None = None) -> None:
        self._account_sid = account_sid
        self._credentials = (username, password)
        self._base_url = base_url
        self._http: AsyncTwilioHttpClient | None = None
        self._api: Api | None = None
        self._closed = False

    async def hang_up(self, call: str) -> None:
        """End the call. A call that is already over, or unknown, counts as success."""
        try:
            await self._ask(lambda account: account.calls(_part(call)).update_async(status="completed"))
        except _Refused as refusal:
            if refusal.code not in (CALL_NOT_IN_PROGRESS, NOT_FOUND):
                raise

    async def update(self, call: str, document: str) -> None:
        """Replace what Twilio does with the call. Its media stream ends; what is queued there is not heard."""
        if len(document) > LONGEST_TWIML:
            raise CarrierError(
                f"twilio: expected a document of at most {LONGEST_TWIML} characters, got {len(document)}"
            )
        await self._ask(lambda account: account.calls(_part(call)).update_async(twiml=document))

    async def place(self, order: Order, urls: OrderUrls) -> str:
        """See `ports.Exchange`. Machines are detected while the agent already speaks, so that no human waits."""
        detection: dict[str, Any] = {}
        if order.machine != "ignore":
            detection = {
                "machine_detection": MACHINE_DETECTION[order.machine],
                "async_amd": "true",  # a Python True is sent as `True`, which Twilio does not know
                "async_amd_status_callback": urls.machine,
                "async_amd_status_callback_method": "POST",
            }
        try:
            placed = await self._ask(
                lambda account: account.calls.create_async(
                    to=order.to.reveal(),
                    from_=order.caller_id.reveal(),
                    url=urls.voice,
                    method="POST",
                    status_callback=urls.status,
                    status_callback_method="POST",
                    status_callback_event=STATUS_EVENTS,
                    timeout=order.ring_for,
                    time_limit=order.max_duration,
                    **detection,
                ),
                again=False,
            )
        except _Refused as refusal:
            if refusal.status == HTTPStatus.REQUEST_TIMEOUT or not 400 <= refusal.status < 500:
                raise  # it may have been placed
            later = refusal.code in LATER or refusal.status == HTTPStatus.TOO_MANY_REQUESTS
            raise DialRefused(str(refusal), later=later) from refusal
        if not placed.sid:
            raise CarrierError("twilio: expected the sid of a placed call in the answer")
        return str(placed.sid)

    async def find(self, order: Order) -> list[Progress]:
        """See `ports.Exchange`. Not filtered by time of start: a call that Twilio still queues has none."""
        since = (order.created if order.dialled is None else order.dialled) - CLOCKS_APART
        found = await self._ask(
            lambda account: account.calls.list_async(
                to=order.to.reveal(), from_=order.caller_id.reveal(), limit=CALLS_LISTED
            )
        )
        return [_progress(call) for call in found if _timestamp(call.date_created, since) >= since]

    async def progress(self, call: str) -> Progress | None:
        """See `ports.Exchange`."""
        try:
            return _progress(await self._ask(lambda account: account.calls(_part(call)).fetch_async()))
        except _Refused as refusal:
            if refusal.code == NOT_FOUND:
                return None
            raise

    async def cancel(self, call: str) -> None:
        """See `ports.Exchange`."""
        try:
            await self._ask(lambda account: account.calls(_part(call)).update_async(status="canceled"))
        except _Refused as refusal:
            if refusal.code not in (CALL_NOT_IN_PROGRESS, NOT_FOUND):
                raise

    async def voice_url(self, number: str) -> str | None:
        """Where Twilio goes when `number` (E.164) is called; None when nothing is set. A number of others is an error.

        An application, where one is set, overrides the number's own webhook.
        """
        found = await self._ask(
            lambda account: account.incoming_phone_numbers.list_async(phone_number=number, limit=50)
        )
        matching = [candidate for candidate in found if candidate.phone_number == number]  # the filter takes parts too
        if not matching:
            raise CarrierError("twilio: expected a number of this account")
        if application := matching[0].voice_application_sid:
            return (await self._ask(lambda account: account.applications(application).fetch_async())).voice_url or None
        return matching[0].voice_url or None

    async def account_status(self) -> str:
        """`active`, `suspended` or `closed`: also the cheapest proof that the credentials are good."""
        return str((await self._ask(lambda account: account.fetch_async())).status)

    async def ask(self, request: Callable[[Any], Awaitable[T]]) -> T:
        """Make a request of the SDK's resource of this account, for what is not about calls: see `numbers.py`."""
        return await self._ask(request)

    async def aclose(self) -> None:
        self._closed = True
        http, self._http = self._http, None
        if http is not None:
            try:
                async with asyncio.timeout(CLOSE_WITHIN):
                    await http.close()
            except TimeoutError:
                _log.warning("twilio's connections did not close within %g s", CLOSE_WITHIN)

    async def _ask(self, request: Callable[[Any], Awaitable[T]], *, again: bool = True) -> T:
        """Make a request until it is answered, refused, or `DEADLINE` is over; without `again`, once.

        Only 429 is tried again: Twilio has not processed it. After a 5xx or a broken connection it may have.
        """
        backoff, told_to_wait = FIRST_BACKOFF, 0
        try:
            async with asyncio.timeout(DEADLINE):
                while True:
                    try:
                        return await request(self._account())
                    except (TwilioRestException, TwilioServiceException) as exc:
                        if exc.status != HTTPStatus.TOO_MANY_REQUESTS or not again:
                            raise _Refused(exc) from exc
                    told_to_wait += 1
                    await asyncio.sleep(random.uniform(0, backoff))
                    backoff = min(2 * backoff, LONGEST_BACKOFF)
        except TimeoutError as exc:
            times = f", was told to wait {told_to_wait} times" if told_to_wait else ""
            raise CarrierError(f"twilio: expected an answer within {DEADLINE:g} s{times}") from exc
        except (TwilioException, aiohttp.ClientError, OSError) as exc:
            raise CarrierError(
                f"twilio: expected an answer, got {type(exc).__name__}: {_without_numbers(exc)}"
            ) from exc
        except (ValueError, TypeError, LookupError, AttributeError) as exc:
            # the SDK reads the body of a 200 without looking: HTML of a proxy, JSON of another shape
            raise CarrierError(f"twilio: expected its JSON in the answer, got {type(exc).__name__}") from exc

    def _account(self) -> Any:
        if self._closed:
            raise CarrierError("twilio: closed")
        if self._api is None:
            self._http = AsyncTwilioHttpClient(logger=_quiet)
            client = Client(*self._credentials, account_sid=self._account_sid, http_client=self._http)
            self._api = Api(client)  # `client.api` would import it here: 80 ms in which all calls stand still
            if self._base_url is not None:
                client.region = client.edge = ""  # from the environment; they would be built into the host
                self._api.base_url = self._base_url
        return self._api.v2010.accounts(self._account_sid)


def _progress(call: Any) -> Progress:
    """Raises `CarrierError` for a status that nobody knows."""
    status = STATUSES.get(str(call.status))
    if status is None:
        raise CarrierError(f"twilio: expected a status of a call, got {_without_numbers(call.status)!r}")
    return Progress(str(call.sid), status, str(call.answered_by or ""))


def _timestamp(created: object, otherwise: float) -> float:
    """Of a call that is so new that Twilio gives no date, `otherwise`."""
    return created.timestamp() if isinstance(created, datetime) else otherwise


def _part(identifier: str) -> str:
    """An identifier as one part of a path; the SDK puts it there as it is."""
    return quote(identifier, safe="", errors="replace")


def _without_numbers(text: object) -> str:
    return SUBSCRIBER_NUMBER.sub("[number]", str(text))[:LONGEST_PROBLEM]
