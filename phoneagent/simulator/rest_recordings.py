"""Recordings of live calls in the REST API: begun, paused, resumed, stopped, and told when they are over."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Literal

from .call_order import API_VERSION, HOST
from .rest_refusal import Refused
from .violation import REST_REFUSED

if TYPE_CHECKING:
    from .placed_call import PlacedCall

CREATE_PARAMETERS = frozenset(
    {"RecordingChannels", "RecordingTrack", "Trim", "RecordingStatusCallback", "RecordingStatusCallbackMethod"}
    | {"RecordingStatusCallbackEvent"}
)
LIST_PARAMETERS = frozenset({"DateCreated", "DateCreated<", "DateCreated>", "PageSize", "Page", "PageToken"})
UPDATE_PARAMETERS = frozenset({"Status", "PauseBehavior"})
EVENTS = ("in-progress", "completed", "absent")
Status = Literal["in-progress", "paused", "stopped", "completed"]

_ONE_OF: Mapping[str, tuple[str, ...]] = {
    "RecordingChannels": ("mono", "dual"),
    "RecordingTrack": ("inbound", "outbound", "both"),
    "Trim": ("trim-silence", "do-not-trim"),
    "RecordingStatusCallbackMethod": ("GET", "POST"),
    "Status": ("in-progress", "paused", "stopped"),
    "PauseBehavior": ("skip", "silence"),
}


@dataclass(slots=True)
class SimulatedRecording:
    """One recording of a call. `changes`: when it became what, seconds since the answer."""

    sid: str
    channels: int
    callback: str
    callback_method: str
    events: tuple[str, ...]
    status: Status = "in-progress"
    pause_behavior: str = ""
    changes: list[tuple[float, Status]] = field(default_factory=list)
    skipped: float = 0.0
    ended: float = 0.0

    def become(self, status: Status, at: float) -> None:
        """Change at this time."""
        if self.status == "paused" and self.pause_behavior == "skip":
            self.skipped += at - self.changes[-1][0]
        self.status = status
        self.changes.append((at, status))

    @property
    def duration(self) -> float:
        return self.ended - self.changes[0][0] - self.skipped


def create(call: PlacedCall, form: Mapping[str, str], account: str) -> dict[str, Any]:
    """Begin to record. `form` has been checked for unknown names."""
    if call.status != "in-progress":
        raise Refused(400, 21220, "Requested resource is not eligible for recording")
    _check(form)
    callback = form.get("RecordingStatusCallback", "")
    if callback and not HOST.fullmatch(callback):
        raise Refused(400, 21609, f"RecordingStatusCallback is not a valid URL: {callback}")
    events = tuple(form.get("RecordingStatusCallbackEvent", "completed").split())
    for event in events:
        if event not in EVENTS:
            raise Refused(400, REST_REFUSED, f"RecordingStatusCallbackEvent {event!r}: expected some of {EVENTS}")
    recording = SimulatedRecording(
        "RE" + secrets.token_hex(16),
        2 if form.get("RecordingChannels") == "dual" else 1,
        callback,
        form.get("RecordingStatusCallbackMethod", "POST"),
        events,
    )
    recording.become("in-progress", call.line.now())
    call.recordings[recording.sid] = recording
    tell(call, recording, "in-progress")
    return told(call, recording, account)


def update(call: PlacedCall, sid: str, form: Mapping[str, str], account: str) -> dict[str, Any]:
    """Pause, resume or stop. `form` has been checked for unknown names."""
    recording = call.recordings.get(sid)
    if recording is None:
        raise Refused(404, 20404, f"The requested resource {sid} was not found")
    _check(form)
    if "Status" not in form:
        raise Refused(400, REST_REFUSED, "Status: expected 'in-progress', 'paused' or 'stopped'")
    if call.is_over or recording.status in ("stopped", "completed"):
        raise Refused(400, 21220, "The recording is not in progress")
    status: Any = form["Status"]
    if status == "paused":
        recording.pause_behavior = form.get("PauseBehavior", "silence")
    recording.become(status, call.line.now())
    return told(call, recording, account)


def listed(call: PlacedCall, account: str, path: str) -> dict[str, Any]:
    """All of a call, the latest first, on one page: nobody records a call a thousand times."""
    found = [told(call, recording, account) for recording in reversed(call.recordings.values())]
    return {
        "recordings": found,
        "start": 0,
        "end": max(0, len(found) - 1),
        "page": 0,
        "page_size": 50,
        "uri": path,
        "first_page_uri": path,
        "next_page_uri": None,
        "previous_page_uri": None,
    }


def delete(call: PlacedCall, sid: str) -> None:
    """For good. One that still grows is not deleted."""
    if call.recordings[sid].status != "completed":
        raise Refused(400, 20409, "The recording is in progress")
    del call.recordings[sid]


def finish(call: PlacedCall) -> None:
    """The call is over, and so are its recordings."""
    for recording in call.recordings.values():
        recording.ended = call.talked or 0.0
        recording.status = "completed"
        tell(call, recording, "completed")


def tell(call: PlacedCall, recording: SimulatedRecording, event: str) -> None:
    """Send the product a callback, if it wants to know of this event."""
    if not recording.callback or event not in recording.events:
        return
    extra = {"RecordingSid": recording.sid, "RecordingStatus": event, "RecordingChannels": str(recording.channels)}
    extra["RecordingSource"] = "StartCallRecordingAPI"
    if event == "completed":
        extra["RecordingDuration"] = str(round(recording.duration))
        extra["RecordingUrl"] = f"https://api.twilio.com{_uri(call, recording, call.equipment.account)}"
    form = {"AccountSid": call.equipment.account, "CallSid": call.sid, **extra}
    call.tell_recording(recording, form)


def told(call: PlacedCall, recording: SimulatedRecording, account: str) -> dict[str, Any]:
    """A recording as the API tells it."""
    return {
        "sid": recording.sid,
        "account_sid": account,
        "call_sid": call.sid,
        "conference_sid": None,
        "status": recording.status,
        "channels": recording.channels,
        "duration": str(round(recording.duration)) if recording.status == "completed" else None,
        "source": "StartCallRecordingAPI",
        "track": "both",
        "error_code": None,
        "encryption_details": None,
        "price": None,
        "price_unit": "USD",
        "date_created": formatdate(call.wall_clock(), usegmt=False),
        "date_updated": formatdate(call.wall_clock(), usegmt=False),
        "start_time": formatdate(call.wall_clock(), usegmt=False),
        "api_version": API_VERSION,
        "uri": _uri(call, recording, account) + ".json",
    }


def _uri(call: PlacedCall, recording: SimulatedRecording, account: str) -> str:
    return f"/{API_VERSION}/Accounts/{account}/Calls/{call.sid}/Recordings/{recording.sid}"


def _check(form: Mapping[str, str]) -> None:
    for name, allowed in _ONE_OF.items():
        if name in form and form[name] not in allowed:
            raise Refused(400, REST_REFUSED, f"{name} {form[name]!r}: expected one of {allowed}")
