"""What happens in calls is written behind their back: in order, once, and also when the store was away."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

from phoneagent.call import event_writer
from phoneagent.call.event_writer import FINISHING, EventWriter
from phoneagent.call.told_orders import ToldOrders
from phoneagent.errors import StoreError
from phoneagent.private import Private
from phoneagent.records import CallRecord, Order
from phoneagent.store.memory import MemoryStore

ORDER, CALL = "PC" + "1" * 32, "CA" + "2" * 32
TO, FROM = Private("+15005550100"), Private("+15005550006")
TALKING = {"agent": "a", "resumed": False, "order": ""}


class Fickle(MemoryStore):
    """A store that goes away, or takes what it is given and does not say so."""

    away = False
    deaf = False

    def __init__(self):
        super().__init__()
        self.attempts = 0
        self._append = self.events.append
        self.events.append = self._try  # type: ignore[method-assign]  # it goes away in the middle

    async def _try(self, *arguments):
        self.attempts += 1
        if self.away:
            raise StoreError("away")
        await self._append(*arguments)
        if self.deaf:
            raise StoreError("no answer")

    async def load_call(self, call):
        if self.away:
            raise StoreError("away")
        return await super().load_call(call)

    async def ping(self):
        if self.away:
            raise StoreError("away")


@asynccontextmanager
async def writing(store, writer="w"):
    async with EventWriter(store, writer=writer) as events:
        yield events


async def written(store, log=CALL):
    """Each entry in a word."""
    found = await store.events.read(log, most=100_000)
    return [(data := json.loads(entry.data)).get("target") or data.get("status") or entry.event for entry in found]


def tell(events, *targets, call=CALL):
    for target in targets:
        events.tell(call, 1.0, "transferring", {"target": target})


async def test_what_is_told_while_the_store_is_away_is_written_when_it_is_back():
    store = Fickle()
    async with writing(store) as events:
        tell(events, "a", "b")
        await asyncio.sleep(1)
        store.away = True
        tell(events, "c")
        await asyncio.sleep(5)
        tell(events, "d")
        await asyncio.sleep(5)
        assert await written(store) == ["a", "b"]
        store.away = False
        await asyncio.sleep(1)
        tell(events, "e")
        await asyncio.sleep(1)
        assert await written(store) == ["a", "b", "c", "d", "e"]


async def test_what_was_written_without_an_answer_is_not_written_twice():
    store = Fickle()
    async with writing(store) as events:
        store.deaf = True
        tell(events, "a", "b")
        await asyncio.sleep(3)
        store.deaf = False
        tell(events, "c")
        await asyncio.sleep(1)
        assert store.attempts > 3
        assert await written(store) == ["a", "b", "c"]


async def test_of_too_much_the_oldest_goes_and_readers_are_told(monkeypatch):
    monkeypatch.setattr(event_writer, "MOST_WAITING", 5)
    store = Fickle()
    async with writing(store) as events:
        tell(events, "a")
        await asyncio.sleep(1)
        store.away = True
        tell(events, *"bcd")
        tell(events, "x", call="CA3")
        tell(events, *"efgh")
        await asyncio.sleep(1)
        tell(events, "i")
        await asyncio.sleep(1)
        store.away = False
        await asyncio.sleep(1)
        assert await written(store) == ["a", "gap", "e", "f", "g", "h", "i"]
        gaps = [entry for entry in await store.events.read(CALL) if entry.event == "gap"]
        assert [json.loads(gap.data)["missed"] for gap in gaps] == [3]
        assert await written(store, "CA3") == ["gap"], "also where nothing follows"


async def test_nothing_is_done_while_telling():
    store = Fickle()
    store.away = True
    async with writing(store) as events:
        tell(events, *(str(number) for number in range(1000)))
        assert store.attempts == 0
        store.away = False


async def test_the_last_events_are_written_when_the_process_ends():
    store = Fickle()
    async with writing(store) as events:
        tell(events, "a", "b")
    assert await written(store) == ["a", "b"]


async def test_a_process_ends_without_its_store():
    store = Fickle()
    async with writing(store) as events:
        store.away = True
        tell(events, "a")
        await asyncio.sleep(1)
        before = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - before <= FINISHING + 0.1


async def test_another_process_finds_the_log_of_an_ordered_call():
    store = Fickle()
    async with writing(store, "one") as one, writing(store, "two") as two:
        one.tell(CALL, 0.0, "call_rings", {"direction": "outbound", "agent": "a", "order": ORDER})
        tell(one, "a")
        await store.create_call(CallRecord(CALL, "a", "outbound", FROM, TO, order=ORDER))
        await asyncio.sleep(1)
        tell(two, "b")
        two.tell(CALL, 9.0, "call_left", {"reason": "caller", "direction": "outbound"})
        await asyncio.sleep(1)
    assert await written(store, ORDER) == ["a", "b", "agent_disconnected"], "the statuses are those of the order"
    assert await written(store) == []


async def test_a_record_that_cannot_be_read_does_not_hold_up_the_others():
    store = Fickle()

    async def load_call(call):
        raise StoreError("of a newer version")

    store.load_call = load_call  # type: ignore[method-assign]  # of one call
    async with writing(store) as events:
        tell(events, "a")
        tell(events, "b", call="CA3")
        await asyncio.sleep(1)
        assert (await written(store), await written(store, "CA3")) == (["a"], ["b"])


async def test_an_event_that_cannot_be_written_is_the_only_one_that_is_lost():
    store = Fickle()
    async with writing(store) as events:
        tell(events, "a", "half a character: \ud800", "b")
        events.tell(CALL, 1.0, "transferring", {"target": TO})
        await asyncio.sleep(1)
        assert await written(store) == ["a", "b", "[private]"]


async def test_the_noise_inside_stays_inside():
    store = Fickle()
    async with writing(store) as events:
        for name in (
            "ignored",
            "deadline",
            "echo",
            "backchannel",
            "first_frame_sent",
            "speculation_paid",
            "call_ended",
        ):
            events.tell(CALL, 1.0, name, {"text": "x", "event": "x"})
        events.tell(CALL, 1.0, "turn_ended", {"agent": "", "kind": "answer", "interrupted": True, "latency": {}})
        events.tell("", 0.0, "call_over", {"status": "completed"})
        await asyncio.sleep(1)
        assert await written(store) == []


async def test_arguments_of_operators_and_tools_stay_private():
    store = Fickle()
    async with writing(store) as events:
        events.tell(CALL, 1.0, "steered", {"action": "instruct", "argument": "secret"})
        events.tell(CALL, 1.0, "tool_called", {"tool": "pay", "arguments": "secret"})
        await asyncio.sleep(1)
    assert [json.loads(entry.data) | {"at": ""} for entry in await store.events.read(CALL)] == [
        {"at": "", "seconds": 1.0, "action": "instruct"},
        {"at": "", "seconds": 1.0, "tool": "pay"},
    ]


async def test_what_becomes_of_an_order_is_told_whoever_changes_it():
    store = Fickle()
    async with writing(store, "one") as one, writing(store, "two") as two:
        here, there = ToldOrders(store.orders, one), ToldOrders(store.orders, two)
        order = Order(ORDER, TO, FROM, "a", created=one.now)
        await here.create(order)
        await here.create(order)
        (claim,) = await there.claim(now=one.now, seconds=30, most=1)
        for _ in range(2):  # refused, and dialled again
            assert await there.begin(ORDER, token=claim.token, now=one.now)
            await there.change(ORDER, token=claim.token, dialled=None, problem="busy carrier")
        assert await there.begin(ORDER, token=claim.token, now=one.now)
        await asyncio.sleep(1)
        for book in (here, there):
            for status in ("in-progress", "ringing"):  # late, and twice
                await book.change(ORDER, status=status, call=CALL)
            await book.change(ORDER, answered_by="human")
            await book.change(ORDER, unwanted=True)
            await asyncio.sleep(1)
        await here.change(ORDER, status="completed", ended=one.now)
        await asyncio.sleep(1)
        told = await written(store, ORDER)
    statuses = ["queued", "dialling", "delayed", "delayed", "in-progress"]
    assert sorted(told) == sorted([*statuses, "answered_by", "cancel_asked", "completed"])
    assert [name for name in told if name in statuses] == statuses
    assert told[-1] == "completed"


async def test_an_order_that_is_planned_for_later_keeps_its_log_until_then():
    store = Fickle()
    async with writing(store) as events:
        now = events.now
        await ToldOrders(store.orders, events).create(Order(ORDER, TO, FROM, "a", now, not_before=now + 20 * 86400))
        await asyncio.sleep(21 * 86400)
        assert await written(store, ORDER) == ["queued"]
