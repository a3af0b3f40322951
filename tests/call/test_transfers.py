"""Whatever the carrier asks, in whatever order, and however often: a caller is connected, or back with the agent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phoneagent.call.equipped import EquippedAgent
from phoneagent.call.transfers import CONNECTING, JOINING, Transfers
from phoneagent.conversation.policy import Phrasing
from phoneagent.private import Private
from phoneagent.records import Agent, CallRecord, Transferring, TransferTarget
from phoneagent.store.memory import MemoryStore
from phoneagent.telephony.twilio.twiml import TwilioDocuments

CALL = "CA" + "1" * 32
NOW = 1_790_000_000.0
WARM = Transferring("manager", TransferTarget("+15005550006", warm=True), NOW)
COLD = Transferring("manager", TransferTarget("+15005550006"), NOW)
RECORD = CallRecord(
    CALL, "desk", "inbound", Private("+15005550100"), Private("+15005550006"), "in-progress", ended_reason="transfer"
)
AGENT = EquippedAgent(Agent("desk", Phrasing()), None, None, None, None)  # type: ignore[arg-type]  # none of them is needed


class Control:
    """Notes what the carrier is told."""

    def __init__(self):
        self.updated, self.ended = [], []

    async def update(self, call, document):
        self.updated.append((call, document))

    async def hang_up(self, call):
        self.ended.append(call)


class Told:
    def __init__(self):
        self.names = []

    def tell(self, call, at, name, values):
        self.names.append(name)


class Desk:
    """Transfers of one call, at a time that the test sets."""

    def __init__(self, transfer, *, control=True, **record):
        self.at = NOW
        self.store = MemoryStore()
        self.control = Control() if control else None
        self.told = Told()
        documents = TwilioDocuments("https://voice.example.net")
        self.transfers = Transfers(self.store, documents, self.control, self.told, now=lambda: self.at)  # type: ignore[arg-type]  # by shape
        self._first = replace(RECORD, transfer=transfer, **record)

    async def __aenter__(self):
        await self.store.create_call(self._first)
        return self

    async def __aexit__(self, *_):
        await self.transfers.aclose()

    async def record(self):
        return await self.store.load_record(CALL)

    async def hold(self):
        return await self.transfers.hold(CALL, AGENT, await self.record(), position="1")

    async def press(self, key):
        return await self.transfers.chosen(await self.record(), AGENT, key)

    async def proceed(self, **how):
        how = {"dialled": "", "queued": "", **how}
        return await self.transfers.proceed(await self.record(), AGENT, **how)


async def test_who_took_the_call_and_never_came_does_not_leave_the_caller_on_hold():
    async with Desk(WARM) as desk:
        assert "<Dial" in await desk.press("1")
        assert "<Play" in await desk.hold()
        desk.at += JOINING + 1
        assert "<Leave" in await desk.hold()
        entrance = await desk.proceed(queued="leave")
    assert entrance.kind == "return"
    assert "could not be made" in entrance.note


async def test_whom_nobody_has_called_comes_back_by_themselves():
    async with Desk(WARM, transfer_leg="CA2") as desk:
        desk.at += WARM.target.ring_for + CONNECTING
        assert "<Play" in await desk.hold()
        desk.at += 1
        assert "<Leave" in await desk.hold()
        assert (await desk.proceed(queued="leave")).words == Phrasing().transfer_unanswered
    assert desk.control.ended == ["CA2"]


async def test_a_machine_that_was_dialled_and_pressed_no_key_has_not_taken_the_call():
    async with Desk(WARM, control=False) as desk:
        entrance = await desk.proceed(dialled="completed")
        assert entrance.words == Phrasing().transfer_declined
        assert (await desk.record()).ended is None


async def test_a_key_that_is_pressed_twice_and_a_status_that_comes_late_change_nothing():
    async with Desk(WARM) as desk:
        await desk.press("2")
        assert "no longer there" in await desk.press("1")
        await desk.transfers.leg_over(await desk.record(), "completed")
        assert (await desk.record()).transfer_outcome == "declined"
    assert len(desk.control.updated) == 1


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled", "completed"])
async def test_a_call_to_them_that_ends_brings_the_caller_back(status):
    async with Desk(WARM) as desk:
        await desk.transfers.leg_over(await desk.record(), status)
        entrance = await desk.proceed(queued="redirected")
    assert entrance.kind == "return"
    assert [call for call, _ in desk.control.updated] == [CALL]
    assert "/twilio/continue" in desk.control.updated[0][1]


async def test_while_they_ring_nothing_is_decided():
    async with Desk(WARM) as desk:
        await desk.transfers.leg_over(await desk.record(), "ringing")
        assert (await desk.record()).transfer_outcome == ""
        assert "<Play" in await desk.hold()


async def test_a_caller_who_is_gone_frees_whom_they_waited_for():
    async with Desk(WARM, transfer_leg="CA2") as desk:
        await desk.transfers.gone(await desk.record())
        assert "no longer there" in await desk.transfers.answered(await desk.record(), AGENT)
        record = await desk.record()
    assert (record.status, record.transfer_outcome) == ("completed", "gone")
    assert desk.control.ended == ["CA2"]


async def test_two_who_have_talked_are_done():
    async with Desk(COLD) as desk:
        assert await desk.proceed(dialled="completed") is None
        record = await desk.record()
    assert (record.status, record.transfer_outcome, record.ended) == ("completed", "accepted", NOW)


async def test_a_call_that_nobody_knows_is_not_kept_on_hold():
    async with Desk(COLD) as desk:
        assert "<Leave" in await desk.transfers.hold("CA9", None, None, position="1")
        assert "<Hangup" in await desk.transfers.answered(None, None)
