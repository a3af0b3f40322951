"""What becomes of reports, and of the calls that wait for one, in every store: in memory and in Redis."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.errors import LeaseLost, StoreError
from phoneagent.private import Private
from phoneagent.records import CallRecord, Held
from phoneagent.report import Cost, Costs, EndOfCallReport, ReportClaim, StageLatency, ToolRun, Verdict
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store.expiry import LIVE_TTL
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore
from phoneagent.store.report_encoding import decode_report, encode_report
from phoneagent.store.report_rules import LOOK, SETTLE

NOW = 1_790_000_000.0
CALL = "CA1"
TTL = 3600.0

REPORT = EndOfCallReport(
    call=CALL,
    agent="front-desk",
    direction="inbound",
    caller=Private("+12125550123"),
    called=Private("+15005550006"),
    status="completed",
    order="PC1",
    held=(Held("menu", NOW),),
    started=NOW,
    answered=NOW + 1,
    ended=NOW + 61,
    duration=60.0,
    ended_reason="caller",
    turns=(
        Turn("caller", "Ein Tisch für zwei “bitte” \ud83d", 1.0),
        Turn("tool", "done", 2.0, tool=ToolCall("call_1", "book_table", '{"people": 2}')),
        Turn("agent", "Gern.", 3.0, interrupted=True, generated="Gern, sehr gern.", latency={"heard": 0.6}),
    ),
    summary="A table for two.",
    data={"people": 2, "name": None, "wishes": ["window", {"quiet": True}], "budget": 12.5},
    success=Verdict("pass", "They have a table."),
    costs=Costs("EUR", 0.5, False, "ours", (Cost("llm", "openai", "x", "tokens_in", 5.0, None, None, True),)),
    latency=(StageLatency("heard", 0.6, 0.9, 4),),
    interruptions=1,
    tools=(ToolRun("book_table", '{"people": 2}', "done", 2.0),),
    recording="kept",
    transfer_to=Private("+12125550199"),
    transfer_outcome="accepted",
    variables={"name": "Ana"},
    metadata={"crm": "17"},
    problems=("the data did not fit",),
    made=NOW + 70,
)


def record(call=CALL, **changes):
    made = CallRecord(call, "front-desk", "inbound", Private("+12125550123"), Private("+15005550006"), started=NOW)
    return replace(made, **changes)


@pytest.fixture(params=["memory", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def anyio_backend(kind):
    return ("asyncio", {"loop_factory": FastForwardLoop}) if kind == "memory" else "asyncio"


@pytest.fixture
async def store(kind, request):
    url = "" if kind == "memory" else request.getfixturevalue("empty_redis").url
    made = RedisStore.from_url(url, ttl=TTL) if url else MemoryStore(ttl=TTL)
    yield made
    await made.aclose()


@pytest.fixture
def later(kind, request):
    """Let time pass: the memory's clock jumps, Redis's keys lose as much of their time to live."""
    if kind == "memory":
        return asyncio.sleep
    server = request.getfixturevalue("empty_redis")

    async def age(seconds):
        for key in server.command("KEYS", "*").split("\r\n")[2::2]:
            left = int(server.command("PTTL", key)[1:]) - round(seconds * 1000)
            server.command("PEXPIRE", key, left)

    return age


async def claims(store, now):
    return await store.reports.claim(now=now, seconds=100, most=10)


# --- waiting


async def test_a_call_is_looked_at_from_its_beginning_and_due_when_it_has_ended(store):
    await store.create_call(record())
    assert await claims(store, NOW + LOOK - 1) == ()
    await store.update_call(CALL, status="completed", ended=NOW + 30)
    assert await store.reports.next_due() == NOW + 30 + SETTLE
    assert await claims(store, NOW + 30 + SETTLE) == (ReportClaim(CALL, 1),)


async def test_a_call_that_the_carrier_closes_is_due_too(store):
    await store.create_call(record())
    await store.close_call(CALL, status="completed", ended=NOW + 20)
    assert await store.reports.next_due() == NOW + 20 + SETTLE


async def test_a_call_whose_end_nobody_wrote_is_looked_at_all_the_same(store):
    await store.create_call(record())
    assert await claims(store, NOW + LOOK) == (ReportClaim(CALL, 1),)


async def test_other_changes_of_a_record_do_not_make_it_due(store):
    await store.create_call(record())
    await store.update_call(CALL, status="in-progress", ended=None, answered=NOW)
    assert await store.reports.next_due() == NOW + LOOK


async def test_what_was_said_to_be_due_earlier_stays_so(store):
    await store.reports.expect(CALL, due=NOW + 5)
    await store.reports.expect(CALL, due=NOW + 50)
    assert await store.reports.next_due() == NOW + 5


async def test_nobody_waits_at_first(store):
    assert await store.reports.next_due() is None
    assert await claims(store, NOW) == ()
    assert await store.reports.load(CALL) is None


# --- claiming


async def test_only_one_gets_a_call_until_its_time_is_up(store):
    await store.reports.expect(CALL, due=NOW)
    assert await claims(store, NOW) == (ReportClaim(CALL, 1),)
    assert await claims(store, NOW + 99) == ()
    assert await claims(store, NOW + 100) == (ReportClaim(CALL, 2),), "the one before may have died"


async def test_the_one_that_waits_longest_goes_first(store):
    for call, due in (("CA3", 3), ("CA1", 1), ("CA2", 2), ("CA9", 9)):
        await store.reports.expect(call, due=NOW + due)
    two = await store.reports.claim(now=NOW + 5, seconds=100, most=2)
    assert [claim.call for claim in two] == ["CA1", "CA2"]
    assert [claim.call for claim in await claims(store, NOW + 5)] == ["CA3"]


async def test_what_is_put_off_comes_again_and_failures_are_counted(store):
    await store.reports.expect(CALL, due=NOW)
    (first,) = await claims(store, NOW)
    await store.reports.put_off(CALL, token=first.token, due=NOW + 10)
    (second,) = await claims(store, NOW + 10)
    assert second == ReportClaim(CALL, 2, failures=0)
    await store.reports.put_off(CALL, token=second.token, due=NOW + 20, failed=True)
    assert await claims(store, NOW + 19) == ()
    assert await claims(store, NOW + 20) == (ReportClaim(CALL, 3, failures=1),)


async def test_who_is_late_changes_nothing_any_more(store):
    await store.reports.expect(CALL, due=NOW)
    await claims(store, NOW)
    (second,) = await claims(store, NOW + 100)
    for late in (
        store.reports.keep(REPORT, token=1),
        store.reports.put_off(CALL, token=1, due=NOW, failed=True),
        store.reports.done(CALL, token=1),
    ):
        with pytest.raises(LeaseLost):
            await late
    assert await store.reports.load(CALL) is None
    await store.reports.keep(REPORT, token=second.token)


# --- reports


async def test_a_report_comes_back_as_it_was_written(store):
    await store.reports.expect(CALL, due=NOW)
    (claim,) = await claims(store, NOW)
    clean = replace(REPORT, turns=(Turn("caller", "für zwei", 1.0), *REPORT.turns[1:]))
    await store.reports.keep(clean, token=claim.token)
    await store.reports.keep(clean, token=claim.token)
    kept = await store.reports.load(CALL)
    assert kept == clean
    assert [dict(turn.latency) for turn in kept.turns] == [{}, {}, {"heard": 0.6}]
    assert "5550123" not in repr(kept)
    assert await claims(store, NOW + 100) != (), "until it is done somebody else may have to tell of it"


async def test_a_call_that_is_done_is_not_looked_at_again(store):
    await store.create_call(record())
    (claim,) = await claims(store, NOW + LOOK)
    await store.reports.keep(REPORT, token=claim.token)
    await store.reports.done(CALL, token=claim.token)
    await store.update_call(CALL, ended=NOW + 90)
    await store.close_call(CALL, status="completed", ended=NOW + 95)
    assert await claims(store, NOW + 10_000) == ()
    assert await store.reports.next_due() is None
    assert await store.reports.load(CALL) is not None


async def test_a_report_is_kept_as_long_as_its_call(store, later):
    await store.reports.expect(CALL, due=NOW)
    (claim,) = await claims(store, NOW)
    await store.reports.keep(REPORT, token=claim.token)
    await later(TTL - 60)
    assert await store.reports.load(CALL) is not None
    await later(120)
    assert await store.reports.load(CALL) is None


async def test_a_call_that_nobody_reports_on_is_forgotten_with_the_call(store, later):
    await store.reports.expect(CALL, due=NOW)
    await later(LIVE_TTL + 1)
    assert await claims(store, NOW + LIVE_TTL) == ()


@pytest.mark.parametrize("call", ["", "}:{", "CA/../1", "ü", "\ud83d"])
async def test_any_name_will_do(store, call):
    await store.reports.expect(call, due=NOW)
    (claim,) = await claims(store, NOW)
    assert claim.call == call
    await store.reports.keep(replace(REPORT, call=call), token=claim.token)
    assert await store.reports.load(call) is not None
    await store.reports.done(call, token=claim.token)


# --- encoding


def test_what_newer_processes_wrote_is_refused_and_what_they_added_is_skipped():
    with pytest.raises(StoreError, match="newer phoneagent"):
        decode_report('{"v": 2, "report": {}}')
    with pytest.raises(StoreError, match="expected a report of version 1"):
        decode_report('{"v": 1, "report": {"call": 5}}')
    more = encode_report(replace(REPORT, turns=())).replace('"call":', '"mood": "good", "call":', 1)
    assert decode_report(more) == replace(REPORT, turns=())
