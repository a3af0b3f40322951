"""What is particular to Redis: keys that expire, servers that stall, vanish, forget, or are of another kind."""

from __future__ import annotations

import asyncio
import json
import re
import time
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phoneagent.errors import CallForgotten, SettingsError, StoreError
from phoneagent.records import Clip
from phoneagent.store.encoding import VERSION
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import PLACES, RedisStore
from phoneagent.store.redis_answer import DEADLINE
from phoneagent.store.redis_url import ANSWER_WITHIN
from tests.redis_server import free_port, redis_server

from .test_contract import CALL, RECORD, TURNS

LATE = 3.0
"""Seconds by which a busy machine may be late."""

META = "phoneagent:call:{" + CALL + "}:meta"


@pytest.fixture
def anyio_backend():
    return "asyncio"


@asynccontextmanager
async def opened(url, **options):
    store = RedisStore.from_url(url, **options)
    try:
        yield store
    finally:
        await store.aclose()


async def begin(store, owner="host-1"):
    await store.create_call(RECORD)
    return await store.take_lease(CALL, owner, seconds=10)


def keys(server):
    return server.command("KEYS", "*").split("\r\n")[2::2]


# --- what is there


async def test_all_keys_of_a_call_share_a_prefix_and_a_hash_tag(empty_redis):
    async with opened(empty_redis.url) as store:
        token = await begin(store)
        await store.append_turn(CALL, 1, TURNS[0], token=token)
    prefix = "phoneagent:call:{" + CALL + "}:"
    waiting = ["phoneagent:{reports}:call:" + CALL, "phoneagent:{reports}:due"]  # for a report: no data of the call
    there = [prefix + "lease", prefix + "meta", prefix + "turns", PLACES, *waiting]
    people = [name for name in keys(empty_redis) if name.startswith(("phoneagent:person:", "phoneagent:people:"))]
    assert sorted(keys(empty_redis)) == sorted([*there, *people])
    assert len(people) == 2, "who it was, by a hash, and the secret of it"


async def test_a_stream_token_cannot_be_read_from_the_store(empty_redis):
    async with opened(empty_redis.url) as store:
        await store.put_stream_token("k3J9-secret", CALL, seconds=60)
    assert "k3J9" not in " ".join(keys(empty_redis))


call_ids = st.sampled_from(["CA1", "CA2"])
owners = st.sampled_from(["host-1", "host-2"])
tokens = st.integers(0, 3)
operations = st.one_of(
    st.tuples(st.just("create"), call_ids),
    st.tuples(
        st.just("update"), call_ids, st.sampled_from([{"status": "completed", "ended": 5.0}, {"ended": None}, {}])
    ),
    st.tuples(st.just("lease"), call_ids, owners, st.booleans()),
    st.tuples(st.just("release"), call_ids, owners, tokens),
    st.tuples(st.just("append"), call_ids, st.integers(1, 3), st.sampled_from(TURNS), tokens),
    st.tuples(st.just("put"), call_ids),
    st.tuples(st.just("take")),
    st.tuples(st.just("load"), call_ids),
)
texts = st.sampled_from(["Hello.", "Bye."])
clip_operations = st.one_of(
    st.tuples(st.just("save clip"), texts), st.tuples(st.just("load clips"), texts), st.tuples(st.just("recent clips"))
)


async def perform(store, operation):
    try:
        match operation:
            case ("create", call):
                await store.create_call(RECORD.__class__(call, "desk", "inbound", RECORD.caller, RECORD.called))
            case ("update", call, changes):
                await store.update_call(call, **changes)
            case ("lease", call, owner, force):
                return await store.take_lease(call, owner, seconds=10, force=force)
            case ("release", call, owner, token):
                await store.release_lease(call, owner, token)
            case ("append", call, seq, turn, token):
                await store.append_turn(call, seq, turn, token=token)
            case ("put", call):
                await store.put_stream_token("t", call, seconds=30)
            case ("take",):
                return await store.take_stream_token("t")
            case ("load", call):
                return await store.load_call(call)
            case ("save clip", text):
                await store.save_clip("voice", text, Clip(b"\xff"))
            case ("load clips", text):
                await store.load_clips("voice", [text])
            case ("recent clips",):
                await store.recent_clips("voice", 10)
    except StoreError as refusal:
        return type(refusal)  # also then nothing may stay for ever
    return None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(operations | clip_operations, max_size=15))
