"""Acting on live calls through Twilio's REST interface, by Twilio's own client."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.rest import Client
from twilio.rest.api import Api

from phoneagent.call.emergency import WHAT_TO_SAY, is_emergency
from phoneagent.errors import CarrierError, DialRefused, MessageRefused
from phoneagent.records import Order, OrderStatus, OrderUrls, Progress

from .addresses import RECORDING_PATH, http_base, target_urls
from .answers import CheckedHttpClient, TwilioRefused, presentable

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

LISTED = 1000
"""Calls in progress; one page of Twilio's, and more than one machine can hold."""

CALLS_LISTED = 20  # of one number; the newest come first

# The SDK logs every URL and all headers at INFO: numbers and account ids, several lines a request.
_quiet = logging.getLogger("phoneagent.twilio.http")
_quiet.setLevel(logging.WARNING)
_log = logging.getLogger(__name__)


class TwilioControl:
    """One account's calls. Every method raises `CarrierError`, within `DEADLINE` seconds.

    `username` and `password` are the account SID and auth token, or an API key's SID and secret. `base_url` replaces
    `https://api.twilio.com` for emulators and proxies; `public_url` is where Twilio reaches us. The HTTP client is made
    at the first request, in that loop. `region` and `edge`: see `regions.py`.
    """

    def __init__(
        self,
        account_sid: str,
        username: str,
        password: str,
        *,
        base_url: str | None = None,
        public_url: str | None = None,
        region: str = "",
        edge: str = "",
    ) -> None:
        self._public_url = public_url
        self._account_sid = account_sid
        self._credentials = (username, password)
        self._base_url = base_url
        self._region_and_edge = ("", "") if base_url is not None else (region, edge)
        self._http: CheckedHttpClient | None = None
        self._api: Api | None = None
        self._closed = False
        self._account_is_there = False  # Twilio has answered, not refused

    async def hang_up(self, call: str) -> None:
        """End the call. A call that is already over, or unknown, counts as success."""
        await self._end(call, "completed")

    async def update(self, call: str, document: str) -> None:
        """Replace what Twilio does with the call. Its media stream ends; what is queued there is not heard."""
        if len(document) > LONGEST_TWIML:
            raise CarrierError(
                f"twilio: expected a document of at most {LONGEST_TWIML} characters, got {len(document)}"
            )
        _sid(await self._ask(lambda account: account.calls(_part(call)).update_async(twiml=document)))

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
        return await self._place(
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
        )

    async def in_progress(self) -> list[str]:
        """See `ports.CallControl`."""
        found = await self._ask(lambda account: account.calls.list_async(status="in-progress", limit=LISTED))
        return [_sid(call) for call in found]

    async def ring(self, to: str, *, caller_id: str, call: str, ring_for: int) -> str:
        """See `ports.CallControl`."""
        if self._public_url is None:
            raise DialRefused("twilio: expected a public URL to come back to", later=False)
        urls = target_urls(self._public_url, call)
        return await self._place(
            to=to,
            from_=caller_id,
            url=urls.voice,
            method="POST",
            status_callback=urls.status,
            status_callback_method="POST",
            timeout=ring_for,
        )

    async def speak(self, to: str, *, caller_id: str, document: str) -> str:
        """Call a number, with TwiML carried out at our end: nothing of ours is asked. Returns the call's SID."""
        return await self._place(to=to, from_=caller_id, twiml=document)

    async def record(self, call: str) -> str:
        """See `ports.CarrierRecordings`. Not trimmed: what is cut off the beginning would shift all times."""
        told: dict[str, Any] = {}
        if self._public_url is not None:
            told = {
                "recording_status_callback": http_base(self._public_url) + RECORDING_PATH,
                "recording_status_callback_method": "POST",
                "recording_status_callback_event": ["completed absent"],  # separated by a space, says the SDK
            }
        recording = await self._ask(
            lambda account: account.calls(_part(call)).recordings.create_async(
                recording_channels="dual", trim="do-not-trim", **told
            )
        )
        return _sid(recording)

    async def pause_recording(self, call: str, recording: str, *, paused: bool) -> None:
        """See `ports.CarrierRecordings`."""
        change = {"status": "paused", "pause_behavior": "silence"} if paused else {"status": "in-progress"}
        _sid(
            await self._ask(
                lambda account: account.calls(_part(call)).recordings(_part(recording)).update_async(**change)
            )
        )

    async def recordings_of(self, call: str) -> list[str]:
        """See `ports.CarrierRecordings`."""
        try:
            found = await self._ask(lambda account: account.calls(_part(call)).recordings.list_async(limit=LISTED))
        except TwilioRefused as refusal:
            if await self._is_unknown(refusal):
                return []
            raise
        return [_sid(recording) for recording in found]

    async def delete_recording(self, recording: str) -> None:
        """See `ports.CarrierRecordings`."""
        try:
            await self._ask(lambda account: account.recordings(_part(recording)).delete_async())
        except TwilioRefused as refusal:
            if not await self._is_unknown(refusal):
                raise

    async def send_text(self, text: str, *, to: str, sender: str) -> str:
        """See `ports.TextMessages`."""
        if is_emergency(to):
            raise MessageRefused(f"twilio: not asked to text an emergency number. {WHAT_TO_SAY}")
        try:
            sent = await self._ask(
                lambda account: account.messages.create_async(to=to, from_=sender, body=text), again=False
            )
        except TwilioRefused as refusal:
            if _may_be_done(refusal):
                raise
            raise MessageRefused(str(refusal)) from refusal
        return _sid(sent)

    async def _place(self, **wanted: Any) -> str:
        """Ask once. Raises `DialRefused` when it is certain that nothing was placed."""
        if is_emergency(wanted["to"]):  # all roads to a call lead here
            raise DialRefused(f"twilio: not asked to call an emergency number. {WHAT_TO_SAY}", later=False)
        try:
            placed = await self._ask(lambda account: account.calls.create_async(**wanted), again=False)
        except TwilioRefused as refusal:
            if _may_be_done(refusal):
                raise
            later = refusal.code in LATER or refusal.status == HTTPStatus.TOO_MANY_REQUESTS
            raise DialRefused(str(refusal), later=later, after=refusal.retry_after) from refusal
        return _sid(placed)

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
        except TwilioRefused as refusal:
            if await self._is_unknown(refusal):
                return None
            raise

    async def cancel(self, call: str) -> None:
        """See `ports.Exchange`."""
        await self._end(call, "canceled")

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
            told = await self._ask(lambda account: account.applications(application).fetch_async())
            _sid(told)
            return told.voice_url or None
        return matching[0].voice_url or None

    async def account_status(self) -> str:
        """`active`, `suspended` or `closed`: also the cheapest proof that the credentials are good."""
        status = (await self._ask(lambda account: account.fetch_async())).status
        if not isinstance(status, str):
            raise CarrierError("twilio: expected the status of the account in the answer")
        return status

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

        Only 429 is tried again: Twilio has not processed it. After a 5xx or a broken connection it may have. When it
        says how long to wait, and that is longer than there is, it is not asked again.
        """
        backoff, told_to_wait = FIRST_BACKOFF, 0
        clock = asyncio.get_running_loop()
        until = clock.time() + DEADLINE
        try:
            async with asyncio.timeout_at(until):
                while True:
                    try:
                        answer = await request(self._account())
                    except TwilioRefused as refusal:
                        wait = max(random.uniform(0, backoff), refusal.retry_after)
                        if refusal.status != HTTPStatus.TOO_MANY_REQUESTS or not again:
                            raise
                        if refusal.retry_after > until - clock.time():
                            raise CarrierError(f"{refusal}; told to wait {refusal.retry_after:g} s") from refusal
                    else:
                        self._account_is_there = True
                        return answer
                    told_to_wait += 1
                    await asyncio.sleep(wait)
                    backoff = min(2 * backoff, LONGEST_BACKOFF)
        except TimeoutError as exc:
            times = f", was told to wait {told_to_wait} times" if told_to_wait else ""
            raise CarrierError(f"twilio: expected an answer within {DEADLINE:g} s{times}") from exc
        except (TwilioException, aiohttp.ClientError, OSError) as exc:
            raise CarrierError(f"twilio: expected an answer, got {type(exc).__name__}: {presentable(exc)}") from exc
        except (ValueError, TypeError, LookupError, AttributeError) as exc:
            # the SDK reads an answer without looking: JSON of another shape
            raise CarrierError(f"twilio: expected its JSON in the answer, got {type(exc).__name__}") from exc

    async def _end(self, call: str, status: str) -> None:
        try:
            _sid(await self._ask(lambda account: account.calls(_part(call)).update_async(status=status)))
        except TwilioRefused as refusal:
            if refusal.code != CALL_NOT_IN_PROGRESS and not await self._is_unknown(refusal):
                raise

    async def _is_unknown(self, refusal: TwilioRefused) -> bool:
        """Whether Twilio knows the account and not the call: it refuses alike. Raises `CarrierError`."""
        if refusal.code != NOT_FOUND:
            return False
        if not self._account_is_there:
            await self.account_status()
        return True

    def _account(self) -> Any:
        if self._closed:
            raise CarrierError("twilio: closed")
        if self._api is None:
            self._http = CheckedHttpClient(logger=_quiet)
            client = Client(*self._credentials, account_sid=self._account_sid, http_client=self._http)
            client.region, client.edge = self._region_and_edge  # not the environment's, of which it makes a host
            self._api = Api(client)  # `client.api` would import it here: 80 ms in which all calls stand still
            if self._base_url is not None:
                self._api.base_url = self._base_url
        return self._api.v2010.accounts(self._account_sid)


def _may_be_done(refusal: TwilioRefused) -> bool:
    """Whether what was asked for may have been done although an error was the answer."""
    return refusal.status == HTTPStatus.REQUEST_TIMEOUT or not 400 <= refusal.status < 500


def _progress(call: Any) -> Progress:
    """Raises `CarrierError` for a status that nobody knows."""
    status = STATUSES.get(str(call.status))
    if status is None:
        raise CarrierError(f"twilio: expected a status of a call, got {presentable(call.status)!r}")
    return Progress(_sid(call), status, str(call.answered_by or ""))


def _sid(told: Any) -> str:
    """Of what Twilio tells. Raises `CarrierError` when it is not there: JSON, but not Twilio's."""
    if not isinstance(told.sid, str) or not told.sid:
        raise CarrierError("twilio: expected the sid of what was asked for in the answer")
    return told.sid


def _timestamp(created: object, otherwise: float) -> float:
    """Of a call that is so new that Twilio gives no date, `otherwise`."""
    return created.timestamp() if isinstance(created, datetime) else otherwise


def _part(identifier: str) -> str:
    """An identifier as one part of a path; the SDK puts it there as it is."""
    return quote(identifier, safe="", errors="replace")
