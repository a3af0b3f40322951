"""What those who follow a call are told, and under which name: docs/events.md in code.

Inside, a call tells much more, for metrics and for whoever mends it. What is not named here stays inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from phoneagent.records import FINAL_STATUSES, LAST_STEP

from .call import OVER

STATUS: Final = "status"
CONNECTED: Final = "agent_connected"
DISCONNECTED: Final = "agent_disconnected"
GAP: Final = "gap"

STEPS: Final[Mapping[str, int]] = {"queued": 1, "dialling": 2, "ringing": 3, "in-progress": 4}

PLAIN: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "incoming_undecided": ("incoming_undecided", ("problem",)),
    "interrupted": ("interrupted", ("heard",)),
    "resumed": ("agent_resumed", ("heard",)),
    "tool_called": ("tool_called", ("tool",)),
    "tool_returned": ("tool_returned", ("tool", "failed")),
    "tool_repeated": ("tool_repeated", ("tool",)),
    "tool_rounds_over": ("tool_rounds_over", ("rounds",)),
    "keys_sealed": ("keys_kept", ("kept", "keys")),
    "dtmf_sent": ("keys_sent", ("keys", "whole")),
    "steered": ("steered", ("action",)),
    "transferring": ("transferring", ("target", "warm")),
    "transfer_answered": ("transfer_answered", ("target",)),
    "transfer_accepted": ("transfer_accepted", ()),
    "transfer_failed": ("transfer_failed", ("reason",)),
    "answerer_handled": ("answerer_handled", ("outcome",)),
    "handed_over": ("handed_over", ("agent", "known")),
    "muted": ("muted", ()),
    "unmuted": ("unmuted", ()),
    "do_not_call": ("do_not_call", ()),
    "disclosed": ("disclosed", ()),
    "disclosure_unheard": ("disclosure_unheard", ()),
    "recording_started": ("recording_started", ("paused",)),
    "recording_paused": ("recording_paused", ()),
    "recording_resumed": ("recording_resumed", ()),
    "recording_failed": ("recording_failed", ("problem",)),
    "carrier_recording_failed": ("carrier_recording_failed", ("problem",)),
    "provider_failed": ("provider_failed", ("provider", "problem")),
    "reply_failed": ("reply_failed", ("problem",)),
    "spend_limit_reached": ("spend_limit_reached", ()),
    "ears_failed": ("ears_failed", ("problem",)),
}
"""What is told as it is: by its name inside, that outside, and the values that are told. Add a line to tell more."""


class Happening(NamedTuple):
    """One event. `step` and `once`: see `LogEntry`. `unordered`: told only of calls that nobody ordered here, for the
    status of the others is that of their order.
    """

    event: str
    fields: dict[str, Any]
    step: int = 0
    once: str = ""
    unordered: bool = False


def status_step(status: str) -> int:
    return LAST_STEP if status in FINAL_STATUSES else STEPS.get(status, 0)


def happenings(name: str, values: Mapping[str, Any]) -> list[Happening]:
    """What is told when this was told inside: nothing, one event, or two."""
    if (plain := PLAIN.get(name)) is not None:
        event, fields = plain
        return [Happening(event, {field: values[field] for field in fields if field in values})]
    match name:
        case "caller_turn":
            return [Happening("turn", {"role": "caller", "text": values["text"]})]
        case "turn_ended":
            return _agent_turn(values)
        case "call_rings":
            return [_status("ringing")]
        case "call_started":
            connected = Happening(CONNECTED, {"agent": values["agent"], "resumed": values["resumed"]})
            return [_status("in-progress"), connected]
        case "call_left":
            return _left(values["reason"])
        case "call_turned_away":
            refused = Happening("refused", {"how": values["how"]}, once="refused")
            return [refused, _status(values["status"], reason="refused")]
        case "call_over":
            return [_status(values["status"])]
        case "answered_by":
            return [answered_by(values["answered_by"])]
        case "analysed":
            found = {"success": values["success"], "problems": values["problems"]}
            return [Happening("analysed", found, once="analysed")]
        case "call_abandoned":
            return [Happening("media_missing", {})]
        case _:
            return []


def answered_by(who: str) -> Happening:
    """The carrier says so, or what was heard."""
    return Happening("answered_by", {"answered_by": who}, once=f"answered_by {who}")


def waiting(until: float) -> Happening:
    """The callee's hours begin then."""
    at = datetime.fromtimestamp(until, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Happening("waiting", {"until": at}, once=f"waiting {at}")


def _agent_turn(values: Mapping[str, Any]) -> list[Happening]:
    """As far as it was heard; nothing heard is no turn."""
    if not values["agent"]:
        return []
    fields = {
        "role": "agent",
        "text": values["agent"],
        "interrupted": values["interrupted"],
        "kind": values["kind"],
        "response_latency": values["latency"].get("heard"),
    }
    return [Happening("turn", fields)]


def _left(reason: str) -> list[Happening]:
    left = [Happening(DISCONNECTED, {"reason": reason})]
    if reason in OVER - {"transfer"}:
        left.append(_status("completed", reason=reason))
    return left


def _status(status: str, **fields: Any) -> Happening:
    return Happening(STATUS, {"status": status, **fields}, step=status_step(status), unordered=True)
