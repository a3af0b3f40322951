"""Calls of the REST API: placed, listed, changed, told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.datastructures import FormData

from .call_order import API_VERSION, HOST, Fetch, Inline, Order, Over
from .machine_detection import Detection
from .placed_call import PlacedCall
from .rest_refusal import Refused
from .spoken_caller import spoken_by
from .violation import REST_REFUSED

if TYPE_CHECKING:
    from .carrier import Carrier

TWIML_LIMIT = 4000  # characters of a document given in a request
TIME_LIMIT = 4 * 3600  # seconds, Twilio's default
RING_AT_MOST, LONGEST_RING = 60, 600  # seconds, Twilio's
DEFAULT_PAGE, LARGEST_PAGE = 50, 1000  # calls, Twilio's
LONGEST_QUEUE = 24 * 3600  # seconds; a call that would wait longer is refused (22005)
STATUS_EVENTS = ("initiated", "ringing", "answered", "completed")
STATUSES = ("queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled")

E164 = re.compile(r"\+[1-9]\d{6,14}")
ADDRESS = re.compile(r"(sip|sips|client):.+")
DIGITS = re.compile(r"[0-9A-D#*wW]{1,32}")

DETECTION_LIMITS: Mapping[str, tuple[str, int, int, int]] = {
    "timeout": ("MachineDetectionTimeout", 30, 3, 59),  # seconds; the others milliseconds
    "speech_threshold": ("MachineDetectionSpeechThreshold", 2400, 1000, 6000),
    "speech_end_threshold": ("MachineDetectionSpeechEndThreshold", 1200, 500, 5000),
    "silence_timeout": ("MachineDetectionSilenceTimeout", 5000, 2000, 10000),
}
"""The parameter of each limit, its default, its least and its largest value."""

CREATE_PARAMETERS = frozenset(
    {"To", "From", "Url", "Twiml", "Method", "FallbackUrl", "FallbackMethod", "Timeout", "TimeLimit"}
    | {"StatusCallback", "StatusCallbackMethod", "StatusCallbackEvent", "SendDigits"}
    | {"MachineDetection", "MachineDetectionTimeout", "MachineDetectionSpeechThreshold"}
    | {"MachineDetectionSpeechEndThreshold", "MachineDetectionSilenceTimeout"}
    | {"AsyncAmd", "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod"}
)
UPDATE_PARAMETERS = frozenset(
    {"Status", "Twiml", "Url", "Method", "FallbackUrl", "FallbackMethod", "StatusCallback", "StatusCallbackMethod"}
)
LIST_PARAMETERS = frozenset(
    {"To", "From", "Status", "ParentCallSid", "PageSize", "Page", "PageToken"}
    | {"StartTime", "StartTime<", "StartTime>", "EndTime", "EndTime<", "EndTime>"}
)


def place(carrier: Carrier, form: Mapping[str, str], events: list[str]) -> PlacedCall:
    """Place the call that a form asks for. `form` has been checked for unknown names."""
    for name, code in (("To", 21201), ("From", 21213)):
        if not form.get(name):
            raise Refused(400, code, f"No '{name}' number is specified")
    if form["From"] not in carrier.numbers:
        raise Refused(400, 21210, f"The source phone number provided, {form['From']}, is not yet verified")
    instructions = _instructions(form, both_allowed=True)
    if instructions is None:
        raise Refused(400, 21205, "Url or Twiml parameter is required")
    _check_callbacks(form, events)
    digits = form.get("SendDigits", "")
    if digits and not DIGITS.fullmatch(digits):
        raise Refused(400, REST_REFUSED, f"SendDigits {digits!r}: expected at most 32 of 0-9 A-D # * w W")
    detection = _detection(form)
    to = form["To"]
    if not E164.fullmatch(to) and not ADDRESS.fullmatch(to):
        raise Refused(400, 21211, f"The 'To' number {to} is not a valid phone number")
    if (refusal := carrier.refuses(to)) is not None:
        raise Refused(400, refusal, f"The 'To' number {to} cannot be called")
    queued = carrier.queue_time
    if queued > LONGEST_QUEUE:
        raise Refused(400, 22005, "The queue of calls is full")
    if to in carrier.numbers and isinstance(instructions, Inline):
        carrier.dial(from_=form["From"], to=to, caller=spoken_by(instructions.document))
    return carrier.place(
        Order(
            from_=form["From"],
            to=to,
            direction="outbound-api",
            instructions=instructions,
            script=carrier.script_of(to),
            time_limit=_whole(form, "TimeLimit", TIME_LIMIT),
            ring_at_most=min(_whole(form, "Timeout", RING_AT_MOST), LONGEST_RING),
            queued=queued,
            send_digits=digits,
            detection=None if digits else detection,
            fallback=Fetch(form["FallbackUrl"], form.get("FallbackMethod", "POST")) if "FallbackUrl" in form else None,
            status_callback=form.get("StatusCallback", ""),
            status_callback_method=form.get("StatusCallbackMethod", "POST"),
            status_callback_events=tuple(events) or ("completed",),
        )
    )


def _check_callbacks(form: Mapping[str, str], events: list[str]) -> None:
    for name in ("Url", "FallbackUrl", "StatusCallback", "AsyncAmdStatusCallback"):
        if form.get(name) and not HOST.fullmatch(form[name]):
            raise Refused(400, 21205 if name == "Url" else 21609, f"{name} is not a valid URL: {form[name]}")
    for name in ("Method", "FallbackMethod", "StatusCallbackMethod", "AsyncAmdStatusCallbackMethod"):
        if form.get(name, "POST") not in ("GET", "POST"):
            raise Refused(400, REST_REFUSED, f"{name} {form[name]!r}: expected GET or POST")
    for event in events:
        if event not in STATUS_EVENTS:
            raise Refused(400, REST_REFUSED, f"StatusCallbackEvent {event!r}: expected one of {STATUS_EVENTS}")


def _detection(form: Mapping[str, str]) -> Detection | None:
    kind, asynchronous = form.get("MachineDetection"), form.get("AsyncAmd", "false")
    if kind not in (None, "Enable", "DetectMessageEnd"):
        raise Refused(400, REST_REFUSED, f"MachineDetection {kind!r}: expected 'Enable' or 'DetectMessageEnd'")
    if asynchronous not in ("true", "false"):
        raise Refused(400, REST_REFUSED, f"AsyncAmd {asynchronous!r}: expected 'true' or 'false'")
    found = {
        name: _within(form, parameter, default, least, most)
        for name, (parameter, default, least, most) in DETECTION_LIMITS.items()
    }
    if kind is None:
        return None
    return Detection(
        until_message_end=kind == "DetectMessageEnd",
        held=asynchronous == "false",
        timeout=found["timeout"],
        speech_threshold=found["speech_threshold"] / 1000,
        speech_end_threshold=found["speech_end_threshold"] / 1000,
        silence_timeout=found["silence_timeout"] / 1000,
        callback=form.get("AsyncAmdStatusCallback", ""),
        callback_method=form.get("AsyncAmdStatusCallbackMethod", "POST"),
    )


def _within(form: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = _whole(form, name, default)
    if not least <= value <= most:
        raise Refused(400, REST_REFUSED, f"{name} {value}: expected {least} to {most}")
    return value


def update(call: PlacedCall, form: Mapping[str, str]) -> None:
    """Change a call as a form asks. `form` has been checked for unknown names."""
    status = form.get("Status")
    document = _instructions(form, both_allowed=False)
    if status is not None and status not in ("completed", "canceled"):
        raise Refused(400, REST_REFUSED, f"Status {status!r}: expected 'completed' or 'canceled'")
    if (status is None) == (document is None):
        raise Refused(400, REST_REFUSED, "Expected one of Status, Url and Twiml")
    if call.is_over:
        raise Refused(400, 21220, "Call is not in-progress. Cannot redirect.")
    if status == "canceled" or (status == "completed" and call.status in ("queued", "ringing")):
        if call.status not in ("queued", "ringing"):
            raise Refused(400, 21220, "Call is in-progress. Cannot cancel.")
        call.interrupt(Over("canceled", "canceled"))
    elif status == "completed":
        call.interrupt(Over("hung up by REST"))
    elif document is not None:
        if call.status != "in-progress":
            raise Refused(400, 21220, "Call is not in-progress. Cannot redirect.")
        call.interrupt(document)


def _instructions(form: Mapping[str, str], *, both_allowed: bool) -> Fetch | Inline | None:
    if "Url" in form:
        if "Twiml" in form and not both_allowed:
            raise Refused(400, REST_REFUSED, "Url and Twiml exclude each other")
        return Fetch(form["Url"], form.get("Method", "POST"))
    if "Twiml" in form:
        if len(form["Twiml"]) > TWIML_LIMIT:
            raise Refused(400, REST_REFUSED, f"Twiml is longer than {TWIML_LIMIT} characters")
        return Inline(form["Twiml"])
    return None


# --- told ----------------------------------------------------------------------------------------------


def listed(carrier: Carrier, query: Mapping[str, str], path: str) -> dict[str, Any]:
    """A page of calls, the latest first. `query` has been checked for unknown names.

    A call that still waits to be dialled has no start: filters of it go by when it was created.
    """
    size = min(_whole(query, "PageSize", DEFAULT_PAGE), LARGEST_PAGE)
    page = _whole(query, "Page", 0)
    if size == 0:
        raise Refused(400, REST_REFUSED, "PageSize '0': expected 1 or more")
    if page > 0 and query.get("PageToken") != f"PA{page}":
        raise Refused(400, REST_REFUSED, "Page: expected the PageToken that came with it")
    if (status := query.get("Status")) is not None and status not in STATUSES:
        raise Refused(400, REST_REFUSED, f"Status {status!r}: expected one of {STATUSES}")
    matches = _filter(query)
    found = [call for call in reversed(carrier.calls.values()) if matches(call)]
    first, last = page * size, (page + 1) * size

    def uri(at: int) -> str:
        token = {"PageToken": f"PA{at}"} if at else {}
        return f"{path}?{urlencode({**query, 'PageSize': size, 'Page': at, **token})}"

    return {
        "calls": [told(carrier, call) for call in found[first:last]],
        "start": first,
        "end": max(first, min(last, len(found)) - 1),
        "page": page,
        "page_size": size,
        "uri": uri(page),
        "first_page_uri": uri(0),
        "next_page_uri": uri(page + 1) if last < len(found) else None,
        "previous_page_uri": uri(page - 1) if page else None,
    }


def _filter(query: Mapping[str, str]) -> Callable[[PlacedCall], bool]:
    spans = [
        (name, _span(query, name + sign), sign)
        for name in ("StartTime", "EndTime")
        for sign in ("", "<", ">")
        if name + sign in query
    ]

    def matches(call: PlacedCall) -> bool:
        for name, value in (
            ("To", call.order.to),
            ("From", call.order.from_),
            ("Status", call.status),
            ("ParentCallSid", call.order.parent),
        ):
            if name in query and query[name] != value:
                return False
        for name, (begin, end), sign in spans:
            at = (call.dialled or call.placed) if name == "StartTime" else call.ended_at
            # dates are told and asked in whole seconds
            if at is None or (sign != "<" and int(at) < begin) or (sign != ">" and int(at) >= end):
                return False
        return True

    return matches


def _span(query: Mapping[str, str], name: str) -> tuple[float, float]:
    """The second or the day (UTC) that a filter names, as seconds of the epoch: from, and up to."""
    for form, length in (("%Y-%m-%dT%H:%M:%SZ", timedelta(seconds=1)), ("%Y-%m-%d", timedelta(days=1))):
        try:
            begin = datetime.strptime(query[name], form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return begin.timestamp(), (begin + length).timestamp()
    raise Refused(400, REST_REFUSED, f"{name} {query[name]!r}: expected a date, or a time in UTC")


def told(carrier: Carrier, call: PlacedCall) -> dict[str, Any]:
    """A call as the API tells it."""
    return {
        "sid": call.sid,
        "account_sid": carrier.account_sid,
        "to": call.order.to,
        "to_formatted": call.order.to,
        "from": call.order.from_,
        "from_formatted": call.order.from_,
        "status": call.status,
        "direction": call.order.direction,
        "queue_time": str(round(call.order.queued * 1000)),
        "answered_by": call.answered_by,
        "duration": str(round(call.talked or 0)) if call.is_over else None,
        "date_created": _date(call.placed),
        "date_updated": _date(call.ended_at or call.dialled or call.placed),
        "start_time": _date(call.dialled),
        "end_time": _date(call.ended_at),
        "price": None,
        "price_unit": "USD",
        "parent_call_sid": call.order.parent or None,
        "phone_number_sid": "",
        "caller_name": None,
        "forwarded_from": None,
        "group_sid": None,
        "trunk_sid": "",
        "annotation": None,
        "api_version": API_VERSION,
        "subresource_uris": {},
        "uri": f"/{API_VERSION}/Accounts/{carrier.account_sid}/Calls/{call.sid}.json",
    }


def events_of(form: FormData) -> list[str]:
    """The events that a form asks to be told."""
    return [str(event) for event in form.getlist("StatusCallbackEvent")]


def _whole(form: Mapping[str, str], name: str, default: int) -> int:
    value = form.get(name, str(default))
    if not value.isdecimal():
        raise Refused(400, REST_REFUSED, f"{name} {value!r}: expected a whole number")
    return int(value)


def _date(at: float | None) -> str | None:
    return None if at is None else formatdate(at, usegmt=False)