async def test_no_sequence_of_operations_leaves_a_key_that_stays_for_ever(shared_redis, sequence):
    shared_redis.command("FLUSHALL")
    async with opened(shared_redis.url) as store:
        for operation in sequence:
            await perform(store, operation)
            lives = {key: int(shared_redis.command("PTTL", key)[1:]) for key in keys(shared_redis)}
            assert all(left > 0 for left in lives.values()), (operation, lives)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(operations.filter(lambda operation: operation[0] not in ("put", "take")), max_size=15))
async def test_whatever_is_asked_memory_and_redis_answer_the_same(shared_redis, sequence):
    shared_redis.command("FLUSHALL")
    memory = MemoryStore()
    async with opened(shared_redis.url) as redis:
        for operation in [*sequence, ("load", "CA1"), ("load", "CA2")]:
            assert await perform(redis, operation) == await perform(memory, operation), operation


@pytest.mark.parametrize(("ended", "expected"), [(None, 6 * 3600), (5.0, 600)])
async def test_the_record_and_the_turns_expire_together(empty_redis, ended, expected):
    async with opened(empty_redis.url, ttl=600) as store:
        token = await begin(store)
        await store.append_turn(CALL, 1, TURNS[0], token=token)
        await store.update_call(CALL, ended=ended)
        await store.append_turn(CALL, 2, TURNS[1], token=token)
    for name in ("meta", "turns"):
        left = int(empty_redis.command("TTL", META.replace("meta", name))[1:])
        assert expected - 5 <= left <= expected


# --- other versions


async def test_what_a_newer_process_wrote_is_refused_whatever_is_asked(empty_redis):
    async with opened(empty_redis.url) as store:
        token = await begin(store)
        empty_redis.command("HSET", META, "v", VERSION + 1)
        for asked in (
            store.load_call(CALL),
            store.update_call(CALL, status="failed"),
            store.create_call(RECORD),
            store.take_lease(CALL, "host-2", seconds=10, force=True),
            store.append_turn(CALL, 1, TURNS[0], token=token),
        ):
            with pytest.raises(StoreError, match="newer"):
                await asked
    assert f":{VERSION + 1}" in empty_redis.command("HGET", META, "v").replace("\r\n", ":")


async def test_a_turn_of_a_newer_process_is_refused(empty_redis):
    async with opened(empty_redis.url) as store:
        token = await begin(store)
        await store.append_turn(CALL, 1, TURNS[0], token=token)
        turns = META.replace("meta", "turns")
        empty_redis.command("LSET", turns, 0, json.dumps({"v": VERSION + 1, "utterance": {"by": "agent"}}))
        with pytest.raises(StoreError, match="newer"):
            await store.load_call(CALL)


async def test_fields_of_the_next_release_are_skipped_and_of_the_last_one_filled_in(empty_redis):
    async with opened(empty_redis.url) as store:
        await begin(store)
        empty_redis.command("HSET", META, "record.mood", '"good"')
        empty_redis.command("HDEL", META, "record.resumed")
        assert (await store.load_call(CALL)).record == RECORD


async def test_a_turn_of_the_last_release_or_of_the_next_is_read(empty_redis):
    async with opened(empty_redis.url) as store:
        await begin(store)
        turns = META.replace("meta", "turns")
        empty_redis.command("RPUSH", turns, '{"v":1,"seq":1,"turn":{"role":"agent","text":"Hello.","at":1.0}}')
        empty_redis.command("RPUSH", turns, '{"v":1,"seq":2,"turn":{"role":"caller","text":"hi","at":2.0,"mood":1}}')
        assert [(turn.text, turn.over) for turn in (await store.load_call(CALL)).turns] == [("Hello.", ""), ("hi", "")]


