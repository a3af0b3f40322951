"""A call that nobody carries any more is brought back; one that is somebody's, or somewhere else, is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phoneagent.call.reaper import Reaper
from phoneagent.private import Private
from phoneagent.records import CallRecord
from phoneagent.store.memory import MemoryStore
from phoneagent.telephony.twilio.twiml import TwilioDocuments

CALL = "CA" + "1" * 32
NOW = 1_790_000_000.0
RECORD = CallRecord(CALL, "desk", "inbound", Private("+15005550100"), Private("+15005550006"), "in-progress")


class Carrier:
    """Says what talks, and notes what it is told."""

    def __init__(self, *talking):
        self.talking = talking
        self.sent_back, self.ended = [], []

    async def in_progress(self):
        return self.talking

    async def update(self, call, document):
        assert "/twilio/continue" in document
        self.sent_back.append(call)

    async def hang_up(self, call):
        self.ended.append(call)


class Told:
    def tell(self, call, at, name, values): ...


def reaper(store, carrier, mine=()):
    documents = TwilioDocuments("https://voice.example.net")
    return Reaper(store, carrier, documents, Told(), owner="this", mine=lambda call: call in mine, now=lambda: NOW)


async def looked(store, carrier, times=2, mine=()):
    looking = reaper(store, carrier, mine)
    for _ in range(times):
        await looking.look()
    return carrier


async def kept(**changes):
    store = MemoryStore()
    await store.create_call(replace(RECORD, **changes))
    return store


async def test_a_call_that_nobody_has_at_two_looks_is_carried_on():
    store = await kept()
    assert (await looked(store, Carrier(CALL), times=1)).sent_back == []
    assert (await looked(store, Carrier(CALL), times=2)).sent_back == [CALL]


async def test_it_is_not_sent_back_again_before_two_more_looks():
    store = await kept()
    assert (await looked(store, Carrier(CALL), times=3)).sent_back == [CALL]
    assert (await looked(store, Carrier(CALL), times=4)).sent_back == [CALL, CALL]


async def test_a_call_that_somebody_has_is_theirs():
    store = await kept()
    await store.take_lease(CALL, "host-1", seconds=10)
    assert (await looked(store, Carrier(CALL))).sent_back == []


async def test_a_call_of_this_process_is_its_own_whatever_the_store_says():
    assert (await looked(await kept(), Carrier(CALL), mine={CALL})).sent_back == []


async def test_a_call_of_another_application_is_none_of_ours():
    carrier = await looked(MemoryStore(), Carrier(CALL))
    assert (carrier.sent_back, carrier.ended) == ([], [])


@pytest.mark.parametrize(
    "changes",
    [
        {"ended_reason": "transfer"},
        {"ended_reason": "keys"},
        {"status": "completed"},
    ],
)
async def test_who_rightly_is_with_nobody_is_left_alone(changes):
    assert (await looked(await kept(**changes), Carrier(CALL))).sent_back == []


async def test_a_call_that_was_brought_back_too_often_is_ended():
    store = await kept(resumed=5)
    carrier = await looked(store, Carrier(CALL))
    assert (carrier.sent_back, carrier.ended) == ([], [CALL])
    assert (await store.load_record(CALL)).status == "failed"
