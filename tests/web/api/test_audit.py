"""What the audit log says of what is asked under /v1."""

from __future__ import annotations

import asyncio
import json

import pytest
from click.testing import CliRunner

from phoneagent.audit import AuditEntry
from phoneagent.cli.program import main
from phoneagent.rehearsal import API_KEY
from phoneagent.simulator.caller import CallerScript, Say, Wait
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore
from phoneagent.web.api.resource import Resource
from phoneagent.web.api.steering import TAKEN_UP
from tests.calls.world import world
from tests.redis_server import redis_server

from .client import client
from .test_scopes import bearer

CALLER = "+12125550123"


@pytest.fixture
async def serving():
    store = MemoryStore()
    async with (
        world(store=store, twilio_phone_number="+15005550006", allowed_countries=("US",)) as (running, told),
        client(running.url) as rest,
    ):
        rest.told = told
        yield rest, store, running


async def deeds(store):
    await asyncio.sleep(0.1)
    return [(each.key, each.action, each.status) for each in reversed((await store.audit.page(limit=1000)).entries)]


async def test_who_placed_read_and_steered_is_known_by_the_name_of_their_key(serving):
    rest, store, _ = serving
    crm = await bearer(store, "read", name="crm")
    placed = await rest.post("/v1/calls", {"to": CALLER})
    await rest.get(f"/v1/calls/{placed.json['id']}", headers=crm)
    refused = await rest.post(f"/v1/calls/{placed.json['id']}/say", {"text": "Hello"}, headers=crm)
    assert refused.status == 403
    await rest.get("/v1/calls/CAnone/transcript", headers=crm)
    assert await deeds(store) == [
        ("PHONEAGENT_API_KEYS 1", "place_call", 201),
        ("crm", "read_call", 200),
        ("crm", "say", 403),
        ("crm", "read_transcript", 404),
    ]
    person = await store.people.pseudonym(CALLER)
    entries = (await store.audit.page()).entries
    assert [each.person for each in entries] == ["", "", person, person]
    assert [each.call for each in entries] == ["CAnone", *[placed.json["id"]] * 3]
    assert API_KEY not in repr(entries)
    assert CALLER[1:] not in repr(entries)


async def test_a_live_call_that_is_steered_and_followed_names_its_caller(serving):
    rest, store, running = serving
    call = running.carrier.dial(
        running.voice_url, caller=CallerScript(Say("What are your hours?"), Wait(30)), from_=CALLER
    )
    await rest.told.until(lambda: bool(rest.told.of("turn_ended")))
    assert (await rest.post(f"/v1/calls/{call.sid}/say", {"text": "Hello"})).status == TAKEN_UP
    await rest.get(f"/v1/calls/{call.sid}/report")
    await deeds(store)
    people = {each.person for each in (await store.audit.page()).entries}
    assert people == {await store.people.pseudonym(CALLER)}


async def test_strangers_write_nothing_into_it(serving):
    rest, store, _ = serving
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert (await rest.get("/v1/calls", headers=headers)).status == 401
    assert await deeds(store) == []


async def test_erasing_a_person_needs_no_hole_in_it(serving):
    rest, store, _ = serving
    await rest.post("/v1/calls", {"to": CALLER, "not_before": "2099-01-01T00:00:00Z"})
    placed = await rest.post("/v1/calls", {"to": CALLER})
    await rest.post(f"/v1/calls/{placed.json['id']}/cancel")
    await rest.post("/v1/erasures", {"number": CALLER})
    done = await deeds(store)
    assert [action for _, action, _ in done] == ["place_call", "place_call", "cancel_call", "erase"]
    people = {each.person for each in (await store.audit.page()).entries if each.status < 400}
    assert people == {await store.people.pseudonym(CALLER)}


async def test_only_admins_read_it_in_pages_and_are_in_it(serving):
    rest, store, _ = serving
    assert (await rest.get("/v1/audit", headers=await bearer(store, "read", "call", name="crm"))).status == 403
    await rest.get("/v1/calls")
    await asyncio.sleep(0.1)
    first = await rest.get("/v1/audit?limit=1")
    assert [item["action"] for item in first.json["items"]] == ["list_calls"]
    second = await rest.get(f"/v1/audit?cursor={first.json['next_cursor']}")
    assert [(item["key"], item["action"], item["status"]) for item in second.json["items"]] == [
        ("crm", "read_audit", 403)
    ]
    assert second.json["next_cursor"] is None
    assert (await rest.get("/v1/audit?cursor=nonsense")).misfits
    assert [action for _, action, _ in await deeds(store)][2:] == ["read_audit"] * 3


async def test_everything_about_people_has_a_name_in_it(serving):
    _, _, running = serving
    mounted = next(route.app for route in running.app.router.routes if getattr(route, "path", "") == "/v1")
    named = {
        f"{method} {route.path}": operation.action
        for route in mounted.routes
        if isinstance(route, Resource)
        for method, operation in route.operations.items()
    }
    assert [name for name, action in named.items() if not action] == ["GET /agents"]
    assert len(set(named.values())) == len(named)


async def test_a_store_that_is_away_delays_no_answer(serving, monkeypatch):
    rest, store, _ = serving

    async def never(_):
        await asyncio.Event().wait()

    monkeypatch.setattr(store.audit, "append", never)
    began = asyncio.get_running_loop().time()
    for _ in range(20):
        assert (await rest.get("/v1/calls")).status == 200
    assert asyncio.get_running_loop().time() - began < 1.0


def test_the_command_shows_what_was_about_a_person():
    async def fill(url):
        store = RedisStore.from_url(url)
        person = await store.people.pseudonym(CALLER)
        entries = [AuditEntry(1.0, "crm", "listen", 200, "CA1", person), AuditEntry(2.0, "crm", "list_calls", 200)]
        await store.audit.append(entries)
        await store.aclose()

    with redis_server() as server:
        asyncio.run(fill(server.url))
        env = {"REDIS_URL": server.url}
        run = CliRunner()
        everything = run.invoke(main, ["audit", "--json"], env=env, catch_exceptions=False)
        assert [each["action"] for each in json.loads(everything.stdout)] == ["list_calls", "listen"]
        theirs = run.invoke(main, ["audit", "--number", CALLER], env=env, catch_exceptions=False)
        assert theirs.stdout.startswith("1970-01-01T00:00:01Z  crm  listen  200  CA1  ")
        assert theirs.stdout.count("\n") == 1
        run.invoke(main, ["erase", CALLER, "--yes"], env=env, catch_exceptions=False)
        [last] = json.loads(run.invoke(main, ["audit", "--json", "--limit", "1"], env=env).stdout)
        assert (last["key"], last["action"]) == ("command line", "erase")
    assert run.invoke(main, ["audit"], env={"REDIS_URL": ""}).exit_code == 2