@pytest.mark.parametrize(
    "damage",
    [
        ("HSET", META, "record.status", '"sleeping"'),
        ("HSET", META, "record.ended", "{"),
        ("HDEL", META, "record.agent"),
        ("HSET", META, "v", "one"),
        ("RPUSH", META.replace("meta", "turns"), "not JSON"),
        ("RPUSH", META.replace("meta", "turns"), '{"v":1,"seq":1,"turn":{"role":"ghost","text":"","at":0}}'),
        ("SET", META.replace("meta", "turns"), "a string"),
    ],
)
async def test_damaged_data_is_a_store_error(empty_redis, damage):
    async with opened(empty_redis.url) as store:
        await begin(store)
        empty_redis.command(*damage)
        with pytest.raises(StoreError):
            await store.load_call(CALL)


# --- trouble


async def test_a_server_that_forgot_everything_does_not_look_like_a_lost_lease(empty_redis):
    async with opened(empty_redis.url) as store:
        token = await begin(store)
        await store.append_turn(CALL, 1, TURNS[0], token=token)
        empty_redis.command("FLUSHALL")
        with pytest.raises(CallForgotten):
            await store.append_turn(CALL, 2, TURNS[1], token=token)


async def test_a_server_short_of_memory_that_dropped_the_turns_has_forgotten_the_call(empty_redis):
    async with opened(empty_redis.url) as store:
        token = await begin(store)
        await store.append_turn(CALL, 1, TURNS[0], token=token)
        empty_redis.command("DEL", META.replace("meta", "turns"))
        with pytest.raises(CallForgotten):
            await store.append_turn(CALL, 2, TURNS[1], token=token)
        for seq in (1, 2):
            await store.append_turn(CALL, seq, TURNS[seq - 1], token=token)
        assert (await store.load_call(CALL)).turns == TURNS[:2]


async def test_a_connection_that_was_cut_is_made_again(empty_redis):
    async with opened(empty_redis.url) as store:
        token = await begin(store)
        empty_redis.command("CLIENT", "KILL", "TYPE", "normal")
        await store.append_turn(CALL, 1, TURNS[0], token=token)
        assert (await store.load_call(CALL)).turns == TURNS[:1]


async def test_scripts_are_loaded_again_into_a_server_that_lost_them(empty_redis):
    async with opened(empty_redis.url) as store:
        token = await begin(store)
        empty_redis.command("SCRIPT", "FLUSH")
        await store.append_turn(CALL, 1, TURNS[0], token=token)


@pytest.mark.parametrize("connected", [True, False])
async def test_a_stalled_server_is_a_store_error_in_time(own_redis, connected):
    async with opened(own_redis.url) as store:
        if connected:
            await store.ping()
        own_redis.stall()
        began = time.monotonic()
        with pytest.raises(StoreError):
            await store.load_call(CALL)
        assert ANSWER_WITHIN <= time.monotonic() - began < DEADLINE + LATE
        began = time.monotonic()
        await store.aclose()
        assert time.monotonic() - began < LATE


async def test_a_write_that_was_carried_out_late_and_twice_counts_once(own_redis):
    async with opened(own_redis.url) as store:
        token = await begin(store)
        await store.append_turn(CALL, 1, TURNS[0], token=token)
        await store.take_stream_token("none")
        await asyncio.gather(store.ping(), store.ping())  # two warm connections: on a new one nothing would be repeated
        await store.put_stream_token("k3J9", CALL, seconds=60)
        own_redis.command("CONFIG", "RESETSTAT")
        own_redis.stall()
        writing = asyncio.create_task(store.append_turn(CALL, 2, TURNS[1], token=token))
        taking = asyncio.create_task(store.take_stream_token("k3J9"))
        done, _ = await asyncio.wait([writing, taking], timeout=1.5 * ANSWER_WITHIN)  # the second attempt is under way
        assert not done
        own_redis.resume()
        await writing
        assert await taking == CALL, "the first attempt took the token; the answer is still due to the one who asked"
        carried_out = re.search(r"cmdstat_evalsha:calls=(\d+)", own_redis.command("INFO", "commandstats"))
        assert carried_out is not None
        assert int(carried_out[1]) == 4, "the client did not ask twice: nothing was tested"
        assert (await store.load_call(CALL)).turns == TURNS[:2]
        assert await store.take_stream_token("k3J9") is None


