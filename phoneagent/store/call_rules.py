"""What may become of a call's record. Pure; the same in every store."""

from __future__ import annotations

from dataclasses import replace

from phoneagent.records import FINAL_STATUSES, CallRecord, CallStatus

UNEXPLAINED = frozenset({"", "keys", "moved", "handover"})
"""Why a call may have left its media stream that does not say why it ended."""


def closed(record: CallRecord, status: CallStatus, ended: float) -> CallRecord:
    """The record after the carrier has said that the call is over; see `ports.Store.close_call`."""
    if record.ended is not None:
        return replace(record, ended=max(ended, record.ended)) if record.ended_reason == "transfer" else record
    return replace(
        record,
        status=record.status if record.status in FINAL_STATUSES else status,
        ended=ended,
        ended_reason="carrier" if record.ended_reason in UNEXPLAINED else record.ended_reason,
    )
