"""Spoken phrases that processes share. A store may have lost any of them, and never gives what it cannot read."""

from __future__ import annotations

import asyncio
import time

import msgspec
import pytest

from phoneagent.conversation.words import Word
from phoneagent.errors import StoreError
from phoneagent.records import Clip
from phoneagent.store import redis
from phoneagent.store.clip_encoding import LARGEST, VERSION, text_field, voice_keys
from phoneagent.store.expiry import VOICE_TTL
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore

VOICE = "elevenlabs Rachel eleven_flash_v2_5"
HELLO = Clip(bytes(range(256)) * 40, (Word("Hello", 0, 4000), Word("there.", 4000, 10240)))
KEYS = voice_keys(VOICE)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def store(empty_redis):
    store = RedisStore.from_url(empty_redis.url)
    yield store
    await store.aclose()


def clip_of(length):
    return Clip(b"\x7f" * length)


# --- in every store


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_what_is_there_is_whole_and_what_was_not_saved_is_not_there(kind, store):
    store = MemoryStore() if kind == "memory" else store
    assert await store.load_clips(VOICE, []) == {}
    assert await store.load_clips(VOICE, ["Hello there."]) == {}
    for _ in range(2):
        await store.save_clip(VOICE, "Hello there.", HELLO)
    for found in (
        await store.load_clips(VOICE, ["Goodbye.", "Hello there."]),
        await store.recent_clips(VOICE, 10),
    ):
        assert found in ({}, {"Hello there.": HELLO})
    assert await store.recent_clips(VOICE, 0) == {}
    assert await store.load_clips("another voice", ["Hello there."]) == {}
    assert await store.recent_clips("another voice", 10) == {}
    await store.save_clip(VOICE, "A speech.", clip_of(LARGEST))
    assert await store.load_clips(VOICE, ["A speech."]) == {}


# --- in Redis


async def test_another_process_finds_it(store, empty_redis):
    await store.save_clip(VOICE, "Hello there.", HELLO)
    await store.save_clip(VOICE, "“Größe” – ¿sí?", clip_of(8))
    other = RedisStore.from_url(empty_redis.url)
    assert await other.load_clips(VOICE, ["Hello there.", "“Größe” – ¿sí?", "?"]) == {
        "Hello there.": HELLO,
        "“Größe” – ¿sí?": clip_of(8),
    }
    await other.aclose()


async def test_a_clip_that_was_spoken_anew_replaces_the_old_one(store):
    await store.save_clip(VOICE, "Hello there.", clip_of(8))
    await store.save_clip(VOICE, "Hello there.", HELLO)
    assert await store.recent_clips(VOICE, 10) == {"Hello there.": HELLO}


async def test_no_key_shows_what_was_said_or_by_whom_and_each_expires(store, empty_redis):
    await store.save_clip(VOICE, "Hello there.", HELLO)
    names = empty_redis.command("KEYS", "*").split("\r\n")[2::2]
    assert sorted(names) == sorted([*KEYS, redis.VOICES])
    assert not any(word in " ".join(names) for word in ("Hello", "Rachel"))
    assert "Hello" not in empty_redis.command("HKEYS", KEYS.clips)
    assert len({name[name.index("{") : name.index("}")] for name in KEYS}) == 1, "a Cluster wants them in one slot"
    for name in names:
        assert 0 < int(empty_redis.command("PTTL", name)[1:]) <= VOICE_TTL * 1000


async def test_what_is_used_is_kept_for_longer_and_what_is_not_expires(store, empty_redis):
    await store.save_clip(VOICE, "Hello there.", HELLO)
    for use in (lambda: store.load_clips(VOICE, ["Hello there."]), lambda: store.save_clip(VOICE, "Bye.", HELLO)):
        for name in KEYS:
            empty_redis.command("PEXPIRE", name, 5000)
        await use()
        for name in KEYS:
            assert int(empty_redis.command("PTTL", name)[1:]) > 6 * 24 * 3600 * 1000
    for name in KEYS:
        empty_redis.command("PEXPIRE", name, 5000)
    await store.load_clips(VOICE, ["Something else."])
    assert int(empty_redis.command("PTTL", KEYS.clips)[1:]) <= 5000
    for name in KEYS:
        empty_redis.command("PEXPIRE", name, 0)
    assert await store.load_clips(VOICE, ["Hello there."]) == {}
    assert await store.recent_clips(VOICE, 10) == {}


