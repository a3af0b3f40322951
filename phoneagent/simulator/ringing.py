"""An outbound call until somebody answers: it waits for its turn, rings, and may come to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .call_order import NO_SUCH_NUMBER, Next, Over, Status

if TYPE_CHECKING:
    from .placed_call import PlacedCall

RINGING_OF_BUSY = 1.0  # seconds until a busy line is known
SIP_OK = 200
SIP_STATUS: Mapping[Status, int] = {"busy": 486, "no-answer": 480, "canceled": 487, "failed": 503}


async def ring_callee(call: PlacedCall) -> Over | None:
    """Let an outbound call wait for its turn, and ring. None when somebody answered."""
    order = call.order
    callee = call.equipment.callees.get(order.to, NO_SUCH_NUMBER)
    if order.queued and (interruption := await call.interrupted_within(order.queued)) is not None:
        return _canceled(call, interruption)
    call.dialled = call.wall_clock()
    call.tell_status("initiated")
    call.status = "ringing"
    call.tell_status("ringing")
    ring = min(callee.ring if callee.outcome != "no-answer" else order.ring_at_most, order.ring_at_most)
    if callee.refused is not None:
        callee = NO_SUCH_NUMBER
    if callee.outcome in ("busy", "failed"):
        ring = RINGING_OF_BUSY
    if (interruption := await call.interrupted_within(ring)) is not None:
        return _canceled(call, interruption)
    if callee.outcome == "answers" and callee.ring <= order.ring_at_most:
        call.sip_status = callee.sip or SIP_OK
        return None
    outcome: Status = "no-answer" if callee.outcome == "answers" else callee.outcome
    call.sip_status = callee.sip or SIP_STATUS[outcome]
    return Over("not answered", outcome)


def _canceled(call: PlacedCall, following: Next) -> Over:
    call.sip_status = SIP_STATUS["canceled"]
    return following if isinstance(following, Over) else Over("canceled", "canceled")
