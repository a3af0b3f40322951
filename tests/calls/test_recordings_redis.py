"""A recording is paused by way of a process that does not have the call, and Redis keeps what became of it."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from pydantic import SecretStr

from phoneagent.records import RecordingRules
from phoneagent.simulator.caller import CallerScript, Say
from tests.recorded import loud, tracks
from tests.redis_server import redis_server
from tests.web.api.client import KEY

from .world import AT_ONCE, agent, world


@pytest.fixture
def anyio_backend():
    """Another process takes real time."""
    return "asyncio"


@pytest.fixture
def redis():
    with redis_server() as server:
        yield server


async def test_another_process_pauses_a_recording(redis, tmp_path):
    made = agent(recording=RecordingRules(own=True, twilio=True, consent="given"))
    script = CallerScript(Say("Yes please", after=1.0), Say("Goodbye"))
    async with (
        world(made, recordings=str(tmp_path), redis_url=SecretStr(redis.url), latencies=AT_ONCE) as (running, told),
        running.another() as other,
    ):
        first = running.app
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: bool(told.of("recording_started")))
        running.front.app = other
        async with aiohttp.ClientSession(headers=KEY) as session:
            url = f"{running.url}/v1/calls/{placed.sid}/recording/pause"
            async with session.post(url) as answer:
                assert answer.status == 204
        running.front.app = first
        call = await placed.ended
        await asyncio.sleep(1.0)
        record = await other.state.switchboard.look_up_record(call.call)
    assert record.recording_paused
    assert record.recording == "kept"
    assert record.carrier_recording_status == "completed"
    assert [status for _, status in next(iter(placed.recordings.values())).changes] == ["in-progress", "paused"]
    [file] = tmp_path.glob("*.wav")
    left, right = tracks(file.read_bytes())
    assert len(left) > 3 * 8000
    assert not loud(left, 1.5, len(left) / 8000)
    assert not loud(right, 1.5, len(right) / 8000)