async def test_each_clip_expires_by_itself_however_busy_its_voice_is(store, empty_redis):
    """What two callers were told a week ago may name one of them."""
    for text in ("Hello there.", "Anna, your table is ready.", "Bye."):
        await store.save_clip(VOICE, text, clip_of(8))
    week_ago = int(time.time() - VOICE_TTL - 60) * 1000
    for use in (lambda: store.load_clips(VOICE, ["Hello there."]), lambda: store.save_clip(VOICE, "Hello.", HELLO)):
        empty_redis.command("ZADD", KEYS.used, str(week_ago), text_field("Anna, your table is ready."))
        await store._connected().hset(KEYS.clips, text_field("Anna, your table is ready."), b"")
        await use()
        assert empty_redis.command("HEXISTS", KEYS.clips, text_field("Anna, your table is ready.")) == ":0\r\n"
    assert set(await store.recent_clips(VOICE, 10)) == {"Hello there.", "Bye.", "Hello."}


async def test_of_too_many_the_least_recently_used_goes(store, empty_redis, monkeypatch):
    monkeypatch.setattr(redis, "MOST_CLIPS", 3)
    for text in ("A", "B", "C"):
        await store.save_clip(VOICE, text, clip_of(8))
        await asyncio.sleep(0.003)  # the server's clock is told in milliseconds
    await store.load_clips(VOICE, ["A"])
    await asyncio.sleep(0.003)
    await store.save_clip(VOICE, "D", clip_of(8))
    assert list(await store.recent_clips(VOICE, 10)) == ["D", "A", "C"]
    assert list(await store.recent_clips(VOICE, 2)) == ["D", "A"]
    assert empty_redis.command("HLEN", KEYS.clips) == ":3\r\n"


async def test_more_clips_than_fit_into_one_answer(store, monkeypatch):
    monkeypatch.setattr(redis, "CLIPS_AT_ONCE", 2)
    texts = [f"phrase {number}" for number in range(5)]
    for text in texts:
        await store.save_clip(VOICE, text, clip_of(8))
    assert set(await store.load_clips(VOICE, texts)) == set(texts)
    assert set(await store.recent_clips(VOICE, 10)) == set(texts)


def entry(version, *rest):
    return msgspec.msgpack.encode([version, *rest])


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"\xc1\xff\xfe",
        b"not MessagePack",
        entry(VERSION, "Hello there.", b"\x00" * 8)[:-3],
        entry(VERSION, "Hello there.", 7, []),
        entry(VERSION + 1, "Hello there.", {"audio": "in the manner of the next release"}),
        entry(VERSION, "Hello there.", b"\x7f" * LARGEST, []),
    ],
)
async def test_what_cannot_be_read_is_missing_until_it_is_spoken_anew(store, empty_redis, stored, capsys):
    await store.save_clip(VOICE, "Hello there.", HELLO)
    await store.save_clip(VOICE, "Bye.", clip_of(8))
    await store._connected().hset(KEYS.clips, text_field("Hello there."), stored)
    assert await store.load_clips(VOICE, ["Hello there.", "Bye."]) == {"Bye.": clip_of(8)}
    assert await store.recent_clips(VOICE, 10) == {"Bye.": clip_of(8)}
    said = capsys.readouterr().out
    assert "clip_unreadable" in said
    assert "Hello" not in said
    await store.save_clip(VOICE, "Hello there.", HELLO)
    assert await store.load_clips(VOICE, ["Hello there."]) == {"Hello there.": HELLO}


@pytest.mark.parametrize("lost", KEYS)
async def test_half_of_it_lost_is_all_lost_but_not_kept_for_ever(store, empty_redis, lost):
    await store.save_clip(VOICE, "Hello there.", HELLO)
    empty_redis.command("DEL", lost)
    await store.save_clip(VOICE, "Bye.", clip_of(8))
    assert await store.recent_clips(VOICE, 10) == {"Bye.": clip_of(8)}
    assert empty_redis.command("HLEN", KEYS.clips) == ":1\r\n"


async def test_a_redis_that_is_full_still_gives_what_it_has(own_redis):
    store = RedisStore.from_url(own_redis.url)
    await store.save_clip(VOICE, "Hello there.", HELLO)
    own_redis.command("CONFIG", "SET", "maxmemory", "1000")
    assert await store.load_clips(VOICE, ["Hello there."]) == {"Hello there.": HELLO}
    with pytest.raises(StoreError):
        await store.save_clip(VOICE, "Bye.", HELLO)
    await store.aclose()


async def test_a_redis_that_is_gone_is_a_store_error(own_redis):
    store = RedisStore.from_url(own_redis.url)
    own_redis.stop()
    for asked in (
        store.load_clips(VOICE, ["Hello there."]),
        store.recent_clips(VOICE, 10),
        store.save_clip(VOICE, "Hello there.", HELLO),
    ):
        with pytest.raises(StoreError):
            await asked
    await store.aclose()


async def test_half_a_surrogate_pair_is_a_store_error(store):
    with pytest.raises(StoreError):
        await store.save_clip(VOICE, "hm \ud83d", HELLO)
    assert await store.load_clips(VOICE, ["hm \ud83d"]) == {}
