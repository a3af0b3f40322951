"""What every store does, in memory and in Redis."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.errors import CallForgotten, LeaseLost, MisuseError, StoreError
from phoneagent.private import Private
from phoneagent.records import CallRecord, StoredCall
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store.expiry import ENDED_TTL, LIVE_TTL
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore

CALL = "CA0123456789abcdef0123456789abcdef"
RECORD = CallRecord(
    id=CALL,
    agent="front-desk",
    direction="inbound",
    caller=Private("+15005550006"),
    called=Private("+15005550010"),
    variables={"table": "7", "größe": "“4”"},
    started=1_790_000_000.25,
)
TURNS = (
    Turn("agent", "Hello, how can I help you?", at=2.5),
    Turn("caller", "a table for four – at half past seven", at=6.125),
    Turn("tool", '{"ok": true}', at=6.5, tool=ToolCall("call_1", "check", '{"party": 4}')),
    Turn("agent", "I have seven", at=8.0, interrupted=True, generated="I have seven thirty or eight.", over="mm-hm"),
)


@pytest.fixture(params=["memory", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def anyio_backend(kind):
    return ("asyncio", {"loop_factory": FastForwardLoop}) if kind == "memory" else "asyncio"


@pytest.fixture
async def store(kind, request):
    store = MemoryStore() if kind == "memory" else RedisStore.from_url(request.getfixturevalue("empty_redis").url)
    yield store
    await store.aclose()


@pytest.fixture
def later(kind, request):
    """Let time pass: the memory's clock jumps, Redis's keys lose as much of their time to live."""
    if kind == "memory":
        return asyncio.sleep
    server = request.getfixturevalue("empty_redis")

    async def age(seconds):
        for key in server.command("KEYS", "*").split("\r\n")[2::2]:
            left = int(server.command("PTTL", key)[1:]) - round(seconds * 1000)
            server.command("PEXPIRE", key, left)  # Redis deletes a key that has none left

    return age


async def begin(store, owner="host-1", record=RECORD):
    await store.create_call(record)
    return await store.take_lease(CALL, owner, seconds=10)


# --- records


async def test_a_call_comes_back_as_it_was_written(store):
    await store.create_call(RECORD)
    assert await store.load_call(CALL) == StoredCall(RECORD, ())


async def test_a_number_comes_back_wrapped(store):
    await store.create_call(RECORD)
    loaded = await store.load_call(CALL)
    assert "5550006" not in repr(loaded)
    assert loaded.record.caller.reveal() == "+15005550006"


async def test_nobody_knows_a_call_that_was_not_created(store):
    assert await store.load_call("CAffffffffffffffffffffffffffffffff") is None
    await store.take_lease(CALL, "host-1", seconds=10)
    assert await store.load_call(CALL) is None


@pytest.mark.parametrize("call", ["", "}:{", "a b\r\n", "CA/../1", "ü", "\ud83d"])
async def test_any_text_may_be_asked_for_and_may_even_be_a_call(store, call):
    assert await store.load_call(call) is None
    await store.create_call(replace(RECORD, id=call))
    assert await store.load_call(call) == StoredCall(replace(RECORD, id=call), ())
    assert await store.load_call(CALL) is None


async def test_creating_a_call_again_does_not_undo_what_has_happened_since(store):
    await store.create_call(RECORD)
    await store.update_call(CALL, status="in-progress")
    await store.create_call(RECORD)
    assert (await store.load_call(CALL)).record.status == "in-progress"


async def test_fields_are_changed_one_by_one(store):
    await store.create_call(RECORD)
    await store.update_call(CALL, status="in-progress", caller=Private("anonymous"))
    await store.update_call(CALL, ended=1_790_000_100.5, ended_reason="caller", variables={})
    await store.update_call(CALL)
    expected = replace(
        RECORD,
        status="in-progress",
        caller=Private("anonymous"),
        ended=1_790_000_100.5,
        ended_reason="caller",
        variables={},
    )
    assert await store.load_call(CALL) == StoredCall(expected, ())
    await store.update_call(CALL, ended=None)
    assert (await store.load_call(CALL)).record == replace(expected, ended=None)


async def test_a_call_that_is_not_there_cannot_be_changed(store):
    with pytest.raises(CallForgotten):
        await store.update_call(CALL, status="failed")
    await store.take_lease(CALL, "host-1", seconds=10)
    with pytest.raises(CallForgotten):
        await store.update_call(CALL, status="failed")


async def test_a_call_is_held_while_somebody_has_the_lease(store):
    assert not await store.is_held(CALL)
    token = await store.take_lease(CALL, "host-1", seconds=10)
    assert await store.is_held(CALL)
    await store.release_lease(CALL, "host-1", token)
    assert not await store.is_held(CALL)


async def test_who_has_lost_the_call_changes_nothing_of_it_any_more(store):
    await store.create_call(RECORD)
    old = await store.take_lease(CALL, "host-1", seconds=10)
    new = await store.take_lease(CALL, "host-2", seconds=10, force=True)
    with pytest.raises(LeaseLost):
        await store.update_call(CALL, token=old, status="failed")
    await store.update_call(CALL, token=new, status="in-progress")
    assert (await store.load_call(CALL)).record.status == "in-progress"


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "red"},
        {"id": "CA2"},
        {"status": "sleeping"},
        {"ended": "now"},
        {"caller": "+1"},
        {"agent": Private("x")},
    ],
)
async def test_what_would_not_load_again_is_a_defect_of_ours(store, changes):
    await store.create_call(RECORD)
    with pytest.raises(MisuseError):
        await store.update_call(CALL, **changes)
    assert await store.load_call(CALL) == StoredCall(RECORD, ())


# --- turns


async def test_turns_come_back_in_order_and_whole(store):
    token = await begin(store)
    for seq, turn in enumerate(TURNS, 1):
        await store.append_turn(CALL, seq, turn, token=token)
    assert await store.load_call(CALL) == StoredCall(RECORD, TURNS)


async def test_saying_everything_twice_is_harmless(store):
    for _ in range(2):
        await store.create_call(RECORD)
    token = await store.take_lease(CALL, "host-1", seconds=10)
    assert await store.take_lease(CALL, "host-1", seconds=10) == token
    for seq in (1, 1, 2, 1, 2, 3):
        await store.append_turn(CALL, seq, TURNS[seq - 1], token=token)
    for _ in range(2):
        await store.update_call(CALL, status="completed")
    for _ in range(2):
        await store.release_lease(CALL, "host-1", token)
    assert await store.load_call(CALL) == StoredCall(replace(RECORD, status="completed"), TURNS[:3])


async def test_a_gap_is_refused(store):
    token = await begin(store)
    await store.append_turn(CALL, 1, TURNS[0], token=token)
    with pytest.raises(CallForgotten, match="expected turn 2, got 3"):
        await store.append_turn(CALL, 3, TURNS[2], token=token)
    await store.append_turn(CALL, 2, TURNS[1], token=token)
    assert (await store.load_call(CALL)).turns == TURNS[:2]


async def test_a_caller_who_goes_on_speaking_makes_one_turn(store):
    token = await begin(store)
    await store.append_turn(CALL, 1, TURNS[0], token=token)
    for text in ("a table", "a table for four", "a table for four, please"):
        await store.append_turn(CALL, 2, Turn("caller", text, at=6.0), token=token)
    await store.append_turn(CALL, 3, TURNS[3], token=token)
    loaded = (await store.load_call(CALL)).turns
    assert loaded == (TURNS[0], Turn("caller", "a table for four, please", at=6.0), TURNS[3])


async def test_only_the_last_turn_can_be_amended(store):
    token = await begin(store)
    for seq, turn in enumerate(TURNS[:3], 1):
        await store.append_turn(CALL, seq, turn, token=token)
    for seq in (1, 2):
        await store.append_turn(CALL, seq, Turn("caller", "something else", at=9.0), token=token)
    assert (await store.load_call(CALL)).turns == TURNS[:3]


async def test_who_lost_the_call_cannot_amend_it(store):
    old = await begin(store, "host-1")
    await store.append_turn(CALL, 1, TURNS[0], token=old)
    new = await store.take_lease(CALL, "host-2", seconds=10, force=True)
    with pytest.raises(LeaseLost):
        await store.append_turn(CALL, 1, TURNS[1], token=old)
    assert (await store.load_call(CALL)).turns == TURNS[:1]
    await store.append_turn(CALL, 1, TURNS[3], token=new)
    assert (await store.load_call(CALL)).turns == TURNS[3:]


async def test_half_a_surrogate_pair_does_not_cost_the_turn(store):
    token = await begin(store)
    await store.append_turn(CALL, 1, Turn("caller", "hm \ud83d", at=1.0), token=token)
    assert (await store.load_call(CALL)).turns[0].text.startswith("hm ")


# --- leases


async def test_only_one_owns_a_call(store):
    token = await begin(store, "host-1")
    assert token > 0
    assert await store.take_lease(CALL, "host-2", seconds=10) == 0
    assert await store.take_lease(CALL, "host-1", seconds=10) == token


async def test_when_the_lease_runs_out_the_next_one_gets_it_and_the_old_one_cannot_write(store, later):
    old = await begin(store, "host-1")
    await store.append_turn(CALL, 1, TURNS[0], token=old)
    await later(11)
    new = await store.take_lease(CALL, "host-2", seconds=10)
    assert new > old
    with pytest.raises(LeaseLost):
        await store.append_turn(CALL, 2, TURNS[1], token=old)
    await store.append_turn(CALL, 2, TURNS[2], token=new)
    assert (await store.load_call(CALL)).turns == (TURNS[0], TURNS[2])


async def test_renewing_keeps_the_lease(store, later):
    await begin(store, "host-1")
    for _ in range(3):
        await later(8)
        assert await store.take_lease(CALL, "host-1", seconds=10) > 0
    assert await store.take_lease(CALL, "host-2", seconds=10) == 0


async def test_an_owner_that_was_late_but_not_replaced_keeps_its_token(store, later):
    token = await begin(store, "host-1")
    await later(60)
    await store.append_turn(CALL, 1, TURNS[0], token=token)
    assert await store.take_lease(CALL, "host-1", seconds=10) == token


async def test_whom_the_carrier_gave_the_call_takes_it_by_force(store):
    old = await begin(store, "host-1")
    new = await store.take_lease(CALL, "host-2", seconds=10, force=True)
    assert new > old
    assert await store.take_lease(CALL, "host-1", seconds=10) == 0
    with pytest.raises(LeaseLost):
        await store.append_turn(CALL, 1, TURNS[0], token=old)


async def test_a_lease_taken_back_has_a_new_token(store):
    first = await begin(store, "host-1")
    second = await store.take_lease(CALL, "host-2", seconds=10, force=True)
    third = await store.take_lease(CALL, "host-1", seconds=10, force=True)
    assert first < second < third


async def test_a_released_call_is_free_at_once(store):
    token = await begin(store, "host-1")
    await store.release_lease(CALL, "host-1", token)
    assert await store.take_lease(CALL, "host-2", seconds=10) > token


@pytest.mark.parametrize(("owner", "more"), [("host-2", 0), ("host-1", 1), ("host-1", -1)])
async def test_nobody_else_can_release_it(store, owner, more):
    token = await begin(store, "host-1")
    await store.release_lease(CALL, owner, token + more)
    assert await store.take_lease(CALL, "host-3", seconds=10) == 0


async def test_a_token_that_was_never_given_out_is_not_a_lost_lease(store):
    await begin(store)
    with pytest.raises(CallForgotten):  # nobody took the call: the store lost data, the call goes on
        await store.append_turn(CALL, 1, TURNS[0], token=99)


# --- stream tokens


async def test_nobody_writes_to_a_call_that_nobody_has_taken(store):
    await store.create_call(RECORD)
    with pytest.raises(CallForgotten):
        await store.append_turn(CALL, 1, TURNS[0], token=0)


async def test_a_stream_token_works_once(store):
    await store.put_stream_token("k3J9", CALL, seconds=60)
    assert await store.take_stream_token("k3J9") == CALL
    assert await store.take_stream_token("k3J9") is None


async def test_a_stream_token_expires(store, later):
    await store.put_stream_token("k3J9", CALL, seconds=60)
    await later(61)
    assert await store.take_stream_token("k3J9") is None


@pytest.mark.parametrize("token", ["", "k3J8", "*", "x" * 100_000, "\ud83d", "\r\nFLUSHALL\r\n"])
async def test_another_token_is_none(store, token):
    await store.put_stream_token("k3J9", CALL, seconds=60)
    assert await store.take_stream_token(token) is None
    assert await store.take_stream_token("k3J9") == CALL


async def test_of_many_who_show_a_token_one_gets_in(store):
    await store.put_stream_token("k3J9", CALL, seconds=60)
    taken = await asyncio.gather(*(store.take_stream_token("k3J9") for _ in range(20)))
    assert sorted(taken, key=str) == [CALL] + [None] * 19


# --- expiry


async def test_a_live_call_is_kept_while_there_are_signs_of_life(store, later):
    token = await begin(store)
    for seq, turn in enumerate(TURNS, 1):
        await later(LIVE_TTL - 60)
        await store.append_turn(CALL, seq, turn, token=token)
    await later(LIVE_TTL - 60)
    assert await store.take_lease(CALL, "host-1", seconds=10) == token
    await later(LIVE_TTL - 60)
    assert (await store.load_call(CALL)).turns == TURNS
    await later(120)
    assert await store.load_call(CALL) is None
    with pytest.raises(StoreError):
        await store.update_call(CALL, status="failed")


async def test_an_ended_call_is_kept_for_longer_then_gone(store, later):
    token = await begin(store)
    await store.update_call(CALL, status="completed", ended=1.0)
    await store.append_turn(CALL, 1, TURNS[0], token=token)
    await store.release_lease(CALL, "host-1", token)
    await later(ENDED_TTL - 60)
    assert (await store.load_call(CALL)).turns == TURNS[:1]
    await later(120)
    assert await store.load_call(CALL) is None


async def test_an_expired_call_starts_anew(store, later):
    token = await begin(store)
    await store.append_turn(CALL, 1, TURNS[0], token=token)
    await later(LIVE_TTL + 1)
    token = await begin(store, record=replace(RECORD, agent="other"))
    await store.append_turn(CALL, 1, TURNS[1], token=token)
    assert await store.load_call(CALL) == StoredCall(replace(RECORD, agent="other"), TURNS[1:2])


async def test_it_answers_and_closes_twice(store):
    await store.ping()
    await store.aclose()
    await store.aclose()
