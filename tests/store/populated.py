"""One of everything that a store keeps, all of one person: what is to expire, to be erased, or to be encrypted."""

from __future__ import annotations

from phoneagent.api_keys import ApiKey
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.deliveries import Delivery
from phoneagent.ports import Store
from phoneagent.private import Private
from phoneagent.records import CallRecord, Clip, LogEntry, Order
from phoneagent.report import EndOfCallReport, Verdict

PERSON = "+12125550123"
OURS = "+15005550006"
CAME_IN = "CA00000000000000000000000000000001"
PLACED = "CA00000000000000000000000000000002"
ORDER = "PC000000000000000000000000000000aa"
HOOK = "0123456789abcdef"
VOICE = "elevenlabs Rachel"
WORDS = "My name is Ada Lovelace"
SAID = "Good evening, Ada Lovelace."
VARIABLES = {"name": "Ada Lovelace"}
SIGNS = (PERSON, PERSON[1:], "Lovelace")  # by which a person is known in what is kept


def call(name: str, now: float, *, order: str = "", ended: bool = True) -> CallRecord:
    placed = bool(order)
    return CallRecord(
        id=name,
        agent="front-desk",
        direction="outbound" if placed else "inbound",
        caller=Private(OURS if placed else PERSON),
        called=Private(PERSON if placed else OURS),
        status="completed" if ended else "in-progress",
        variables=VARIABLES,
        started=now - 3700,
        answered=now - 3699,
        ended=now - 3600 if ended else None,
        order=order,
        hearing=WORDS,
        transfer_summary=WORDS,
        voicemail=SAID,
        metadata=VARIABLES,
    )


def order(now: float) -> Order:
    return Order(
        id=ORDER,
        to=Private(PERSON),
        caller_id=Private(OURS),
        agent="front-desk",
        created=now - 3800,
        variables=VARIABLES,
        metadata=VARIABLES,
        voicemail=SAID,
    )


async def populate(store: Store, now: float) -> None:
    """A call that came in, and one that was placed; with all that there may be of them."""
    await store.orders.create(order(now), key="their key", fingerprint="what was asked for")
    await store.orders.change(ORDER, call=PLACED, status="completed", ended=now - 3600)
    for record in (call(CAME_IN, now), call(PLACED, now, order=ORDER)):
        await store.create_call(record)
        token = await store.take_lease(record.id, "host-1", seconds=10)
        await store.append_turn(record.id, 1, Turn("caller", WORDS, 2.0), token=token)
        tool = ToolCall("call_1", "book", '{"name": "Lovelace"}')
        await store.append_turn(record.id, 2, Turn("tool", WORDS, 3.0, tool=tool), token=token)
        await store.release_lease(record.id, "host-1", token)
        await _tell(store, record, now)
        await _report(store, record, now)
    await _deliver(store, now)
    await store.save_clip(VOICE, SAID, Clip(b"\x7f" * 800))
    await store.expiring.expire("RE1", due=now + 3600)
    await store.put_stream_token("a token", CAME_IN, seconds=60)
    await store.keys.add(ApiKey("crm", frozenset({"read"}), now), "hash")


async def _tell(store: Store, record: CallRecord, now: float) -> None:
    log = record.order or record.id
    entries = [LogEntry(log, "turn", f'{{"text":"{WORDS}"}}'), LogEntry(log, "status", f'{{"to":"{PERSON}"}}', step=5)]
    await store.events.append("writer", 1, entries)


async def _report(store: Store, record: CallRecord, now: float) -> None:
    await store.reports.expect(record.id, due=now)
    claims = await store.reports.claim(now=now + 1e6, seconds=10, most=10)
    (token,) = (claim.token for claim in claims if claim.call == record.id)
    report = EndOfCallReport(
        call=record.id,
        agent=record.agent,
        direction=record.direction,
        caller=record.caller,
        called=record.called,
        status=record.status,
        order=record.order,
        turns=(Turn("caller", WORDS, 2.0),),
        summary=WORDS,
        success=Verdict("pass", WORDS),
        variables=VARIABLES,
    )
    await store.reports.keep(report, token=token)
    await store.reports.done(record.id, token=token)


async def _deliver(store: Store, now: float) -> None:
    """One message that waits, one that is dead and one that has arrived, of each call."""
    body = f'{{"from":"{PERSON}","text":"{WORDS}"}}'
    for lane in (CAME_IN, ORDER):
        for number, fate in enumerate(("arrived", "dead", "waits")):
            delivery = Delivery(f"msg_{lane}_{number}", HOOK, "https://a.example/", lane, "call.ended", now, body)
            await store.deliveries.put([delivery], now=now)
            if fate == "waits":
                continue
            claimed = await store.deliveries.claim({HOOK: 10}, now=now, seconds=1)
            (mine,) = (each for each in claimed if each.delivery.id == delivery.id)
            if fate == "arrived":
                await store.deliveries.delivered(mine, now=now)
            else:
                await store.deliveries.bury(mine, now=now, keep=30 * 24 * 3600.0, problem="500")
