"""Whatever is asked, the served interface answers as its document says, and never with a defect.

`schemathesis run` makes the requests from the document, right ones and wrong ones, the same ones each time.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from phoneagent.deliveries import Delivery
from phoneagent.records import ProviderChoice, RecordingRules
from phoneagent.rehearsal import API_KEY
from phoneagent.simulator.caller import AgentSpeaking, CallerScript, HangUp, Wait
from phoneagent.store.memory import MemoryStore
from tests.calls.world import agent, world

from .client import client

HOOKS = "tests.web.api.schemathesis_hooks"
REPOSITORY = Path(__file__).parents[3]
EXAMPLES = 2  # of each operation, beside those that go round the edges of each field

LEFT_OUT = (
    "positive_data_acceptance",  # a document cannot say which numbers may be called, or which calls there are
)


@pytest.fixture
def anyio_backend():
    """The questions come from another process."""
    return "asyncio"


async def test_whatever_is_asked_is_answered_as_documented(tmp_path):
    made = agent(  # espeak has its phrases in real time too
        tts=ProviderChoice("espeak"), recording=RecordingRules(own=True, consent="given")
    )
    store = MemoryStore()
    options = {"recordings": str(tmp_path / "recordings"), "rate_limit": "100000/minute", "store": store}
    async with (
        world(made, twilio_phone_number="+15005550006", **options) as (running, told),
        client(running.url) as rest,
    ):
        short = running.carrier.dial(running.voice_url, caller=CallerScript(HangUp(after=AgentSpeaking(0.1))))
        await told.until(lambda: bool(told.of("call_left")))
        lasting = running.carrier.dial(running.voice_url, caller=CallerScript(Wait(60)))
        later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        placed = await rest.post("/v1/calls", {"to": "+12125550123", "not_before": later})
        canceled = await rest.post(f"/v1/calls/{placed.json['id']}/cancel")
        assert canceled.json["status"] == "canceled"
        calls = {"CALLS_OVER": f"{short.sid},{canceled.json['id']}", "CALL_THAT_LASTS": lasting.sid}
        calls["DEAD_LETTERS"] = ",".join(letters := await _dead_letters(store))
        status, said = await _schemathesis(running.url, calls, tmp_path)
        assert told.of("steered"), "a call was reached that could be steered"
        left = (await store.deliveries.dead(limit=100)).letters
        assert 0 < len(left) < len(letters), "some were found and delivered again"
    assert status == 0, said


async def _dead_letters(store: MemoryStore) -> list[str]:
    """Messages that could not be delivered."""
    made = [Delivery(f"msg_{n}", "crm", "https://a.example/", f"CA{n}", "call.ended", 1.0, "{}") for n in range(50)]
    await store.deliveries.put(made, now=1.0)
    for claimed in await store.deliveries.claim({"crm": len(made)}, now=1.0, seconds=1.0):
        await store.deliveries.bury(claimed, now=1.0, keep=3600.0, problem="expected a status from 200 to 299, got 500")
    return [delivery.id for delivery in made]


async def _schemathesis(url: str, calls: dict[str, str], folder: Path) -> tuple[int | None, str]:
    """Its exit status, and what it has found."""
    options = {
        "--header": f"Authorization: Bearer {API_KEY}",
        "--checks": "all",
        "--exclude-checks": ",".join(LEFT_OUT),
        "--phases": "examples,coverage,fuzzing",
        "--max-examples": str(EXAMPLES),
        "--request-timeout": "10",
    }
    arguments = [part for option in options.items() for part in option]
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        "run",
        f"{url}/openapi.json",
        *arguments,
        "--generation-deterministic",
        "--no-shrink",
        "--no-color",
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": HOOKS,
            "PYTHONPATH": str(REPOSITORY),
            **calls,
        },
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, said.decode()