async def test_a_write_that_is_carried_out_after_its_amendment_does_not_undo_it(empty_redis):
    async with opened(empty_redis.url) as store:
        token = await begin(store)
        await store.append_turn(CALL, 1, TURNS[0], token=token)
        store._writes = iter([3, 2])  # the second was given up by the client, and carried out when the server woke
        await store.append_turn(CALL, 1, TURNS[3], token=token)
        await store.append_turn(CALL, 1, TURNS[1], token=token)
        assert (await store.load_call(CALL)).turns == TURNS[3:]


async def test_a_server_that_is_gone_is_a_store_error_at_once(own_redis):
    async with opened(own_redis.url) as store:
        token = await begin(store)
        own_redis.stop()
        for asked in (
            store.ping(),
            store.create_call(RECORD),
            store.update_call(CALL, status="failed"),
            store.load_call(CALL),
            store.take_lease(CALL, "host-1", seconds=10),
            store.release_lease(CALL, "host-1", token),
            store.append_turn(CALL, 1, TURNS[0], token=token),
            store.put_stream_token("t", CALL, seconds=10),
            store.take_stream_token("t"),
        ):
            began = time.monotonic()
            with pytest.raises(StoreError):
                await asked
            assert time.monotonic() - began < LATE


async def test_a_replica_that_refuses_writes_is_a_store_error(own_redis):
    async with opened(own_redis.url) as store:
        await store.ping()
        own_redis.command("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(StoreError):
            await store.create_call(RECORD)


# --- URLs


async def test_a_password_is_used_and_not_shown(own_redis):
    own_redis.command("CONFIG", "SET", "requirepass", "s3cret@")
    address = f"127.0.0.1:{own_redis.port}"
    async with opened(f"redis://:s3cret%40@{address}/0") as store:
        await store.ping()
    async with opened(f"redis://:guessed@{address}/0") as store:
        with pytest.raises(StoreError) as refusal:
            await store.ping()
    assert "guessed" not in str(refusal.value)


async def test_a_unix_socket(tmp_path):
    path = tmp_path / "redis.sock"
    with redis_server("--unixsocket", str(path)):
        async with opened(f"unix://{path}") as store:
            assert await begin(store) > 0


async def test_a_cluster_holds_a_call_in_one_slot(tmp_path):
    as_cluster = ("--cluster-enabled", "yes", "--cluster-config-file", str(tmp_path / "nodes.conf"))
    with redis_server(*as_cluster, "--cluster-port", str(free_port())) as server:
        server.command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        server.wait_for("cluster_state:ok", "CLUSTER", "INFO")
        async with opened(f"redis+cluster://127.0.0.1:{server.port},127.0.0.1:1") as store:
            token = await begin(store)
            await store.append_turn(CALL, 1, TURNS[0], token=token)
            await store.put_stream_token("k3J9", CALL, seconds=60)
            assert await store.take_stream_token("k3J9") == CALL
            assert (await store.load_call(CALL)).turns == TURNS[:1]
            await store.ping()


async def test_sentinels_know_where_the_master_is(own_redis, tmp_path):
    own_redis.command("SET", "here", "yes")
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(f"sentinel monitor front 127.0.0.1 {own_redis.port} 1\n")
    with redis_server(str(configuration), "--sentinel") as sentinel:
        url = f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel.port}/front/2"
        async with opened(url) as store:
            assert await begin(store) > 0
        async with opened(url.replace("front", "nobody")) as store:
            with pytest.raises(StoreError):
                await store.ping()
    assert "db2:keys=7" in own_redis.command("INFO", "keyspace")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "redis",
        "http://127.0.0.1",
        "redis://127.0.0.1:port",
        "redis+sentinel://127.0.0.1:26379",
        "redis+sentinel://127.0.0.1/front/first",
        "redis+sentinel:///front",
        "redis+cluster://",
        "redis+cluster://127.0.0.1:99999",
        "redis+raft://:s3cret@127.0.0.1",
    ],
)
def test_a_url_that_is_none_is_the_operators(url):
    with pytest.raises(SettingsError, match="REDIS_URL") as refusal:
        RedisStore.from_url(url)
    assert "s3cret" not in str(refusal.value)
