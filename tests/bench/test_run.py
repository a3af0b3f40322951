"""A real run, in real time; and what is told of a call."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace

import pytest

from phoneagent.agent_file import BUILT_IN
from phoneagent.bench.load import Called
from phoneagent.bench.run import Plan, at_ear, at_once, run, run_floor, turns_of, with_modules
from phoneagent.providers.tts.espeak import EspeakVoice
from phoneagent.simulator.ear import Ear, Said, StreamOpened
from phoneagent.simulator.placed_call import CallResult
from phoneagent.simulator.speech import FRAME
from phoneagent.simulator.violation import Violation

LOUD, SILENT = b"\x00" * FRAME, b""


@pytest.fixture
def anyio_backend():
    return "asyncio", {"use_uvloop": True}


def called(*, answered=100.0, agent=(), said=(), ending="caller hung up", violations=(), sent=None):
    """A call with an ear that heard the agent in the given frames."""
    ear = Ear(recording=False)
    clock = [0.0]
    ear.begin(lambda: clock[0])
    ear.note(StreamOpened(0.1, "MZ1"))
    if sent is not None:
        clock[0] = sent
        ear.audio_arrived()
        clock[0] = sent + 5.0
        ear.audio_arrived()  # only the first counts
    for frame in range(100):
        ear.audio_came_at = frame * 0.02 - 0.013
        ear.agent_frame(LOUD if any(first <= frame < last for first, last in agent) else SILENT)
    for fact in said:
        ear.note(fact)
    result = CallResult("CA1", ending, "completed", ear, (), violations, ())
    return Called("Anna Berger", answered, result)


def test_turns_are_told_on_the_loops_clock_and_without_the_introduction():
    call = called(
        agent=[(40, 50), (85, 90)],
        said=[Said(0.2, 0.5, "This is Anna Berger."), Said(1.1, 1.5, "Yes."), Said(1.9, 1.95, "Hello?")],
    )
    first, second = turns_of(call)
    assert (first.caller, first.number) == ("Anna Berger", 1)
    assert (first.ended, first.heard) == (pytest.approx(101.5), pytest.approx(101.7))
    assert (first.framing, first.line) == (pytest.approx(0.0), pytest.approx(0.013))
    assert second.heard is None
    assert second.line is None


def test_the_callers_last_sound_waits_for_the_end_of_its_frame():
    [turn] = turns_of(called(said=[Said(0.1, 0.2, "Anna."), Said(0.5, 0.965, "Yes.")]))
    assert turn.framing == pytest.approx(0.015)


def test_what_the_caller_noticed():
    noticed = at_ear(called(agent=[(10, 20), (22, 30)], sent=0.104))
    assert noticed.greeting_sent == pytest.approx(0.004)
    assert noticed.greeting_heard == pytest.approx(0.1)
    assert noticed.holes == (pytest.approx(0.04),)
    assert noticed.problems == ()


def test_a_call_that_goes_wrong_is_a_problem():
    noticed = at_ear(called(ending="caller gave up", violations=(Violation(31951, "media without audio", 1.0),)))
    assert noticed.greeting_sent is noticed.greeting_heard is None
    assert noticed.problems == ("Anna Berger: media without audio", "Anna Berger: caller gave up after 2.0 s")


def test_calls_at_once():
    assert at_once([called(answered=answered) for answered in (0.0, 1.0, 1.5, 3.2)]) == 3
    assert at_once([]) == 0


def test_the_agents_modules_are_found(tmp_path):
    assert with_modules({"HOME": "/"}, tmp_path) == {"HOME": "/", "PYTHONPATH": str(tmp_path)}
    assert with_modules({"PYTHONPATH": "/a"}, tmp_path)["PYTHONPATH"] == f"{tmp_path}:/a"


@pytest.mark.realtime
async def test_one_call_in_real_time():
    plan = Plan(BUILT_IN.read_text(), BUILT_IN.parent, calls=1, turns=1)
    began = time.perf_counter()
    told = await run(plan, EspeakVoice(), os.environ)
    assert time.perf_counter() - began > 10.0
    assert (told.turns, told.unanswered, told.unexplained, told.problems) == (1, 0, 0, ())
    assert told.response.p50 == pytest.approx(0.55, abs=0.2)
    assert told.injected.p50 == pytest.approx(0.46, abs=0.05)
    assert told.greeting_sent.count == 1
    assert told.cost.cpu_per_call_minute
    assert told.lag_p99 is not None


@pytest.mark.realtime
@pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server")
async def test_two_workers_in_real_time():
    plan = Plan(BUILT_IN.read_text(), BUILT_IN.parent, calls=2, turns=1, workers=2)
    told = await run(plan, EspeakVoice(), os.environ)
    alone = await run(replace(plan, workers=1), EspeakVoice(), os.environ)
    assert (told.turns, told.unanswered, told.problems) == (2, 0, ())
    assert (told.cost.resident_idle or 0) > 1.5 * (alone.cost.resident_idle or 0)


@pytest.mark.realtime
async def test_the_floor_in_real_time():
    cost, _ = await run_floor(Plan("", BUILT_IN.parent, calls=1, turns=0), EspeakVoice(), os.environ)
    assert cost.cpu
    assert cost.call_seconds > 10.0
