"""What docs/webhooks.md says is so: its receiver receives, and its tables are those of the code."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from phoneagent.agent_file import parse_agent
from phoneagent.call.courier import AT_ONCE, SCHEDULE, WITHIN
from phoneagent.call.incoming import Decision
from phoneagent.deliveries import MESSAGE_TYPES, Webhook
from phoneagent.private import Private
from phoneagent.simulator.local_server import LocalServer
from phoneagent.store.delivery_rules import MOST_DEAD, MOST_WAITING
from phoneagent.web.webhooks import DETAILS
from phoneagent.webhooks.incoming import _read
from phoneagent.webhooks.messenger import MOST_READ, Messenger
from tests.calls.test_webhooks import TALKS
from tests.calls.world import agent, world
from tests.webhooks.receiver import ANOTHER, SECRET

TEXT = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


async def test_the_receiver_hears_of_a_call_and_of_nobody_elses(monkeypatch, capsys):
    monkeypatch.setenv("CRM_WEBHOOK_SECRET", SECRET)
    (source,) = blocks("python")
    names: dict[str, object] = {}
    exec(compile(source, "docs/webhooks.md", "exec"), names)  # noqa: S102  # it is what a reader does with it
    async with LocalServer(names["app"]) as server:
        url = f"{server.url}/phoneagent"
        made = agent(webhooks=(Webhook(url, (Private(SECRET),), private=True),))
        async with world(made) as (running, told):
            call = running.carrier.dial(running.voice_url, caller=TALKS)
            await told.until(lambda: bool(told.of("analysed")))
            await asyncio.sleep(1)
        messenger = Messenger()
        forged = await messenger.send(Webhook(url, (Private(ANOTHER),), private=True), "msg_1", "{}", within=1.0)
        await messenger.aclose()
    assert forged.status == 401
    heard = [line.split() for line in capsys.readouterr().out.splitlines() if line.endswith(call.sid)]
    assert [kind for kind, _ in heard[:2]] == ["call.started", "turn.ended"]
    assert {"call.ended", "call.analysed"} <= {kind for kind, _ in heard}


def test_the_tables_are_good():
    ours, incoming = blocks("toml")
    read = parse_agent(f'name = "desk"\n{ours}\n{incoming}', "desk.toml")
    assert read.webhooks[0].events == ("call.ended", "call.analysed")
    assert read.incoming is not None
    assert read.incoming.within == 1.0
    rows = re.findall(r"^\| `([a-z.]+)` \|", TEXT, re.MULTILINE)
    assert tuple(rows) == MESSAGE_TYPES
    for name in DETAILS:
        assert f"`{name}`" in TEXT


def test_the_answers_are_understood():
    _, decides, refuses = blocks("json")
    assert _read(decides.encode()) == Decision("billing", {"name": "Ana"}, {"customer": "17"})
    assert _read(refuses.encode()).refuse == "busy"
    assert json.loads(blocks("json")[0])["type"] in MESSAGE_TYPES


def test_the_numbers_are_those_of_the_code():
    assert (5, 300, 1800, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24))) == SCHEDULE
    assert (WITHIN, AT_ONCE, MOST_READ, MOST_WAITING, MOST_DEAD) == (15, 4, 16 * 1024, 10_000, 10_000)
