"""`phoneagent keys`: made, shown without the secret, revoked; and what is said where there is no Redis."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from phoneagent.api_keys import looks_like_one
from phoneagent.cli import main
from tests.redis_server import redis_server


@pytest.fixture(scope="module")
def redis():
    with redis_server() as server:
        yield server


@pytest.fixture
def run(redis):
    redis.command("FLUSHALL")

    def run(*arguments, url=redis.url):
        return CliRunner().invoke(main, ["keys", *arguments], env={"REDIS_URL": url}, catch_exceptions=False)

    return run


def test_a_key_is_printed_once_and_listed_without_it(run):
    made = run("create", "--name", "crm", "--scope", "read", "--scope", "call")
    assert made.exit_code == 0
    key = made.stdout.strip()
    assert looks_like_one(key)
    listed = run("list")
    assert listed.exit_code == 0
    assert "crm" in listed.stdout
    assert "call, read" in listed.stdout
    assert key not in listed.output
    (told,) = json.loads(run("list", "--json").stdout)
    assert told.keys() == {"name", "scopes", "created"}
    assert run("revoke", "crm").exit_code == 0
    assert json.loads(run("list", "--json").stdout) == []


def test_what_cannot_be_done_is_said_in_a_line(run):
    run("create", "--name", "crm", "--scope", "read")
    again = run("create", "--name", "crm", "--scope", "call")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "phoneagent keys revoke crm" in again.stderr
    assert run("revoke", "nobody").exit_code == 1
    assert run("create", "--name", "a b", "--scope", "read").exit_code == 2
    assert run("create", "--name", "x", "--scope", "root").exit_code == 2
    assert run("create", "--name", "x").exit_code == 2


def test_without_redis_there_is_no_place_for_keys(run):
    result = run("create", "--name", "crm", "--scope", "read", url="")
    assert result.exit_code == 2
    assert "REDIS_URL" in result.stderr
    assert "PHONEAGENT_API_KEYS" in result.stderr
