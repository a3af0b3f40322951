"""What a key may do, beside real calls."""

from __future__ import annotations

import asyncio

import pytest

from phoneagent.api_keys import ApiKey, hashed, new_key
from phoneagent.errors import StoreError
from phoneagent.store.memory import MemoryStore
from phoneagent.store.memory_keys import MemoryKeys
from tests.calls.world import world

from .client import client

ORDER = {"to": "+12125550123"}


async def bearer(store, *scopes, name="crm"):
    key = new_key()
    assert await store.keys.add(ApiKey(name, frozenset(scopes), 0.0), hashed(key))
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
async def serving():
    store = MemoryStore()
    allowed = ("US",)
    async with (
        world(store=store, twilio_phone_number="+15005550006", allowed_countries=allowed) as (running, _),
        client(running.url) as rest,
    ):
        yield rest, store


async def test_a_key_does_what_its_scopes_say_and_is_told_what_it_lacks(serving):
    rest, store = serving
    reader, caller = await bearer(store, "read"), await bearer(store, "call", name="dialler")
    assert (await rest.get("/v1/calls", headers=reader)).status == 200
    refused = await rest.post("/v1/calls", ORDER, headers=reader)
    assert refused.status == 403
    assert refused.problem["type"] == "urn:problem-type:phoneagent:scope-missing"
    assert refused.problem["detail"] == "expected a key with the scope call; this one has read"
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="call"'
    placed = await rest.post("/v1/calls", ORDER, headers=caller)
    assert placed.status == 201
    assert (await rest.post(f"/v1/calls/{placed.json['id']}/hangup", headers=reader)).status == 403
    assert (await rest.get(placed.headers["Location"], headers=caller)).status == 403
    assert (await rest.ask("HEAD", placed.headers["Location"], headers=caller)).status == 403


async def test_metrics_are_for_admins(serving):
    rest, store = serving
    statuses = [
        (await rest.get("/metrics", headers=await bearer(store, scope, name=scope))).status
        for scope in ("read", "call", "admin")
    ]
    assert statuses == [403, 403, 200]


async def test_a_revoked_key_is_good_for_seconds_and_no_longer(serving):
    rest, store = serving
    reader = await bearer(store, "read")
    assert (await rest.get("/v1/agents", headers=reader)).status == 200
    await store.keys.revoke("crm")
    await asyncio.sleep(2.1)
    answer = await rest.get("/v1/agents", headers=reader)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_a_revoked_key_opens_nothing_even_where_this_machine_needs_none():
    store = MemoryStore()
    async with world(store=store, api_keys=()) as (running, _), client(running.url) as rest:
        reader = await bearer(store, "read")
        assert (await rest.get("/metrics", headers={})).status == 200
        assert (await rest.get("/metrics", headers=reader)).status == 403
        await store.keys.revoke("crm")
        await asyncio.sleep(2.1)
        assert (await rest.get("/metrics", headers=reader)).status == 401


class Counting(MemoryKeys):
    def __init__(self):
        super().__init__()
        self.asked = []

    async def find(self, hashed):
        self.asked.append(hashed)
        return await super().find(hashed)


async def test_the_store_is_not_asked_for_every_request_nor_for_what_is_no_key():
    store = MemoryStore()
    store.keys = Counting()
    async with world(store=store) as (running, _), client(running.url) as rest:
        reader = await bearer(store, "read")
        for _ in range(5):
            assert (await rest.get("/v1/agents", headers=reader)).status == 200
        assert len(store.keys.asked) == 1
        assert (await rest.get("/v1/agents", headers={"Authorization": "Bearer guessed"})).status == 401
        assert (await rest.get("/v1/agents")).status == 200, "a key of the settings"
        assert len(store.keys.asked) == 1


class Away(MemoryKeys):
    async def find(self, hashed):
        raise StoreError("redis: nobody there")


async def test_while_the_store_is_away_keys_of_the_settings_are_good_and_others_are_asked_to_wait():
    store = MemoryStore()
    store.keys = Away()
    async with world(store=store) as (running, _), client(running.url) as rest:
        made = {"Authorization": f"Bearer {new_key()}"}
        answer = await rest.get("/v1/agents", headers=made)
        assert answer.status == 503
        assert answer.problem["type"] == "urn:problem-type:phoneagent:store-away"
        assert (await rest.get("/metrics", headers=made)).status == 503
        assert (await rest.get("/v1/agents")).status == 200
