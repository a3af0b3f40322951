"""`<Connect><Stream>`: a call's audio to the product and back, until one of them closes the stream."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

from phoneagent.simulator.call_order import Fetch
from phoneagent.simulator.media_stream import CLOSE_OK, MediaStream
from phoneagent.simulator.phone_line import DEAD_END
from phoneagent.simulator.twiml import Connect
from phoneagent.simulator.violation import STREAM_CONNECT_TIMEOUT, STREAM_HANDSHAKE_REFUSED, STREAM_REFUSED
from phoneagent.simulator.websocket import HandshakeFailed

if TYPE_CHECKING:
    from phoneagent.simulator.placed_call import PlacedCall


async def connect(call: PlacedCall, verb: Connect) -> Fetch | None:
    await asyncio.sleep(call.equipment.network.stream_delay)
    tampering = call.order.tampering
    parameters = {
        name: value for name, value in {**verb.stream.parameters, **tampering.parameters}.items() if value is not None
    }
    stream = MediaStream(
        stream=f"MZ{uuid4().hex}",
        call=call.sid,
        account=call.equipment.account,
        parameters=parameters,
        network=call.equipment.network,
        ear=call.ear,
        now=call.line.now,
        report=call.report,
    )
    signed = call.equipment.webhooks.signing.headers(verb.stream.url, {}, signature=tampering.stream_signature)
    error = ""
    try:
        await stream.open(verb.stream.url, signed=signed)
    except HandshakeFailed as exc:
        error = f"{verb.stream.url}: {exc}"
        call.report(STREAM_HANDSHAKE_REFUSED, error)
    except TimeoutError:
        error = f"{verb.stream.url}: no connection in time"
        call.report(STREAM_CONNECT_TIMEOUT, error)
    except OSError as exc:
        error = f"{verb.stream.url}: {exc}"
        call.report(STREAM_REFUSED, error)
    else:
        call.note("stream opened", stream=stream.stream, parameters=parameters)
        call.tell_stream(verb.stream, stream.stream, "stream-started")
        call.line.connect(stream)
        try:
            closure = await asyncio.shield(stream.closed)
            if closure.code != CLOSE_OK:
                error = f"closed with {closure.code}"
        finally:
            call.line.connect(DEAD_END)
            await stream.stop()
            call.note("stream closed", stream=stream.stream)
            if not error:
                call.tell_stream(verb.stream, stream.stream, "stream-stopped")
    if error:
        call.tell_stream(verb.stream, stream.stream, "stream-error", StreamError=error)
    return Fetch(verb.action, verb.method) if verb.action else None
