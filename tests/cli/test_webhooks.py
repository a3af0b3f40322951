"""`phoneagent webhooks`: receivers are tried, and what never arrived is shown and sent on its way again."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from click.testing import CliRunner

from phoneagent.cli import main
from phoneagent.deliveries import Delivery
from phoneagent.store.redis import RedisStore
from phoneagent.webhooks.receivers import checked_secrets
from tests.redis_server import redis_server
from tests.webhooks.receiver import SECRET, receiving

AGENT = """name = "desk"
[[webhooks]]
url = "{url}?key=hunter2"
secret = "${{CRM_SECRET}}"
private = true
"""


@pytest.fixture
def anyio_backend():
    """The command has a loop of its own, in a thread."""
    return "asyncio"


@pytest.fixture(scope="module")
def redis():
    with redis_server() as server:
        yield server


def run(*arguments, **environment):
    return CliRunner().invoke(main, ["webhooks", *arguments], env=environment, catch_exceptions=False)


async def bury(url, *ids):
    store = RedisStore.from_url(url)
    now = time.time()
    for number, name in enumerate(ids):
        delivery = Delivery(name, "crm", "https://crm.example.com/", f"CA{number}", "call.ended", now, "{}")
        await store.deliveries.put([delivery], now=now)
        (claimed,) = await store.deliveries.claim({"crm": 1}, now=now, seconds=60)
        await store.deliveries.bury(claimed, now=now + number, keep=60, problem="got 500")
    await store.aclose()


def test_a_secret_is_good():
    assert len(checked_secrets(run("secret").stdout)) == 1


async def test_each_webhook_is_tried(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with receiving(204, 500) as receiver:
        file = tmp_path / "desk.toml"
        file.write_text(AGENT.format(url=receiver.url))
        arguments = ("test", "--agent", str(file))
        good = await asyncio.to_thread(run, *arguments, CRM_SECRET=SECRET)
        bad = await asyncio.to_thread(run, *arguments, "--json", CRM_SECRET=SECRET)
    assert good.exit_code == 0
    assert good.stdout.startswith(f"{receiver.url} (desk): 204 after 0.")
    assert receiver.types == ["webhook.test"]
    assert bad.exit_code == 1
    assert json.loads(bad.stdout)["answer"] == "expected a status from 200 to 299, got 500"
    assert "hunter2" not in good.output + bad.output


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "desk.toml"
    file.write_text('name = "desk"\n')
    nobody = run("test", "--agent", str(file))
    assert (nobody.exit_code, nobody.stderr[:22]) == (2, "PHONEAGENT_WEBHOOK_URL")
    file.write_text(AGENT.format(url="http://127.0.0.1:9/"))
    unset = run("test", "--agent", str(file), CRM_SECRET="")
    assert unset.exit_code == 2
    assert "the variable CRM_SECRET" in unset.stderr
    assert run("dead", REDIS_URL="").exit_code == 2


def test_dead_letters_are_shown_and_delivered_again(redis):
    asyncio.run(bury(redis.url, "msg_1", "msg_2", "msg_3"))
    shown = run("dead", REDIS_URL=redis.url)
    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["msg_3", "msg_2", "msg_1"]
    assert "call.ended  CA2  https://crm.example.com/  got 500" in shown.stdout
    assert run("redeliver", REDIS_URL=redis.url).exit_code == 2
    unknown = run("redeliver", "msg_1", "msg_9", REDIS_URL=redis.url)
    assert unknown.exit_code == 1
    assert "got msg_9" in unknown.stderr
    (left, other) = json.loads(run("dead", "--json", REDIS_URL=redis.url).stdout)
    assert (left["id"], other["id"], left["attempts"]) == ("msg_3", "msg_2", 1)
    assert run("redeliver", "--all", REDIS_URL=redis.url).exit_code == 0
    assert run("dead", REDIS_URL=redis.url).stdout == ""
