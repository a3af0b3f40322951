"""`POST /v1/erasures` and `phoneagent erase`, after real calls."""

from __future__ import annotations

import asyncio
import json

import pytest
from click.testing import CliRunner

from phoneagent.call.erasure import SETTLING
from phoneagent.cli.program import main
from phoneagent.records import RecordingRules
from phoneagent.simulator.caller import CallerScript, Say
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore
from tests.calls.world import agent, world
from tests.redis_server import redis_server
from tests.store.populated import CAME_IN, PERSON, populate

from .client import client
from .test_scopes import bearer

HOURS = CallerScript(Say("What are your opening hours?"), Say("Goodbye"))
CALLER = "+12125550123"


async def test_a_caller_is_erased_with_twilios_recording_and_the_journal(tmp_path):
    store, journals = MemoryStore(), tmp_path / "journals"
    made = agent(recording=RecordingRules(own=True, twilio=True, consent="given"))
    options = {"recordings": str(tmp_path / "recordings"), "store": store, "journals": journals}
    async with world(made, **options) as (running, _), client(running.url) as rest:
        call = await running.carrier.call(running.voice_url, caller=HOURS, from_=CALLER)
        await asyncio.sleep(5.0)
        early = await rest.post("/v1/erasures", {"number": CALLER})
        assert early.status == 200
        assert [left["call"] for left in early.json["left"]] == [call.call]
        running.app.state.eraser._now = lambda now=running.app.state.eraser._now: now() + SETTLING + 600
        done = await rest.post("/v1/erasures", {"number": "+1 (212) 555-0123"})
        erased = done.json["erased"]
        assert erased["calls"] == 1
        assert erased["turns"] >= 3
        assert (erased["recordings"], erased["carrier_recordings"], erased["journals"]) == (1, 1, 1)
        assert (erased["reports"], done.json["left"]) == (1, [])
        assert "backups" in done.json["elsewhere"][0]
        assert (await rest.get(f"/v1/calls/{call.call}")).status == 404
        assert (await rest.get(f"/v1/calls/{call.call}/recording")).status == 404
        assert not running.carrier.calls[call.call].recordings
        assert list(journals.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "status"), [({"number": "hello"}, 422), ({}, 422), ({"number": "0151 23"}, 422), ({"call": "CA1"}, 422)]
)
async def test_what_is_no_number_is_refused(body, status):
    async with world() as (running, _), client(running.url) as rest:
        answer = await rest.post("/v1/erasures", body)
        assert answer.status == status
        assert answer.misfits


async def test_only_admins_erase():
    store = MemoryStore()
    async with world(store=store) as (running, _), client(running.url) as rest:
        for scope, status in (("read", 403), ("call", 403), ("admin", 200)):
            headers = await bearer(store, scope, name=scope)
            assert (await rest.post("/v1/erasures", {"number": CALLER}, headers=headers)).status == status


def test_the_command_erases_in_redis_and_says_so():
    async def fill(url):
        store = RedisStore.from_url(url)
        await populate(store, 1_790_000_000.0)
        await store.aclose()

    async def there(url):
        store = RedisStore.from_url(url)
        found = await store.load_call(CAME_IN)
        await store.aclose()
        return found

    with redis_server() as server:
        asyncio.run(fill(server.url))
        run = CliRunner()
        env = {"REDIS_URL": server.url}
        assert run.invoke(main, ["erase", PERSON], input="n\n", env=env).exit_code == 1
        assert asyncio.run(there(server.url))
        done = run.invoke(main, ["erase", PERSON, "--yes", "--json"], env=env, catch_exceptions=False)
        told = json.loads(done.stdout)
        assert (told["erased"]["calls"], told["erased"]["orders"], told["left"]) == (2, 1, [])
        assert asyncio.run(there(server.url)) is None
        again = run.invoke(main, ["erase", PERSON, "--yes"], env=env, catch_exceptions=False)
        assert again.stdout.startswith("erased: nothing was there\n")


@pytest.mark.parametrize(
    ("number", "env", "said"),
    [("12", {"REDIS_URL": "redis://127.0.0.1:1"}, "country code"), (PERSON, {"REDIS_URL": ""}, "POST /v1/erasures")],
)
def test_a_number_and_a_redis_are_needed(number, env, said):
    done = CliRunner().invoke(main, ["erase", number, "--yes"], env=env)
    assert done.exit_code == 2
    assert said in done.stderr
