"""What Twilio's REST interface answers: its JSON, or a refusal with its reasons, whatever was asked.

The SDK looks at answers in the code of each resource, and not alike: lists lose status and code, a redirect passes for
a record without values.
"""

from __future__ import annotations

import json
import logging
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from phoneagent.errors import CarrierError
from phoneagent.retry_after import retry_after

if TYPE_CHECKING:
    from twilio.http.response import Response

LONGEST_PROBLEM = 200  # characters of somebody else's text in an error message
LONGEST_READ = 2000  # characters of it that are looked at

SUBSCRIBER_NUMBER = re.compile(r"\+?\(?\d(?:[\s().\-/]{0,3}\d){6,}")
"""Seven digits or more, as people write them: `+15005550006`, `+1 (500) 555-0006`."""


class TwilioRefused(CarrierError):
    """Twilio understood the request and said no. `code` is Twilio's own, or the HTTP `status` where it gave none.

    `retry_after`: the seconds after which it wants to be asked again; 0 when it did not say.
    """

    def __init__(self, status: int, code: int, said: str, *, retry_after: float = 0.0) -> None:
        super().__init__(f"twilio: refused with HTTP {status}, code {code}: {presentable(said)}")
        self.status = status
        self.code = code
        self.retry_after = retry_after


class CheckedHttpClient:
    """Twilio's own HTTP client, for its `Client`; gives only answers with an object of JSON."""

    is_async = True

    def __init__(self, logger: logging.Logger) -> None:
        from twilio.http.async_http_client import AsyncTwilioHttpClient  # it brings aiohttp and requests

        self._http = AsyncTwilioHttpClient(logger=logger)

    async def request(self, *args: Any, **kwargs: Any) -> Response:
        """Raises `TwilioRefused` for errors, `CarrierError` for any other answer."""
        answer = await self._http.request(*args, **kwargs)
        _check(answer)
        return answer

    async def close(self) -> None:
        await self._http.close()


def _check(answer: Response) -> None:
    status = answer.status_code
    if status == HTTPStatus.NO_CONTENT:
        return  # to a DELETE
    try:
        told = json.loads(answer.text)
    except (ValueError, RecursionError):
        told = None
    if status >= HTTPStatus.BAD_REQUEST:
        raise _refusal(status, told if isinstance(told, dict) else {}, answer.headers)
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise CarrierError(f"twilio: expected an answer, got HTTP {status}")
    if not isinstance(told, dict):
        raise CarrierError(f"twilio: expected its JSON in the answer, got HTTP {status} with something else")


def _refusal(status: int, told: dict[str, Any], headers: Any) -> TwilioRefused:
    """Errors have a `message`, or a `title` and perhaps a `detail` (RFC 9457); a proxy's page has nothing."""
    said = told.get("message") or told.get("detail") or told.get("title") or "no explanation"
    code = told.get("code")
    return TwilioRefused(
        status,
        code if isinstance(code, int) else status,
        str(said),
        retry_after=retry_after((headers or {}).get("Retry-After"), now=time.time()) or 0.0,
    )


def presentable(said: object) -> str:
    """Somebody else's text for a log or a message: one line, not long, without control characters or phone numbers."""
    line = " ".join("".join(char if char.isprintable() else " " for char in str(said)[:LONGEST_READ]).split())
    return SUBSCRIBER_NUMBER.sub("[number]", line)[:LONGEST_PROBLEM]
