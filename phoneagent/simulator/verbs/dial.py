"""`<Dial>`: somebody else is called, may hear a whisper first, and is connected to the call."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from phoneagent.simulator.bridge import connected, first_to_answer
from phoneagent.simulator.call_order import NO_SUCH_NUMBER, Fetch, Inline, Order, Over
from phoneagent.simulator.caller import CallerScript, HangUp, Wait
from phoneagent.simulator.caller_ids import CALLER_ID_INVALID, refused_caller_id
from phoneagent.simulator.ear import Bridged
from phoneagent.simulator.twiml import Dial, Target

if TYPE_CHECKING:
    from phoneagent.simulator.placed_call import PlacedCall

NO_WHISPER = Inline("<Response/>")
REFUSALS = {21211: 13223, 21214: 13224, 21215: 13227, 21216: 13225}
"""What a `<Dial>` says where the API refuses a number."""


async def dial(call: PlacedCall, verb: Dial) -> Fetch | None:
    order = call.order
    validated = call.equipment.numbers
    problem = refused_caller_id(verb.caller_id, calling=order.from_, called=order.to, validated=validated)
    if problem:
        call.report(CALLER_ID_INVALID, problem)
        return Fetch(verb.action, verb.method, {"DialCallStatus": "failed"}) if verb.action else None
    call.note(
        "dialing",
        targets=tuple(target.address for target in verb.targets),
        caller_id=verb.caller_id or call.order.from_,
    )
    legs = [_begin_leg(call, verb, target) for target in verb.targets]
    call.legs += legs
    try:
        leg = await first_to_answer(legs)
        for other in legs:
            if other is not leg:
                other.interrupt(Over("canceled", "canceled"))
        bridged = await _join(call, leg, verb) if leg is not None else None
    finally:
        for each in legs:
            if not each.parted.done():
                each.interrupt(Over("other leg ended") if each.picked_up.done() else Over("canceled", "canceled"))
    extra = {"DialCallSid": (leg or legs[0]).sid}
    if bridged is not None:
        extra |= {"DialCallStatus": "completed", "DialCallDuration": str(round(bridged))}
    else:
        # Vendor's screening tutorial: who hangs up in the whisper did not answer.
        rang = leg is not None or any(each.status == "no-answer" for each in legs)
        extra["DialCallStatus"] = "no-answer" if rang else legs[0].status
    call.note("dialed", status=extra["DialCallStatus"])
    return Fetch(verb.action, verb.method, extra) if verb.action else None


def _begin_leg(call: PlacedCall, verb: Dial, target: Target) -> PlacedCall:
    callee = call.equipment.callees.get(target.address, NO_SUCH_NUMBER)
    if callee.refused is not None:
        call.report(REFUSALS[callee.refused], f"<Dial> of {target.address}: cannot be called")
    return call.equipment.begin(
        Order(
            from_=verb.caller_id or call.order.from_,
            to=target.address,
            direction="outbound-dial",
            instructions=Fetch(target.url, target.method) if target.url else NO_WHISPER,
            script=callee.script or CallerScript(Wait(callee.talk), HangUp(after=0.0)),
            time_limit=call.order.time_limit,
            ring_at_most=verb.timeout,
            parent=call.sid,
            send_digits=target.send_digits,
            status_callback=target.status_callback,
            status_callback_method=target.status_callback_method,
            status_callback_events=target.status_callback_events,
        )
    )


async def _join(call: PlacedCall, leg: PlacedCall, verb: Dial) -> float | None:
    """Let caller and target talk once the whisper is over. Returns for how long; None when they never met."""
    await asyncio.wait({leg.joined})
    if not leg.joined.result():
        return None
    if not call.line.is_live:
        call.answer()
    began, leg_began = call.line.now(), leg.line.now()
    call.note("bridged", target=leg.order.to)
    try:
        with connected(call.line, leg.line):
            await asyncio.wait({leg.parted}, timeout=verb.time_limit)
    finally:
        call.ear.note(Bridged(began, call.line.now(), leg.order.to))
        leg.ear.note(Bridged(leg_began, leg_began + call.line.now() - began, leg.order.from_))
    return call.line.now() - began
