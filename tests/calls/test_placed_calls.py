"""Calls that somebody ordered, from the order to its end: dialled once, whatever the carrier answers."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from uuid import uuid4

import pytest

from phoneagent.private import Private
from phoneagent.records import Order
from phoneagent.simulator.call_order import Callee
from phoneagent.simulator.caller import AgentFinished, CallerScript, HangUp
from phoneagent.simulator.carrier import AGENT_NUMBER
from phoneagent.simulator.rest_faults import Asked
from phoneagent.store.memory import MemoryStore

from .world import agent, world

ANA = "+12125550123"
GREETING = "Good evening {name}, this is the Trattoria."
LISTENS = CallerScript(HangUp(after=AgentFinished(0.5)))


def greeter():
    made = agent()
    return replace(made, phrasing=replace(made.phrasing, greeting=GREETING))


def order(**changes):
    made = Order(
        id=f"PC{uuid4().hex}",
        to=Private(ANA),
        caller_id=Private(AGENT_NUMBER),
        agent=agent().name,
        created=time.time(),
        variables={"name": "Ana"},
    )
    return replace(made, **changes)


class Office:
    """A world in which orders are written down, and what became of them is read."""

    def __init__(self, running, told, store):
        self.running = running
        self.told = told
        self.book = store.orders
        self.dialler = running.app.state.dialler
        self.carrier = running.carrier

    async def wanted(self, **changes):
        return (await self.book.create(order(**changes))).id

    async def until(self, name, *statuses):
        """The order once it has one of these statuses; looked at ten times a second."""
        async with asyncio.timeout(3600):
            while (known := await self.book.load(name)).status not in statuses:  # noqa: ASYNC110  # a store tells nobody
                await asyncio.sleep(0.1)
        return known

    async def over(self, name):
        return await self.until(name, "completed", "busy", "no-answer", "failed", "canceled")

    @property
    def placed(self):
        return list(self.carrier.calls.values())


@asynccontextmanager
async def office(callee=Callee(ring=3.0, script=LISTENS), **options):  # noqa: B008  # it is frozen
    store = MemoryStore()
    options = {"callees": {ANA: callee}, "twilio_phone_number": AGENT_NUMBER, **options}
    async with world(greeter(), store=store, **options) as (running, told):
        yield Office(running, told, store)


async def test_an_order_becomes_a_call_in_which_the_agent_knows_whom_it_calls():
    async with office() as desk:
        name = await desk.wanted()
        ringing = await desk.until(name, "ringing")
        talking = await desk.until(name, "in-progress")
        done = await desk.over(name)
        (call,) = desk.placed
        record = (await desk.running.app.state.switchboard.look_up(call.sid)).record
    assert (ringing.call, talking.ended) == (call.sid, None)
    assert (done.status, done.problem) == ("completed", "")
    assert done.ended is not None
    assert (record.order, record.direction, record.variables) == (name, "outbound", {"name": "Ana"})
    assert desk.told.dialogue[0] == " / Good evening Ana, this is the Trattoria."
    assert call.violations == []


@pytest.mark.parametrize(
    ("callee", "status", "problem"),
    [
        (Callee("busy"), "busy", "SIP 486: busy"),
        (Callee("no-answer"), "no-answer", "SIP 480: cannot be reached now"),
        (Callee("failed", sip=404), "failed", "SIP 404: the number does not exist"),
        (Callee(refused=21215), "failed", "21215"),
        (Callee(refused=21211), "failed", "21211"),
    ],
)
async def test_why_nobody_answered_is_kept(callee, status, problem):
    async with office(callee) as desk:
        done = await desk.over(await desk.wanted())
    assert done.status == status
    assert problem in done.problem
    assert ANA not in done.problem
    assert len(desk.placed) <= 1


@pytest.mark.parametrize("fault", ["fails after", "silent after", "fails before", "silent before", "too many requests"])
async def test_whatever_is_lost_on_the_way_the_phone_rings_once(fault):
    async with office() as desk:
        desk.carrier.rest_faults.add(fault)
        name = await desk.wanted()
        done = await desk.over(name)
        await asyncio.sleep(120)  # nothing comes later either
        (call,) = desk.placed
    assert (done.status, done.call) == ("completed", call.sid)


async def test_an_order_that_died_while_dialling_is_looked_for_before_it_is_dialled_again():
    store = MemoryStore()
    options = {"callees": {ANA: Callee(ring=3.0, script=LISTENS)}, "twilio_phone_number": AGENT_NUMBER}
    async with world(greeter(), store=store, **options) as (running, told):
        desk = Office(running, told, store)
        now = desk.dialler.now
        early = order(created=now - 5)
        await store.orders.create(early)
        (claim,) = await store.orders.claim(now=now, seconds=0.5, most=1)
        assert await store.orders.begin(early.id, token=claim.token, now=now)  # and there its process died
        await asyncio.sleep(20)
        assert desk.placed == [], "the request may still be on its way"
        done = await desk.over(early.id)
        assert len(desk.placed) == 1
    assert (done.status, done.attempts) == ("completed", 2)


async def test_an_order_waits_for_its_time():
    async with office() as desk:
        name = await desk.wanted(not_before=desk.dialler.now + 3600)
        await asyncio.sleep(3595)
        assert desk.placed == []
        await asyncio.sleep(6)
        assert len(desk.placed) == 1
        assert (await desk.over(name)).status == "completed"


async def test_an_order_whose_time_is_over_is_not_dialled():
    async with office() as desk:
        desk.carrier.rest_faults.add("too many requests", times=100)
        name = await desk.wanted(not_after=desk.dialler.now + 60)
        done = await desk.over(name)
    assert done.status == "failed"
    assert "before its time was over" in done.problem
    assert "20429" in done.problem, "why it was late is told too"
    assert desk.placed == []


async def test_no_more_calls_a_second_than_the_account_may():
    async with office(calls_per_second=0.5) as desk:
        names = [await desk.wanted() for _ in range(4)]
        for name in names:
            await desk.until(name, "ringing")
        moments = sorted([(await desk.book.load(name)).dialled for name in names])
    assert [later - sooner for sooner, later in pairwise(moments)] == [pytest.approx(2.0, abs=0.1) for _ in range(3)]


async def test_no_more_calls_at_once_than_the_process_may_carry():
    async with office(max_calls=2, calls_per_second=10) as desk:
        names = [await desk.wanted() for _ in range(5)]
        assert [(await desk.over(name)).status for name in names] == ["completed"] * 5
        spans = sorted([((known := await desk.book.load(name)).dialled, known.ended) for name in names])
    for begun, _ in spans:
        assert sum(dialled <= begun < ended for dialled, ended in spans) <= 2
    assert spans[1][0] < spans[0][1], "two at once they may be"


async def test_a_cancelled_order_is_not_dialled():
    async with office() as desk:
        name = await desk.wanted(not_before=desk.dialler.now + 60)
        assert (await desk.dialler.cancel(name)).status == "canceled"
        await asyncio.sleep(120)
    assert desk.placed == []


async def test_cancelling_while_it_rings_ends_the_ringing():
    async with office(Callee(ring=20.0)) as desk:
        name = await desk.wanted()
        await desk.until(name, "ringing")
        await desk.dialler.cancel(name)
        done = await desk.over(name)
        (call,) = desk.placed
        assert (await call.ended).status == "canceled"
    assert done.status == "canceled"


async def test_cancelling_while_nobody_knows_whether_it_was_placed_ends_it_when_it_is_found():
    async with office(Callee(ring=25.0)) as desk:
        desk.carrier.rest_faults.add("silent after")
        desk.carrier.rest_faults.add("silent before", times=1, whom=lambda asked: asked == Asked("GET", "/Calls.json"))
        name = await desk.wanted()
        known = await desk.until(name, "dialling", "ringing")
        await desk.dialler.cancel(name)
        done = await desk.over(name)
        assert len(desk.placed) == 1
    assert known.status in ("dialling", "ringing")
    assert done.status == "canceled"


async def test_callbacks_of_calls_that_nobody_ordered_change_nothing():
    async with office(Callee(ring=20.0)) as desk:
        name = await desk.wanted()
        known = await desk.until(name, "ringing")
        for query in (f"?order=PC{uuid4().hex}", "?order=", f"?order={name}", ""):
            form = {"CallSid": f"CA{uuid4().hex}", "CallStatus": "completed"}
            answer = await desk.carrier.request(f"{desk.running.url}/twilio/status{query}", form)
            assert answer.status == 204
        assert await desk.book.load(name) == known


@pytest.mark.parametrize("ordered", [False, True])
async def test_a_call_that_nobody_ordered_is_hung_up(ordered):
    async with office(Callee(ring=20.0)) as desk:
        name = await desk.wanted() if ordered else f"PC{uuid4().hex}"
        if ordered:
            await desk.until(name, "ringing")  # it has another call
        form = {"CallSid": f"CA{uuid4().hex}", "Direction": "outbound-api", "From": AGENT_NUMBER, "To": ANA}
        answer = await desk.carrier.request(f"{desk.running.url}/twilio/voice?order={name}", form)
    assert answer.status == 200
    assert b"<Hangup" in answer.body
    assert b"<Connect" not in answer.body
