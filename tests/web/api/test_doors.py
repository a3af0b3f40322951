"""Who may ask, and what is said to those who ask wrongly: always a problem, never a page."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from phoneagent.errors import StoreError
from phoneagent.store.memory import MemoryStore
from tests.calls.world import world

from .client import KEY, client

STRANGERS = {
    "no key": {},
    "a wrong key": {"Authorization": "Bearer guessed"},
    "another scheme": {"Authorization": f"Basic {KEY['Authorization'].split()[1]}"},
    "the key alone": {"Authorization": KEY["Authorization"].split()[1]},
    "an empty key": {"Authorization": "Bearer "},
    "bytes": {"Authorization": "Bearer \u00ff\u00fe"},
}


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("path", ["/v1/agents", "/v1/calls/CA1/transcript", "/v1/nothing"])
async def test_who_has_no_key_sees_nothing(stranger, path):
    async with world() as (running, _), client(running.url) as rest:
        answer = await rest.get(path, headers=STRANGERS[stranger])
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.problem["type"] == "urn:problem-type:phoneagent:unauthorized"


async def test_any_of_several_keys_is_good():
    keys = (SecretStr("one"), SecretStr("two"))
    async with world(api_keys=keys) as (running, _), client(running.url) as rest:
        statuses = [
            (await rest.get("/v1/agents", headers={"Authorization": f"bearer {key}"})).status
            for key in ("one", "two", "three")
        ]
    assert statuses == [200, 200, 401]


async def test_without_keys_nobody_comes_in_not_even_from_this_machine():
    async with world(api_keys=()) as (running, _), client(running.url) as rest:
        answer = await rest.get("/v1/agents", headers={})
    assert answer.status == 401


async def test_a_path_that_is_not_there():
    async with world() as (running, _), client(running.url) as rest:
        for path in ("/v1/nothing", "/v1/", "/v1/agents/", "/v1/calls/CA1/transcript/x"):
            answer = await rest.get(path)
            assert answer.status == 404, path
            assert answer.problem["type"] == "about:blank"


@pytest.mark.parametrize("method", ["DELETE", "POST", "PUT", "PATCH", "OPTIONS"])
async def test_a_method_that_is_not_there_names_those_that_are(method):
    async with world() as (running, _), client(running.url) as rest:
        answer = await rest.ask(method, "/v1/agents")
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD"}
    assert "GET" in answer.problem["detail"]


class Away(MemoryStore):
    async def load_call(self, call):
        raise StoreError("redis: ConnectionError: nobody at 10.1.2.3:6379")


async def test_a_store_that_is_away_is_said_without_its_address():
    async with world(store=Away()) as (running, _), client(running.url) as rest:
        answer = await rest.get("/v1/calls/CA1")
    assert answer.status == 503
    assert answer.headers["Retry-After"].isdigit()
    assert answer.problem["type"] == "urn:problem-type:phoneagent:store-away"
    assert "10.1.2.3" not in answer.text


class Broken(MemoryStore):
    async def load_call(self, call):
        raise ZeroDivisionError("the secret of a defect")


async def test_a_defect_of_ours_is_a_problem_too_and_keeps_its_secrets():
    async with world(store=Broken()) as (running, _), client(running.url) as rest:
        answer = await rest.get("/v1/calls/CA1")
        assert answer.status == 500
        assert "secret" not in answer.text
        assert answer.problem["title"] == "Internal Server Error"
        assert (await rest.get("/v1/agents")).status == 200
