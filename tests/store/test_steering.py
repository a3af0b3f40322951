"""What every steering line does, within a process and over Redis, and operators who use it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from phoneagent.call.steering import Control, Steering
from phoneagent.call.switchboard import Switchboard
from phoneagent.errors import CallIsOver, NobodyHoldsCall, StoreError
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store.memory import MemoryStore
from phoneagent.store.redis import RedisStore
from phoneagent.store.steering_memory import MemorySteering
from phoneagent.store.steering_redis import RedisSteering
from tests.call.test_switchboard import RECORD, Line, Provider, started, switchboard

CALL = RECORD.id


@pytest.fixture(params=["memory", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def anyio_backend(kind):
    return ("asyncio", {"loop_factory": FastForwardLoop}) if kind == "memory" else "asyncio"


@pytest.fixture
async def store(kind, request):
    store = MemoryStore() if kind == "memory" else RedisStore.from_url(request.getfixturevalue("empty_redis").url)
    yield store
    await store.aclose()


@pytest.fixture
async def lines(kind, request):
    """Two ends, as two processes have them."""
    if kind == "memory":
        line = MemorySteering()
        yield line, line
        return
    url = request.getfixturevalue("empty_redis").url
    here, there = RedisSteering(url), RedisSteering(url)
    yield here, there
    await here.aclose()
    await there.aclose()


class Process:
    """Holds one call, and notes what it is told."""

    def __init__(self, outcome="done"):
        self.told: list[str] = []
        self.outcome = outcome

    def receive(self, call, control):
        if call != CALL:
            return "nobody"
        if self.outcome == "done":
            self.told.append(control.argument)
        return self.outcome


@asynccontextmanager
async def serving(line, process, receive):
    task = asyncio.create_task(line.serve(process, receive))
    await asyncio.sleep(0)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_what_is_sent_reaches_the_process_that_holds_the_call_in_order(lines, store):
    here, there = lines
    await store.take_lease(CALL, "there/1", seconds=30)
    process, other = Process(), Process("nobody")
    async with serving(here, "here", other.receive), serving(there, "there", process.receive):
        for number in range(5):
            assert await here.send(CALL, Control("say", str(number)), within=2.0) == "done"
    assert process.told == ["0", "1", "2", "3", "4"]
    assert other.told == []


async def test_one_id_is_carried_out_once(lines, store):
    here, there = lines
    await store.take_lease(CALL, "there/1", seconds=30)
    process, control = Process(), Control("say", "Hold on.")
    async with serving(there, "there", process.receive):
        assert await here.send(CALL, control, within=2.0) == "done"
        assert await here.send(CALL, control, within=2.0) == "done"
    assert process.told == ["Hold on."]


async def test_what_was_not_carried_out_may_be_wanted_again(lines, store):
    here, there = lines
    await store.take_lease(CALL, "there/1", seconds=30)
    process, control = Process("over"), Control("say", "Hold on.")
    async with serving(there, "there", process.receive):
        assert await here.send(CALL, control, within=2.0) == "over"
        process.outcome = "done"
        assert await here.send(CALL, control, within=2.0) == "done"
    assert process.told == ["Hold on."]


async def test_a_call_that_nobody_holds_or_that_is_over_is_told_apart(lines, store):
    steering = Steering(lines[0], store)
    with pytest.raises(NobodyHoldsCall):
        await steering.send(CALL, Control("hangup"))
    await store.create_call(RECORD)
    with pytest.raises(NobodyHoldsCall):
        await steering.send(CALL, Control("hangup"))
    await store.update_call(CALL, status="completed", ended=1.0)
    with pytest.raises(CallIsOver):
        await steering.send(CALL, Control("hangup"))


@pytest.mark.parametrize("kind", ["redis"], indirect=True)
async def test_what_was_given_up_is_not_carried_out_later(lines, store):
    here, there = lines
    await store.take_lease(CALL, "there/1", seconds=30)
    process = Process()
    assert await here.send(CALL, Control("hangup"), within=0.2) == "late"
    async with serving(there, "there", process.receive):
        assert await here.send(CALL, Control("say", "Hold on."), within=2.0) == "done"
    assert process.told == ["Hold on."]


@pytest.mark.parametrize("kind", ["redis"], indirect=True)
async def test_without_redis_nobody_is_steered(own_redis):
    line = RedisSteering(own_redis.url)
    own_redis.stop()
    with pytest.raises(StoreError):
        await line.send(CALL, Control("hangup"), within=2.0)
    await line.aclose()


@pytest.mark.parametrize(("action", "argument"), [("say", " "), ("dtmf", "12x"), ("hangup", "now"), ("instruct", "")])
def test_a_control_without_sense_is_refused(action, argument):
    with pytest.raises(ValueError, match=f"{action}: expected"):
        Control(action, argument)


def test_what_is_said_and_pressed_is_not_shown():
    assert "4711" not in repr(Control("dtmf", "4711"))


async def test_one_switchboard_steers_a_call_that_another_holds(lines, store):
    here, there = lines
    boards: list[Switchboard] = [switchboard(Provider(), store), switchboard(Provider(), store)]
    boards[1]._around = replace(boards[1]._around, owner="there")
    stream = Line()
    async with boards[0], boards[1], serving(here, "test", boards[0].steer), serving(there, "there", boards[1].steer):
        await boards[1].warmed()
        begins = started(await boards[1].incoming(RECORD))
        await boards[1].admit(begins)
        carrying = asyncio.create_task(boards[1].connect(stream, begins))
        await asyncio.sleep(0.5)
        steering, greeting = Steering(here, store), stream.sent
        await steering.send(CALL, Control("mute"))
        await steering.send(CALL, Control("dtmf", "42"))
        await asyncio.sleep(0.1)
        assert stream.sent - greeting == 2 * 1600
        await steering.send(CALL, Control("instruct", "Be brief."))
        await steering.send(CALL, Control("hangup"))
        with pytest.raises(CallIsOver):
            await steering.send(CALL, Control("say", "Hello?"))
        await carrying
    stored = await store.load_call(CALL)
    assert stored is not None
    assert [turn.text for turn in stored.turns if turn.role == "operator"] == ["Be brief."]
