"""Who makes the report of a call that is over, and when; over memory and Redis."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from phoneagent.call.equipped import EquippedAgent
from phoneagent.call.price_book import PriceBook
from phoneagent.call.reporter import AGAIN, CLAIMED, Reporter
from phoneagent.conversation.policy import Phrasing
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.errors import ProviderError, StoreError
from phoneagent.private import Private
from phoneagent.providers.llm.openai import OpenAiModel
from phoneagent.records import Agent, Analysis, CallRecord, Held, Order, Transferring, TransferTarget
from phoneagent.report import StageLatency, ToolRun, Verdict
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.simulator.mind import Answer
from phoneagent.simulator.openai import OpenAiServer
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore
from phoneagent.usage import Used
from tests.redis_server import redis_server

CALL = "CA1"
SUCCESS = Analysis(success="They have a table.")
TURNS = (
    Turn("agent", "Hello.", 1.0),
    Turn("caller", "A table for two, please.", 4.0),
    Turn("tool", "done", 5.0, tool=ToolCall("c1", "book", '{"people": 2}')),
    Turn("agent", "It is done.", 6.0, latency={"end_of_turn": 0.25, "heard": 0.5}),
    Turn("caller", "And", 7.0),
    Turn("agent", "Yes", 8.0, interrupted=True, generated="Yes, please.", latency={"end_of_turn": 0.35, "heard": 0.9}),
    Turn("caller", "Bye.", 9.0),
    Turn("agent", "Goodbye.", 10.0, latency={"end_of_turn": 0.3, "heard": 0.7}),
)


@pytest.fixture(scope="module")
def server():
    with redis_server() as running:
        yield running


@pytest.fixture(params=["memory", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def anyio_backend(kind):
    return ("asyncio", {"loop_factory": FastForwardLoop}) if kind == "memory" else "asyncio"


@pytest.fixture
async def store(kind, request):
    url = ""
    if kind == "redis":
        running = request.getfixturevalue("server")
        running.command("FLUSHALL")
        url = running.url
    made = RedisStore.from_url(url) if url else MemoryStore()
    yield made
    await made.aclose()


@pytest.fixture
async def model():
    async with OpenAiServer(
        lambda _: Answer(json.dumps({"success": {"result": "pass", "reason": "It was."}}))
    ) as server:
        made = OpenAiModel("key", base_url=server.base_url)
        yield made
        await made.aclose()


class Told:
    def __init__(self):
        self.names: list[tuple[str, str]] = []

    def tell(self, call, at, name, values):
        self.names.append((call, name))


def equipped(model, analysis=SUCCESS):
    agent = Agent("desk", Phrasing(), analysis=analysis)
    nobody: Any = None
    return EquippedAgent(agent, nobody, nobody, nobody, nobody, analysts=(model,))


@asynccontextmanager
async def reporting(store, model=None, *, agents=None, **options):
    """A process that reports; what it told, and what it delivered."""
    told, delivered = Told(), []

    async def deliver(report):
        delivered.append(report)

    agents = {"desk": equipped(model)} if agents is None else agents
    options = {"prices": PriceBook(), "carrier": "twilio", "deliver": deliver, **options}
    async with Reporter(store, store.orders, agents, told, **options):
        yield told, delivered


async def ended(store, **changes):
    """A call that has ended some seconds ago; nobody has reported on it."""
    now = time.time()
    known = CallRecord(CALL, "desk", "inbound", Private("+1212"), Private("+1500"), started=now - 71, answered=now - 70)
    await store.create_call(known)
    token = await store.take_lease(CALL, "a process", seconds=10)
    for seq, turn in enumerate(TURNS, 1):
        await store.append_turn(CALL, seq, turn, token=token)
    await store.update_call(CALL, **{"status": "completed", "ended": now - 10, "ended_reason": "caller", **changes})


async def report_of(store, within=30):
    async with asyncio.timeout(within):
        while (report := await store.reports.load(CALL)) is None:  # noqa: ASYNC110 - stores tell nobody
            await asyncio.sleep(0.05)
    return report


async def done(store):
    async with asyncio.timeout(10):
        while await store.reports.next_due() is not None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)


async def test_whoever_is_alive_reports(store, model):
    await ended(store)
    async with reporting(store, model) as (told, delivered):
        report = await report_of(store)
        await done(store)
    assert report.success == Verdict("pass", "It was.")
    assert told.names == [(CALL, "analysed")]
    assert delivered == [report]


async def test_what_is_in_it(store, model):
    target = TransferTarget("+15005550006")
    order = Order("PC" + "1" * 32, Private("+1212"), Private("+1500"), "desk", created=1.0, metadata={"crm": "17"})
    await store.orders.create(order)
    await ended(
        store,
        order=order.id,
        held=(Held("menu", 5.0), Held("desk", 6.0)),
        transfer=Transferring("manager", target, 7.0),
        transfer_outcome="busy",
        recording="failed",
        recording_problem="the disk is full",
        carrier_recording="RE1",
        carrier_recording_seconds=50.0,
        used=(Used("tts", "elevenlabs", "flash", "characters", 100),),
        variables={"name": "Ana"},
        resumed=1,
    )
    async with reporting(store, model):
        report = await report_of(store)
    assert report.turns == TURNS
    assert report.duration == pytest.approx(60.0, abs=1e-3)
    assert report.latency == (StageLatency("end_of_turn", 0.3, 0.35, 3), StageLatency("heard", 0.7, 0.9, 3))
    assert report.interruptions == 1
    assert report.tools == (ToolRun("book", '{"people": 2}', "done", 5.0),)
    assert (report.order, report.metadata, report.variables) == (order.id, {"crm": "17"}, {"name": "Ana"})
    assert [held.agent for held in report.held] == ["menu", "desk"]
    assert report.transfer_to == Private("+15005550006")
    assert (report.transfer_outcome, report.carrier_recording) == ("busy", "RE1")
    assert [problem.partition(":")[0] for problem in report.problems] == ["recording", "costs"]
    items = {(item.part, item.model, item.unit): item.amount for item in report.costs.items}
    assert items["carrier", "inbound", "seconds"] == pytest.approx(60.0, abs=1e-2)
    assert items["carrier", "recording", "seconds"] == 50.0
    assert items["tts", "flash", "characters"] == 100
    assert items["llm", "gpt-5.4-mini", "tokens_out"] > 5, "what the report itself took"
    assert report.costs.complete is False


async def test_two_processes_make_one_report(store, model):
    await ended(store)
    async with reporting(store, model) as (one, _), reporting(store, model) as (other, _):
        await report_of(store)
        await done(store)
    assert len(one.names + other.names) == 1


async def test_what_a_dead_process_had_begun_is_done_by_another(store, model):
    await ended(store)
    await store.reports.claim(now=time.time(), seconds=2, most=1)
    async with reporting(store, model) as (told, _):
        await asyncio.sleep(0.2)
        assert told.names == []
        await report_of(store)
    assert told.names == [(CALL, "analysed")]


async def test_a_report_that_was_not_delivered_is_delivered_by_another_and_not_made_again(store, model):
    await ended(store)
    async with reporting(store, model):
        report = await report_of(store)
        await done(store)
    await fresh(store)
    (claim,) = await store.reports.claim(now=time.time() + CLAIMED, seconds=0.1, most=1)
    await store.reports.keep(replace(report, summary="Kept by a process that died then."), token=claim.token)
    await store.reports.put_off(CALL, token=claim.token, due=time.time())
    async with reporting(store) as (told, delivered):
        await done(store)
    assert [each.summary for each in delivered] == ["Kept by a process that died then."]
    assert told.names == [(CALL, "analysed")]


async def fresh(store):
    """As if the call had not been reported on."""
    if isinstance(store, MemoryStore):
        store.reports.clear()
    else:
        await store._ask(lambda client: client.delete("phoneagent:{reports}:call:" + CALL))
    await store.reports.expect(CALL, due=time.time())


async def test_a_call_that_goes_on_is_left_alone(store, model):
    await ended(store, ended=None, status="in-progress")
    await store.reports.expect(CALL, due=time.time())
    async with reporting(store, model) as (told, _):
        await asyncio.sleep(0.3)
        due = await store.reports.next_due()
    assert told.names == []
    assert due is not None
    assert due > time.time() + 30


async def test_a_call_that_has_expired_is_forgotten(store, model):
    await store.reports.expect("CA-gone", due=time.time())
    async with reporting(store, model) as (told, delivered):
        await done(store)
    assert (told.names, delivered) == ([], [])


# --- what takes its time; on the clock that jumps


@pytest.fixture
def memory():
    return MemoryStore()


@pytest.mark.parametrize("kind", ["memory"])
class TestPatience:
    async def test_a_model_that_fails_is_asked_again_and_again_and_then_there_is_a_report_without(self, memory, kind):
        failing = Failing(ProviderError("openai", "HTTP 500"))
        await ended(memory)
        async with reporting(memory, agents={"desk": equipped(failing)}):
            report = await report_of(memory, within=sum(AGAIN) + 60)
        assert report.problems == ("analysis: openai: HTTP 500",)
        assert report.success is None
        assert report.turns == TURNS
        assert failing.asked == len(AGAIN) + 1

    async def test_an_agent_that_nobody_knows_has_a_report_without_findings(self, memory, kind):
        await ended(memory)
        async with reporting(memory, agents={}):
            report = await report_of(memory, within=sum(AGAIN) + 60)
        assert report.problems == ("analysis: this server has no agent 'desk'",)

    async def test_a_defect_is_not_tried_for_ever(self, memory, kind):
        broken = Failing(ZeroDivisionError("a defect"))
        await ended(memory)
        with capture_logs() as logged:
            async with reporting(memory, agents={"desk": equipped(broken)}) as (told, _):
                await asyncio.sleep(sum(AGAIN) + 60)
        assert await memory.reports.next_due() is None
        assert logged[-1]["event"] == "report_given_up"
        assert broken.asked == len(AGAIN) + 1
        assert told.names == []

    async def test_a_receiver_that_cannot_be_told_now_is_told_later(self, memory, kind, model):
        taken = []

        async def deliver(report):
            taken.append(report)
            if len(taken) == 1:
                raise StoreError("the store is away")

        await ended(memory)
        async with reporting(memory, model, deliver=deliver):
            await asyncio.sleep(CLAIMED + 20)
        assert len(taken) == 2
        assert taken[0] == taken[1]
        assert await memory.reports.next_due() is None

    async def test_a_store_that_is_away_for_a_while_is_asked_again(self, memory, kind, model, monkeypatch):
        await ended(memory)
        asked = memory.reports.next_due
        away = [StoreError("redis: away")] * 3

        async def next_due():
            if away:
                raise away.pop()
            return await asked()

        monkeypatch.setattr(memory.reports, "next_due", next_due)
        async with reporting(memory, model):
            assert (await report_of(memory)).success is not None


class Failing:
    """A mind that does nothing else."""

    def __init__(self, error):
        self.error = error
        self.asked = 0

    async def reply(self, reply, *, instructions, turns, tools):
        self.asked += 1
        raise self.error
        yield
