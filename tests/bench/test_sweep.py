"""When callers would notice that there are too many of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from phoneagent.bench.report import Distribution, Generator
from phoneagent.bench.run import Plan
from phoneagent.bench.sweep import carried, judge, sweep

from .made_up import made_up

BUSY = Generator(0.95, Distribution.of([0.0]))
LATE = Generator(0.2, Distribution.of([0.009]))
PLAN = Plan(agent="", beside=Path())


@pytest.mark.parametrize(
    ("report", "limit", "load_is_limit"),
    [
        (made_up(latency=0.549), "", False),
        (made_up(latency=0.551), "p95 is 51 ms above that of one call", False),
        (made_up(holes=(0.02,)), "1 holes in the agent's speech", False),
        (made_up(asked=3), "2 turns unanswered, 0 problems", False),
        (made_up(problems=("gave up",)), "0 turns unanswered, 1 problems", False),
        (
            made_up(latency=2.0, generator=BUSY),
            "the load is the bottleneck: p95 is 1500 ms above that of one call; it took 95% of a core (at most 80%)",
            True,
        ),
        (made_up(generator=BUSY), "the load is the bottleneck: it took 95% of a core (at most 80%)", True),
        (made_up(generator=LATE), "", False),
        (
            made_up(holes=(0.02,), generator=LATE),
            "the load is the bottleneck: 1 holes in the agent's speech; its loop was 9.0 ms late, p99 (at most 5 ms)",
            True,
        ),
    ],
)
def test_what_is_too_many(report, limit, load_is_limit):
    step = judge(20, report, made_up(latency=0.5))
    assert (step.limit, step.load_is_limit) == (limit, load_is_limit)


async def swept(slow_from):
    async def measure(plan):
        return made_up(latency=0.6 if plan.calls >= slow_from else 0.5)

    return [step async for step in sweep(PLAN, measure, steps=(1, 10, 20, 40))]


async def test_it_goes_up_to_the_first_that_is_too_many():
    steps = await swept(slow_from=20)
    assert [step.calls for step in steps] == [1, 10, 20]
    assert carried(steps) == 10


async def test_a_step_that_goes_well_the_second_time_went_well():
    asked = []

    async def measure(plan):
        asked.append((plan.calls, plan.turns))
        return made_up(holes=(0.04,) if asked.count((10, 6)) == 1 and plan.calls == 10 else ())

    steps = [step async for step in sweep(PLAN, measure, steps=(1, 10, 20))]
    assert asked == [(1, 12), (10, 6), (10, 6), (20, 6)]
    assert [step.limit for step in steps] == ["", "", ""]


async def test_it_may_find_no_limit():
    steps = await swept(slow_from=1000)
    assert carried(steps) == 40
    assert not steps[-1].limit


async def test_a_single_call_that_fails_ends_it():
    async def measure(plan):
        return made_up(asked=2)

    steps = [step async for step in sweep(PLAN, measure)]
    assert carried(steps) == 0
    assert len(steps) == 1
