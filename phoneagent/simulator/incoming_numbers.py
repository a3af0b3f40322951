"""IncomingPhoneNumbers and Applications of the REST API: where a number's calls go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit
from uuid import NAMESPACE_URL, uuid5

from .call_order import API_VERSION
from .rest_refusal import Refused
from .violation import REST_REFUSED

if TYPE_CHECKING:
    from .carrier import Carrier, PhoneNumber

DEFAULT_PAGE, LARGEST_PAGE = 50, 1000  # numbers, Twilio's

FIELDS: Mapping[str, str] = {
    "FriendlyName": "friendly_name",
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "VoiceFallbackMethod": "voice_fallback_method",
    "VoiceApplicationSid": "voice_application_sid",
    "TrunkSid": "trunk_sid",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
}
"""What can be changed, by the parameter that does."""

URLS = ("VoiceUrl", "VoiceFallbackUrl", "StatusCallback")
METHODS = ("VoiceMethod", "VoiceFallbackMethod", "StatusCallbackMethod")
LIST_PARAMETERS = frozenset({"PhoneNumber", "FriendlyName", "PageSize", "Page", "PageToken"})


@dataclass(frozen=True, slots=True)
class Application:
    """A TwiML application: numbers that name it use its webhook in place of their own."""

    name: str
    voice_url: str = ""
    voice_method: str = "POST"

    @property
    def sid(self) -> str:
        return f"AP{uuid5(NAMESPACE_URL, self.name).hex}"


def listed(carrier: Carrier, query: Mapping[str, str], path: str) -> dict[str, Any]:
    """A page of numbers. `query` has been checked for unknown names."""
    size = min(_whole(query, "PageSize", DEFAULT_PAGE), LARGEST_PAGE)
    page = _whole(query, "Page", 0)
    if size == 0:
        raise Refused(400, REST_REFUSED, "PageSize '0': expected 1 or more")
    if page > 0 and query.get("PageToken") != f"PA{page}":
        raise Refused(400, REST_REFUSED, "Page: expected the PageToken that came with it")
    wanted = query.get("PhoneNumber", "").strip("*")
    found = [number for number in carrier.numbers.values() if wanted in number.number]
    first, last = page * size, (page + 1) * size

    def uri(at: int) -> str:
        token = {"PageToken": f"PA{at}"} if at else {}
        return f"{path}?{urlencode({**query, 'PageSize': size, 'Page': at, **token})}"

    return {
        "incoming_phone_numbers": [number_told(carrier, number) for number in found[first:last]],
        "start": first,
        "end": max(first, min(last, len(found)) - 1),
        "page": page,
        "page_size": size,
        "uri": uri(page),
        "first_page_uri": uri(0),
        "next_page_uri": uri(page + 1) if last < len(found) else None,
        "previous_page_uri": uri(page - 1) if page else None,
    }


def changes(carrier: Carrier, form: Mapping[str, str]) -> dict[str, str]:
    """What an update makes of a number, by the names of `PhoneNumber`. `form` has been checked for unknown names."""
    for name in URLS:
        if form.get(name) and urlsplit(form[name]).scheme not in ("http", "https"):
            raise Refused(400, 21502, f"{name} is not a valid URL: {form[name]}")
    for name in METHODS:
        if name in form and form[name] not in ("GET", "POST"):
            raise Refused(400, 21403, f"{name} must be GET or POST")
    application, trunk = form.get("VoiceApplicationSid", ""), form.get("TrunkSid", "")
    if application and application not in carrier.applications:
        raise Refused(400, REST_REFUSED, f"VoiceApplicationSid {application!r}: the account has no such application")
    changed = {FIELDS[name]: value for name, value in form.items()}
    if application:  # each of them deletes the other
        changed["trunk_sid"] = ""
    elif trunk:
        changed["voice_application_sid"] = ""
    return changed


def number_told(carrier: Carrier, number: PhoneNumber) -> dict[str, Any]:
    """A number as the API tells it."""
    return {
        **{name: getattr(number, name) for name in FIELDS.values()},
        "sid": number.sid,
        "account_sid": carrier.account_sid,
        "friendly_name": number.friendly_name or number.number,
        "phone_number": number.number,
        "trunk_sid": number.trunk_sid or None,
        "capabilities": {"voice": number.has_voice, "sms": number.has_sms, "mms": False, "fax": False},
        "status": "in-use",
        "api_version": API_VERSION,
        "uri": f"/{API_VERSION}/Accounts/{carrier.account_sid}/IncomingPhoneNumbers/{number.sid}.json",
    }


def application_told(carrier: Carrier, application: Application) -> dict[str, Any]:
    """An application as the API tells it."""
    return {
        "sid": application.sid,
        "account_sid": carrier.account_sid,
        "friendly_name": application.name,
        "voice_url": application.voice_url,
        "voice_method": application.voice_method,
        "api_version": API_VERSION,
        "uri": f"/{API_VERSION}/Accounts/{carrier.account_sid}/Applications/{application.sid}.json",
    }


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, str(default))
    if not value.isdecimal():
        raise Refused(400, REST_REFUSED, f"{name} {value!r}: expected a whole number")
    return int(value)
