"""Several processes dial from one book, over a carrier that hangs, refuses and forgets; nobody's phone rings twice."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from phoneagent.call.business_hours import calling_hours
from phoneagent.call.calling_rules import AT_ANY_TIME, CallingRules
from phoneagent.call.dialler import Dialler
from phoneagent.call.phone_numbers import NumberRules
from phoneagent.do_not_call import DoNotCall
from phoneagent.errors import CarrierError, DialRefused, StoreError
from phoneagent.private import Private
from phoneagent.records import Order, OrderUrls, Progress
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore
from tests.redis_server import redis_server


class Exchange:
    """A carrier without a network. `troubles` befall the next requests: what is raised, and if it was carried out."""

    def __init__(self):
        self.calls = {}  # id: (order, status)
        self.troubles = []
        self.hung_up = []

    async def place(self, order, urls):
        await asyncio.sleep(0.01)
        trouble, placed = self.troubles.pop(0) if self.troubles else (None, True)
        call = f"CA{len(self.calls)}"
        if placed:
            self.calls[call] = (order.id, order.to.reveal(), "dialling")
        if trouble:
            raise trouble
        return call

    async def find(self, order):
        return [Progress(c, status) for c, (_, to, status) in self.calls.items() if to == order.to.reveal()]

    async def progress(self, call):
        return Progress(call, self.calls[call][2]) if call in self.calls else None

    async def cancel(self, call):
        self.calls[call] = (*self.calls[call][:2], "canceled")

    async def hang_up(self, call):
        self.hung_up.append(call)


def order(number=1, **changes):
    return Order(
        id=f"PC{number:032x}",
        **{"to": Private(f"+1212555{number:04d}"), "caller_id": Private("+15005550006"), "agent": "a", **changes},
    )


def dialler(store, exchange, *, room=lambda: 100, per_second=1000.0, hours=AT_ANY_TIME, clock=time.time):
    return Dialler(
        store.orders,
        exchange,
        urls=lambda order: OrderUrls("v", "s", "m"),
        rules=CallingRules(NumberRules(["US"]), store.do_not_call, hours=hours),
        per_second=per_second,
        room=room,
        clock=clock,
    )


@pytest.fixture
def exchange():
    return Exchange()


@pytest.fixture
async def store():
    store = MemoryStore()
    yield store
    await store.aclose()


def local(at):
    return f"{datetime.fromtimestamp(at, ZoneInfo('America/New_York')):%A %H:%M %Z}"


async def settled(store, name, *statuses, within=600.0):
    async with asyncio.timeout(within):
        while (known := await store.orders.load(name)).status not in statuses:  # noqa: ASYNC110  # a store tells nobody
            await asyncio.sleep(0.05)
    return known


async def test_two_answers_that_were_lost_for_one_number_are_told_apart(store, exchange):
    exchange.troubles = [(CarrierError("no answer"), True), (CarrierError("no answer"), True)]
    async with dialler(store, exchange) as service:
        for number in (1, 2):
            await store.orders.create(order(number, created=service.now))
        await asyncio.sleep(90)
        known = [await store.orders.load(order(number, created=0.0).id) for number in (1, 2)]
    assert len(exchange.calls) == 2
    assert [each.call for each in known] == ["CA0", "CA1"]


EVENING = datetime(2026, 11, 6, 21, 30, tzinfo=ZoneInfo("America/New_York")).timestamp()  # a Friday
DAYTIME = calling_hours("mon-fri 08:00-21:00, sat 10:00-18:00")


async def test_at_night_nobody_is_dialled_until_their_day_begins(store, exchange):
    async with dialler(store, exchange, hours=DAYTIME, clock=lambda: EVENING) as service:
        await store.orders.create(order(created=service.now))
        await asyncio.sleep(60)
        waiting = await store.orders.load(order(created=0.0).id)
        assert (waiting.status, exchange.calls) == ("queued", {})
        assert local(waiting.waits_until) == "Saturday 10:00 EST"
        await asyncio.sleep(12.4 * 3600)
        assert exchange.calls == {}
        await asyncio.sleep(0.2 * 3600)
    assert len(exchange.calls) == 1
    known = await store.orders.load(order(created=0.0).id)
    assert local(known.dialled) == "Saturday 10:00 EST"


async def test_a_call_that_is_to_come_too_late_for_its_hours_is_not_placed(store, exchange):
    async with dialler(store, exchange, hours=DAYTIME, clock=lambda: EVENING) as service:
        await store.orders.create(order(created=service.now, not_after=service.now + 3600))
        known = await settled(store, order(created=0.0).id, "failed", within=24 * 3600)
    assert "before its time was over" in known.problem
    assert exchange.calls == {}


async def test_an_order_may_have_hours_of_its_own(store, exchange):
    async with dialler(store, exchange, hours=DAYTIME, clock=lambda: EVENING) as service:
        await store.orders.create(order(1, created=service.now, hours=AT_ANY_TIME))
        await store.orders.create(order(2, created=service.now, hours=replace(DAYTIME, timezone="Pacific/Honolulu")))
        await asyncio.sleep(60)
    assert sorted(to for _, to, _ in exchange.calls.values()) == ["+12125550001", "+12125550002"]


async def test_a_retry_that_would_come_at_night_waits_too(store, exchange):
    exchange.troubles = [(DialRefused("full", later=True, after=2400.0), False)]
    async with dialler(store, exchange, hours=DAYTIME, clock=lambda: EVENING - 3600) as service:
        # half an hour of the day is left
        await store.orders.create(order(created=service.now))
        await asyncio.sleep(3 * 3600)
        assert exchange.calls == {}
        await asyncio.sleep(12 * 3600)
    assert len(exchange.calls) == 1


async def test_who_asks_not_to_be_called_while_an_order_waits_is_not_dialled(store, exchange):
    async with dialler(store, exchange) as service:
        await store.orders.create(order(created=service.now, not_before=service.now + 60))
        await store.orders.create(order(2, created=service.now, not_before=service.now + 60))
        await asyncio.sleep(30)
        await store.do_not_call.add([DoNotCall(order(created=0.0).to, service.now)])
        known = await settled(store, order(created=0.0).id, "canceled")
        await settled(store, order(2, created=0.0).id, "dialling")
    assert (known.refused, known.call, known.dialled) == ("do_not_call", "", None)
    assert "do-not-call list" in known.problem
    assert "555" not in known.problem
    assert [to for _, to, _ in exchange.calls.values()] == ["+12125550002"]


async def test_our_own_number_is_not_dialled(store, exchange):
    async with dialler(store, exchange) as service:
        await store.orders.create(order(created=service.now, to=Private("+15005550006")))
        known = await settled(store, order(created=0.0).id, "canceled")
    assert known.refused == "own_number"
    assert exchange.calls == {}


async def test_what_the_carrier_refuses_for_now_is_tried_again_later_and_later(store, exchange):
    exchange.troubles = [(DialRefused("full", later=True), False)] * 3
    async with dialler(store, exchange) as service:
        began = service.now
        await store.orders.create(order(created=began))
        await asyncio.sleep(1)
        assert "full" in (await store.orders.load(order(created=0.0).id)).problem
        await asyncio.sleep(60)
        known = await store.orders.load(order(created=0.0).id)
    assert (known.call, known.attempts) == ("CA0", 4)
    assert 2 + 4 + 8 <= known.dialled - began < 17


async def test_a_refusal_for_good_ends_the_order(store, exchange):
    exchange.troubles = [(DialRefused("code 21211", later=False), False)]
    async with dialler(store, exchange) as service:
        await store.orders.create(order(created=service.now))
        known = await settled(store, order(created=0.0).id, "failed")
        await asyncio.sleep(120)
    assert known.problem == "code 21211"
    assert exchange.calls == {}


async def test_a_call_whose_callbacks_never_come_is_asked_about(store, exchange):
    async with dialler(store, exchange) as service:
        await store.orders.create(order(created=service.now))
        await asyncio.sleep(5)
        exchange.calls["CA0"] = (*exchange.calls["CA0"][:2], "busy")
        known = await settled(store, order(created=0.0).id, "busy", within=120)
    assert known.ended is not None


async def test_a_callback_settles_what_the_lost_answer_left_open(store, exchange):
    exchange.troubles = [(CarrierError("no answer"), False)]
    async with dialler(store, exchange) as service:
        await store.orders.create(order(created=service.now))
        await settled(store, order(created=0.0).id, "dialling")
        await service.progressed(order(created=0.0).id, Progress("CA77", "ringing"))
        await asyncio.sleep(60)
        known = await store.orders.load(order(created=0.0).id)
        assert exchange.calls == {}, "not dialled again"
        assert known.call == "CA77"


async def test_a_machine_is_hung_up_on_where_that_was_ordered(store, exchange):
    async with dialler(store, exchange) as service:
        for number, machine in ((1, "hang_up"), (2, "ignore")):
            await store.orders.create(order(number, created=service.now, machine=machine))
        await asyncio.sleep(2)
        for number in (1, 2):
            name = order(number, created=0.0).id
            known = await store.orders.load(name)
            await service.detected(name, known.call, "machine_start")
            assert (await store.orders.load(name)).answered_by == "machine_start"
        await service.detected(order(1, created=0.0).id, "CA99", "machine_start")  # another call than the order's
    assert exchange.hung_up == ["CA0"]


async def test_orders_go_on_when_the_store_was_away(store, exchange, monkeypatch):
    async with dialler(store, exchange) as service:
        with monkeypatch.context() as broken:

            async def away(**_):
                raise StoreError("away")

            broken.setattr(store.orders, "claim", away)
            await store.orders.create(order(created=service.now))
            await asyncio.sleep(10)
            assert exchange.calls == {}
        await asyncio.sleep(5)
    assert len(exchange.calls) == 1


class TestProcesses:
    """Several of them, over a real Redis."""

    @pytest.fixture
    def anyio_backend(self):
        return "asyncio"

    async def test_each_order_is_dialled_by_one(self, exchange):
        with redis_server() as server:
            stores = [RedisStore.from_url(server.url) for _ in range(3)]
            async with AsyncExitStack() as stack:
                for store in stores:
                    stack.push_async_callback(store.aclose)
                services = [await stack.enter_async_context(dialler(store, exchange)) for store in stores]
                for number in range(12):
                    await stores[0].orders.create(order(number, created=services[0].now))
                for number in range(12):
                    name = order(number, created=0.0).id
                    await settled(stores[1], name, "dialling", within=10)
                await asyncio.sleep(0.3)  # of real time: a second dial would come now
        dialled = [name for name, _, _ in exchange.calls.values()]
        assert sorted(dialled) == sorted(order(number, created=0.0).id for number in range(12))
