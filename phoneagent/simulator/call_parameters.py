"""What Twilio tells of a call: the parameters of its requests and callbacks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import TYPE_CHECKING

from .call_order import API_VERSION

if TYPE_CHECKING:
    from .placed_call import PlacedCall
    from .twiml import Stream


def of_request(call: PlacedCall, extra: Mapping[str, str]) -> dict[str, str]:
    """The parameters of every voice request, and `extra`."""
    order = call.order
    return {
        "AccountSid": call.equipment.account,
        "ApiVersion": API_VERSION,
        "CallSid": call.sid,
        "CallStatus": call.status,
        "CallToken": "%7B%22parentCallInfoToken%22%3A%22simulated%22%7D",
        "Called": order.to,
        "CalledCity": "",
        "CalledCountry": "US",
        "CalledState": "",
        "CalledZip": "",
        "Caller": order.from_,
        "CallerCity": "",
        "CallerCountry": "US",
        "CallerState": "",
        "CallerZip": "",
        "Direction": order.direction,
        "From": order.from_,
        "FromCity": "",
        "FromCountry": "US",
        "FromState": "",
        "FromZip": "",
        "StirVerstat": "TN-Validation-Passed-A",
        "To": order.to,
        "ToCity": "",
        "ToCountry": "US",
        "ToState": "",
        "ToZip": "",
        **({"ParentCallSid": order.parent} if order.parent else {}),
        **order.parameters,
        **extra,
    }


def of_status(call: PlacedCall, event: str, *, number: int) -> dict[str, str]:
    """The parameters of a status callback, the call's `number`-th, counted from 0."""
    form = of_request(
        call,
        {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(number),
            "Timestamp": formatdate(usegmt=False),
        },
    )
    if event == "initiated":
        form["CallStatus"] = "initiated"
    if event == "completed":
        form["CallDuration"] = str(round(call.talked or 0))
        form["Duration"] = str(-(-round(call.talked or 0) // 60))
        if call.answered_by is not None:
            form["AnsweredBy"] = call.answered_by
        if call.sip_status is not None:
            form["SipResponseCode"] = str(call.sip_status)
    return form


def of_stream(call: PlacedCall, noun: Stream, sid: str, event: str) -> dict[str, str]:
    """The parameters of a `<Stream>`'s status callback."""
    return {
        "AccountSid": call.equipment.account,
        "CallSid": call.sid,
        "StreamSid": sid,
        "StreamName": noun.name or sid,
        "StreamEvent": event,
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
    }
