"""The account's numbers, and where their calls go: Twilio's IncomingPhoneNumbers, by Twilio's own client."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from phoneagent.errors import CarrierError

from .addresses import QUEUE_PATH, STATUS_PATH, VOICE_PATH, http_base
from .answers import TwilioRefused
from .control import TwilioControl

PAGE_SIZE = 100
"""Numbers a request. Twilio allows 1,000, which can take longer than one request may."""

MOST = 1000
"""Numbers that are looked at unless more are asked for."""

LIKE = 0.75
"""How much of a number must be alike to be a slip of the finger: one digit of eleven changed is 0.91, two are 0.82."""

DEFAULT_PORTS = {"https": 443, "http": 80}


class CredentialsRefused(CarrierError):
    """Twilio does not know the account, or not this key or token for it."""


class NumberUnknown(CarrierError):
    """The account has no such number. `near`: those of its numbers that look alike, the likeliest first."""

    def __init__(self, near: Sequence[str]) -> None:
        super().__init__("twilio: expected a number of this account")
        self.near = tuple(near)


@dataclass(frozen=True, slots=True)
class Routing:
    """Where a number's calls go; what is empty is not set.

    A `trunk` (SID) overrides an `application` (SID), and each of them the URLs, but not the status callback.
    """

    voice_url: str = ""
    voice_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    application: str = ""
    trunk: str = ""

    def means(self, other: Routing) -> bool:
        """Whether calls go the same way; the method of a URL that is not set says nothing."""
        return self._said() == other._said()

    def _said(self) -> tuple[str, ...]:
        pairs = (
            (self.voice_url, self.voice_method),
            (self.fallback_url, self.fallback_method),
            (self.status_callback, self.status_callback_method),
        )
        return (*(f"{method} {url}" if url else "" for url, method in pairs), self.application, self.trunk)


@dataclass(frozen=True, slots=True)
class IncomingNumber:
    """A number of the account. `number` is E.164; `application_url` where its application sends calls."""

    sid: str
    number: str = field(repr=False)
    name: str = field(repr=False)  # the number again, unless somebody gave it another
    has_voice: bool
    routing: Routing
    application_url: str = ""

    @property
    def called_url(self) -> str:
        """Where Twilio really goes when the number is called; empty if nowhere, or to a trunk."""
        if self.routing.trunk:
            return ""
        return self.application_url if self.routing.application else self.routing.voice_url


@dataclass(frozen=True, slots=True)
class Place:
    """Where Twilio reaches this server."""

    public_url: str

    def routing(self, agent: str = "") -> Routing:
        """That of a number whose calls come here, to `agent` or to the first one."""
        base = http_base(self.public_url)
        query = f"?{urlencode({'agent': agent})}" if agent else ""
        return Routing(voice_url=f"{base}{VOICE_PATH}{query}", status_callback=f"{base}{STATUS_PATH}")

    def queue_routing(self, queue: str) -> Routing:
        """That of a number on which people take the next caller out of a queue. No agent has such a call."""
        return Routing(voice_url=f"{self._queues}{quote(queue, safe='')}")

    def queue_of(self, url: str) -> str:
        """The queue that a voice webhook of ours takes callers out of; empty if it is none of these."""
        name = re.split("[?#]", url, maxsplit=1)[0].rpartition("/")[2]
        return unquote(name) if name and _same_place(url, self._queues + name) else ""

    @property
    def _queues(self) -> str:
        return f"{http_base(self.public_url)}{QUEUE_PATH}/"

    def is_voice(self, url: str) -> bool:
        """Whether a voice webhook is ours, for whichever agent or queue."""
        return _same_place(url, http_base(self.public_url) + VOICE_PATH) or bool(self.queue_of(url))

    def is_ours(self, url: str) -> bool:
        """Whether a URL is one of our webhooks."""
        return self.is_voice(url) or _same_place(url, http_base(self.public_url) + STATUS_PATH)

    def without_us(self, number: IncomingNumber) -> Routing:
        """The number's routing without what leads here; the rest stays as it is."""
        now = number.routing
        return replace(
            now,
            voice_url="" if self.is_ours(now.voice_url) else now.voice_url,
            fallback_url="" if self.is_ours(now.fallback_url) else now.fallback_url,
            status_callback="" if self.is_ours(now.status_callback) else now.status_callback,
            application="" if self.is_ours(number.application_url) else now.application,
        )


def _same_place(url: str, other: str) -> bool:
    """The same but for the query, the fragment (it tunes Twilio's retries), and ways to write a host."""
    try:
        ours, theirs = (
            (parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme), parts.path)
            for parts in map(urlsplit, (url, other))
        )
    except ValueError:  # no URL at all: whatever it is, it does not lead here
        return False
    return ours == theirs


