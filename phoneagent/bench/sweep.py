"""How many calls a core carries: more and more of them, until callers would notice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from .report import BUSY, Report
from .run import Plan

STEPS = (1, 10, 20, 40, 60, 80, 100, 125, 150, 200, 250, 300, 400, 500)
TURNS_ALONE = 12  # of a single call, at the least: every step is compared with its p95
SLOWER = 0.050  # seconds that p95 of the response latency may be above that of one call: less is not noticed


@dataclass(frozen=True, slots=True)
class Step:
    """A run of the sweep. `limit` says why it is one too many; empty when it is not."""

    calls: int
    report: Report
    limit: str
    load_is_limit: bool


def judge(calls: int, report: Report, alone: Report) -> Step:
    """Whether a run with so many calls went as well as one with a single call."""
    noticed, generator = _noticed(report, alone), report.generator
    # A load that is now and then late makes figures worse, never better: good ones count all the same. One that is
    # busy all the time asks less of the server than that many calls would.
    if generator.too_busy and (noticed or generator.share_of_core > BUSY):
        why = "; ".join(filter(None, (noticed, *generator.too_busy)))
        return Step(calls, report, f"the load is the bottleneck: {why}", True)
    return Step(calls, report, noticed, False)


def _noticed(report: Report, alone: Report) -> str:
    """What callers would notice, or nothing."""
    slowest, fastest = report.response.p95, alone.response.p95
    if report.problems or report.unanswered:
        return f"{report.unanswered} turns unanswered, {len(report.problems)} problems"
    if slowest is not None and fastest is not None and slowest - fastest > SLOWER:
        return f"p95 is {(slowest - fastest) * 1000:.0f} ms above that of one call"
    return f"{report.holes} holes in the agent's speech" if report.holes else ""


async def sweep(
    plan: Plan, measure: Callable[[Plan], Awaitable[Report]], steps: tuple[int, ...] = STEPS
) -> AsyncIterator[Step]:
    """Each step as it is done; the last has a limit, unless all steps went well.

    A step that went wrong is tried once more: what else a machine does must not pass for the limit of a core.
    """
    alone: Report | None = None
    for calls in steps:
        turns = max(plan.turns, TURNS_ALONE) if calls == 1 else plan.turns
        report = await measure(replace(plan, calls=calls, turns=turns))
        alone = alone or report
        step = judge(calls, report, alone)
        if step.limit:
            step = judge(calls, await measure(replace(plan, calls=calls, turns=turns)), alone)
        yield step
        if step.limit:
            return


def carried(steps: Sequence[Step]) -> int:
    """The most calls that went well; 0 if not even the first did."""
    return max((step.calls for step in steps if not step.limit), default=0)
