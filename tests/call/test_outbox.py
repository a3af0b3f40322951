"""What is put on its way to operators' systems out of event logs, whoever writes them and however often."""

from __future__ import annotations

import json

import pytest

from phoneagent.call.outbox import Outbox
from phoneagent.deliveries import Webhook
from phoneagent.errors import StoreError
from phoneagent.private import Private
from phoneagent.records import LAST_STEP, CallRecord, LogEntry
from phoneagent.store import memory_deliveries
from phoneagent.store.memory import MemoryStore
from tests.webhooks.receiver import SECRET

from .test_courier import Ledger

NOW = 1_790_000_000.0
CRM = Webhook("https://crm.example.com/?key=hunter2", (Private(SECRET),))


def entry(event, log="CA1", *, step=0, **fields):
    return LogEntry(log, event, json.dumps({"at": "2026-11-23T09:14:02.118Z", **fields}), step)


def turn(text="Hello."):
    return entry("turn", role="agent", text=text)


def over(status="completed"):
    return entry("status", status=status, step=LAST_STEP)


@pytest.fixture
async def store():
    made = MemoryStore()
    record = CallRecord("CA1", "desk", "inbound", Private("+12125550123"), Private("+15005550006"))
    await made.create_call(record)
    return made


def outbox(store, *webhooks):
    ledger, woken = Ledger(), []
    return Outbox(store, webhooks or (CRM,), ledger, lambda: woken.append(True)), ledger, woken


async def put(store):
    """What waits: types, and what is told."""
    found = []
    while claims := await store.deliveries.claim(
        dict.fromkeys(await store.deliveries.webhooks(), 10), now=NOW, seconds=9
    ):
        for claimed in claims:
            found.append((claimed.delivery.type, json.loads(claimed.delivery.body)["data"]))
            await store.deliveries.delivered(claimed, now=NOW)
    return found


async def test_the_end_that_two_processes_tell_is_told_once(store):
    box, _, _ = outbox(store)
    await box.append("one", 7, [turn(), over()], now=NOW)
    await box.append("two", 3, [over("failed")], now=NOW)
    assert [kind for kind, _ in await put(store)] == ["turn.ended", "call.ended"]
    await box.append("two", 4, [over("failed")], now=NOW)
    assert await put(store) == []


async def test_a_batch_that_is_written_again_is_told_once_and_each_turn_of_its_own(store):
    box, _, woken = outbox(store)
    for _ in range(2):
        await box.append("one", 1, [turn("Yes."), turn("Yes.")], now=NOW)
    await box.append("one", 3, [turn("Yes.")], now=NOW)
    assert [data["text"] for _, data in await put(store)] == ["Yes."] * 3
    assert woken


async def test_nobody_is_told_what_they_do_not_want(store):
    mine = Webhook("https://a.example.com/", (Private(SECRET),), ("call.ended",), agent="desk")
    others = Webhook("https://b.example.com/", (Private(SECRET),), agent="billing")
    box, _, woken = outbox(store, mine, others)
    await box.append("one", 1, [turn(), entry("muted"), entry("status", status="ringing", step=3)], now=NOW)
    assert (await put(store), woken) == ([], [])
    await box.append("one", 4, [over()], now=NOW)
    ((kind, data),) = await put(store)
    assert kind == "call.ended"
    assert data["call"]["from"] == "+12125550123"


async def test_a_url_that_is_named_twice_gets_a_message_once(store):
    box, _, _ = outbox(store, CRM, Webhook(CRM.url, CRM.secrets, agent="desk"))
    await box.append("one", 1, [over()], now=NOW)
    assert len(await put(store)) == 1


async def test_a_call_of_which_nothing_is_known_is_told_by_its_name(store):
    box, _, _ = outbox(store)
    await box.append("one", 1, [entry("status", "CA9", step=LAST_STEP, status="completed")], now=NOW)
    ((_, data),) = await put(store)
    assert data["call"] == {"id": "CA9", "carrier_id": "CA9"}


async def test_a_record_that_cannot_be_read_does_not_hold_up_everything(store, monkeypatch):
    async def unreadable(call):
        raise StoreError("expected data of version 1, got version 2")

    monkeypatch.setattr(store, "load_record", unreadable)
    box, _, _ = outbox(store)
    await box.append("one", 1, [over()], now=NOW)
    assert len(await put(store)) == 1


async def test_half_a_character_is_no_reason_to_be_silent(store):
    await store.create_call(CallRecord("CA2", "desk", "inbound", Private("\ud83d"), Private("+15005550006")))
    box, _, _ = outbox(store)
    await box.append("one", 1, [entry("status", "CA2", step=LAST_STEP, status="completed")], now=NOW)
    ((_, data),) = await put(store)
    assert data["call"]["from"] == "\ud83d"


async def test_what_finds_no_room_is_counted_and_said(store, monkeypatch, capsys):
    monkeypatch.setattr(memory_deliveries, "MOST_WAITING", 2)
    box, ledger, _ = outbox(store)
    await box.append("one", 1, [turn(), turn(), turn()], now=NOW)
    assert ledger.outcomes == ["no_room"]
    assert "messages_not_taken" in capsys.readouterr().out