class TwilioNumbers:
    """One account's numbers. Every method raises `CarrierError`; `CredentialsRefused` when the account is not ours.

    Requests go through `control`, with its limit of time for each and its patience with 429; it is not closed here.
    """

    def __init__(self, control: TwilioControl) -> None:
        self._control = control

    async def all(self, limit: int = MOST) -> tuple[list[IncomingNumber], bool]:
        """The first `limit` numbers, with their applications' URLs, and whether there are more."""
        found = await self._listed(limit)
        return await self._with_applications(found[:limit]), len(found) > limit

    async def known(self) -> list[str]:
        """The first `MOST` of them in E.164 form."""
        return [each.phone_number for each in await self._listed(MOST)]

    async def _listed(self, limit: int) -> list[Any]:
        """At least so many, if there are."""
        found: list[Any] = []
        page = await self._first_page()
        while True:
            found += page
            if len(found) > limit or (url := page.next_page_url) is None:
                return found
            # Page by page, not the SDK's `list`: one request's time must not be that of all
            page = await self._ask(partial(_following, url=url))

    async def find(self, number: str) -> IncomingNumber:
        """The account's `number` (E.164). Raises `NumberUnknown`."""
        # The filter takes parts of numbers too; those that have this one as a part are few
        page = await self._first_page(phone_number=number)
        if matching := [candidate for candidate in page if candidate.phone_number == number]:
            return (await self._with_applications(matching[:1]))[0]
        others, _ = await self.all()
        raise NumberUnknown(difflib.get_close_matches(number, [other.number for other in others], cutoff=LIKE))

    async def route(self, number: IncomingNumber, routing: Routing) -> IncomingNumber:
        """Make calls of the number go by `routing`; returns the number as it is now.

        Only what differs is sent, in one request: all of it is done or nothing.
        """
        changes = {
            PARAMETERS[each.name]: getattr(routing, each.name)
            for each in fields(Routing)
            if getattr(routing, each.name) != getattr(number.routing, each.name)
        }
        if number.routing.means(routing):
            return number
        updated = await self._ask(lambda account: account.incoming_phone_numbers(number.sid).update_async(**changes))
        [now] = await self._with_applications([updated])
        if not now.routing.means(routing):
            raise CarrierError("twilio: expected the number to be as was asked for, and it is not")
        return now

    async def _first_page(self, **filters: str) -> Any:
        try:
            return await self._ask(
                lambda account: account.incoming_phone_numbers.page_async(page_size=PAGE_SIZE, **filters)
            )
        except TwilioRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:  # every account has this list, so there is no such account
                raise CredentialsRefused(str(error)) from error
            raise

    async def _with_applications(self, found: Sequence[Any]) -> list[IncomingNumber]:
        urls = {"": ""}
        for each in found:
            sid = each.voice_application_sid or ""
            if sid not in urls:
                urls[sid] = await self._application_url(sid)
        return [_number(each, urls[each.voice_application_sid or ""]) for each in found]

    async def _application_url(self, sid: str) -> str:
        try:
            application = await self._ask(lambda account: account.applications(sid).fetch_async())
        except TwilioRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:  # deleted: it sends calls nowhere
                return ""
            raise
        return application.voice_url or ""

    async def _ask(self, request: Any) -> Any:
        try:
            return await self._control.ask(request)
        except TwilioRefused as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                raise CredentialsRefused(str(error)) from error
            raise


PARAMETERS = {
    "voice_url": "voice_url",
    "voice_method": "voice_method",
    "fallback_url": "voice_fallback_url",
    "fallback_method": "voice_fallback_method",
    "status_callback": "status_callback",
    "status_callback_method": "status_callback_method",
    "application": "voice_application_sid",
    "trunk": "trunk_sid",
}
"""The SDK's name of each field of `Routing`."""


async def _following(account: Any, *, url: str) -> Any:
    return await account.incoming_phone_numbers.get_page_async(url)


def _number(told: Any, application_url: str) -> IncomingNumber:
    if not isinstance(told.sid, str) or not isinstance(told.phone_number, str):
        raise CarrierError("twilio: expected the sid of a number, and the number, in the answer")
    values = {name: getattr(told, parameter) for name, parameter in PARAMETERS.items()}
    return IncomingNumber(
        sid=told.sid,
        number=told.phone_number,
        name=told.friendly_name or "",
        has_voice=(told.capabilities or {}).get("voice", True),
        routing=Routing(**{name: value for name, value in values.items() if value}),
        application_url=application_url,
    )
