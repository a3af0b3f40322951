"""Processes share speech by way of a real Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from phoneagent.call.speech_cache import SHARE_WITHIN, SpeechCache
from phoneagent.conversation.words import Word
from phoneagent.ports import Store
from phoneagent.private import Private
from phoneagent.records import Clip
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore
from tests.redis_server import redis_server

from .test_speech_cache import Voice

FIXED = ["Hello.", "Are you still there?", "Goodbye."]


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def redis():
    with redis_server() as server:
        yield server


@asynccontextmanager
async def process(store: Store) -> AsyncIterator[SpeechCache]:
    """A process with its cache; leaving it, what it wanted to share is shared."""
    cache = SpeechCache(store)
    yield cache
    if cache._exchanges:
        await asyncio.wait(cache._exchanges)
    await cache.aclose()
    await store.aclose()


async def test_after_a_restart_everything_is_there_and_the_voice_is_not_asked(redis):
    before, after = Voice(), Voice()
    async with process(RedisStore.from_url(redis.url)) as cache:
        await cache.warm(before, FIXED)
        for number in ("+15005550001", "+15005550002"):
            clip = Clip(b"\xff\x00\x80" * 100, (Word("Let", 0, 300),))
            cache.heard("voice", "Let me look.", clip, listener=Private(number))
    async with process(RedisStore.from_url(redis.url)) as cache:
        await cache.warm(after, FIXED)
        assert cache.get("voice", "Hello.") == Clip(b"Hello.", (Word("Hello.", 0, 6),))
        await asyncio.wait(cache._exchanges)
        assert cache.get("voice", "Let me look.") == Clip(b"\xff\x00\x80" * 100, (Word("Let", 0, 300),))
    assert before.asked == FIXED
    assert after.asked == []


async def test_without_redis_each_process_speaks_for_itself():
    for _ in range(2):
        voice = Voice()
        async with process(MemoryStore()) as cache:
            await cache.warm(voice, FIXED)
            await cache.warm(voice, FIXED)
        assert voice.asked == FIXED


async def test_two_processes_that_prepare_the_same_do_each_other_no_harm(redis):
    one, two, three = Voice(), Voice(), Voice()
    async with process(RedisStore.from_url(redis.url)) as first, process(RedisStore.from_url(redis.url)) as second:
        await asyncio.gather(first.warm(one, FIXED), second.warm(two, FIXED))
        for cache in (first, second):
            assert all(cache.get("voice", text) == Clip(text.encode(), (Word(text, 0, len(text)),)) for text in FIXED)
    async with process(RedisStore.from_url(redis.url)) as cache:
        await cache.warm(three, FIXED)
    assert three.asked == []


async def test_a_redis_that_stalls_does_not_keep_the_voice_waiting(redis):
    voice, cache = Voice(), SpeechCache(store := RedisStore.from_url(redis.url))
    await store.ping()
    redis.stall()
    began = time.monotonic()
    await cache.warm(voice, FIXED)
    assert time.monotonic() - began < SHARE_WITHIN
    assert voice.asked == FIXED
    await cache.aclose()
    redis.resume()
    await store.aclose()
