"""What becomes of API keys in every store, in memory and in Redis."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from phoneagent.api_keys import ApiKey, hashed, looks_like_one, new_key
from phoneagent.errors import StoreError
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore

CRM = ApiKey("crm", frozenset({"read", "call"}), 1_790_000_000.0)
GRAFANA = ApiKey("grafana", frozenset({"admin"}), 1_790_000_001.5)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(params=["memory", "redis"])
async def ring(request):
    if request.param == "memory":
        yield MemoryStore().keys
        return
    async with connected(request.getfixturevalue("empty_redis").url) as store:
        yield store.keys


@asynccontextmanager
async def connected(url):
    store = RedisStore.from_url(url)
    try:
        yield store
    finally:
        await store.aclose()


async def test_a_key_is_found_by_its_hash_until_it_is_revoked(ring):
    assert await ring.add(CRM, hashed("one"))
    assert await ring.add(GRAFANA, hashed("two"))
    assert await ring.find(hashed("one")) == CRM
    assert await ring.find("one") is None
    assert await ring.all() == (CRM, GRAFANA)
    assert await ring.revoke("crm")
    assert await ring.find(hashed("one")) is None
    assert await ring.all() == (GRAFANA,)
    assert not await ring.revoke("crm")


async def test_a_name_is_used_once_and_again_after_its_key_was_revoked(ring):
    assert await ring.add(CRM, hashed("one"))
    assert not await ring.add(CRM, hashed("other"))
    assert await ring.find(hashed("other")) is None, "nothing is kept of what was refused"
    await ring.revoke("crm")
    assert await ring.add(CRM, hashed("other"))


async def test_keys_outlive_the_process_and_are_not_in_redis_as_text(empty_redis):
    key = new_key()
    async with connected(empty_redis.url) as store:
        await store.keys.add(CRM, hashed(key))
    async with connected(empty_redis.url) as store:
        assert await store.keys.find(hashed(key)) == CRM
    for name in ("by-hash", "names"):
        assert key not in empty_redis.command("HGETALL", f"phoneagent:{{api-keys}}:{name}")


async def test_a_redis_that_is_away_is_said(own_redis):
    async with connected(own_redis.url) as store:
        await store.ping()
        own_redis.stop()
        with pytest.raises(StoreError):
            await store.keys.find(hashed("one"))


def test_a_key_has_its_own_form():
    assert looks_like_one(new_key())
    assert new_key() != new_key()
    assert not looks_like_one("simulated-api-key")
    assert not looks_like_one(new_key() + "x")
