"""`<Enqueue>` and `<Dial><Queue>`: a call waits, until another takes it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from phoneagent.simulator.bridge import connected
from phoneagent.simulator.call_order import Fetch, Next, Over
from phoneagent.simulator.call_queue import CallQueue, Waiting
from phoneagent.simulator.ear import Bridged
from phoneagent.simulator.tasks import end
from phoneagent.simulator.twiml import Dial, DocumentMalformed, Enqueue, Leave
from phoneagent.simulator.webhooks import WebhookFailed

if TYPE_CHECKING:
    from phoneagent.simulator.placed_call import PlacedCall


async def enqueue(call: PlacedCall, verb: Enqueue) -> Next | None:
    queue = call.equipment.queue(verb.queue)
    place = queue.enter(call)
    call.left_queue.clear()
    waiting = asyncio.create_task(_wait(call, verb, queue, place))
    result = "bridged"
    try:
        ends: set[asyncio.Future[Any]] = {waiting, place.taken}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if place.taken.done():
            seconds = place.seconds
            await end(waiting)
            await place.released.wait()
        else:
            seconds, result = place.seconds, "leave"
            following = waiting.result()
            if following is not None:
                return following
    except asyncio.CancelledError:
        if verb.action and not call.line.is_live:  # whoever has hung up asks for no document, but it is told
            call.tell("queue", verb.action, verb.method, {"QueueResult": "hangup", "QueueSid": queue.sid})
        raise
    finally:
        queue.leave(place)
        call.left_queue.set()
        waiting.cancel()
        await asyncio.wait({waiting})
    extra = {"QueueResult": result, "QueueSid": queue.sid, "QueueTime": str(int(seconds))}
    return Fetch(verb.action, verb.method, extra) if verb.action else None


async def _wait(call: PlacedCall, verb: Enqueue, queue: CallQueue, place: Waiting) -> Over | None:
    """Follow the documents for those who wait, until one says to leave (None) or to hang up."""
    if not verb.wait_url:
        await place.taken
    source = first = Fetch(verb.wait_url, verb.wait_method)
    while not place.taken.done():
        began = call.now()
        try:
            document = await call.read(source._replace(extra=queue.told(place)))
        except (WebhookFailed, DocumentMalformed) as exc:
            call.report(exc.code, str(exc))
            return Over("application error")
        source = first
        for step in document.verbs:
            if isinstance(step, Leave):
                return None
            following = await call.carry_out(step)
            if isinstance(following, Over):
                return following
            if isinstance(following, Fetch):
                source = following
                break
        if source is first and call.now() - began < 1.0:
            await asyncio.sleep(1.0)  # a document that says nothing is not asked for more often
    return None


async def take(call: PlacedCall, verb: Dial) -> Fetch | None:
    try:
        async with asyncio.timeout(verb.timeout):
            place = await call.equipment.queue(verb.queue).take(call)
    except TimeoutError:
        extra = {"DialCallStatus": "no-answer"}
    else:
        other: PlacedCall = place.call
        began, other_began = call.line.now(), other.line.now()
        call.note("bridged", target=other.order.from_)
        left = asyncio.create_task(other.left_queue.wait())
        try:
            with connected(call.line, other.line):
                await asyncio.wait({left}, timeout=verb.time_limit)
        finally:
            left.cancel()
            place.released.set()
            seconds = call.line.now() - began
            call.ear.note(Bridged(began, began + seconds, other.order.from_))
            other.ear.note(Bridged(other_began, other_began + seconds, call.order.from_))
        extra = {"DialCallStatus": "completed", "DialCallSid": other.sid, "DialCallDuration": str(round(seconds))}
    return Fetch(verb.action, verb.method, extra) if verb.action else None
