"""Reports of runs that never were."""

from __future__ import annotations

from phoneagent.bench.process import Buckets
from phoneagent.bench.report import AtEar, Cost, Distribution, Generator, report
from phoneagent.bench.turns import MeasuredTurn

COST = Cost(
    cpu_user=0.75,
    cpu_system=0.25,
    call_seconds=60.0,
    resident_idle=0,
    resident_most=0,
    calls_at_once=1,
    seconds_to_ready=1.0,
)
QUIET = Generator(0.1, Distribution.of([0.0]))


def made_up(*, latency=0.5, asked=1, holes=(), problems=(), cost=COST, generator=QUIET, floor=None):
    """A run of one turn."""
    return report(
        turns=[MeasuredTurn("Anna Berger", 1, latency)],
        asked=asked,
        ears=[AtEar(0.004, 0.02, (), holes, problems)],
        cost=cost,
        lag=Buckets((), ()),
        generator=generator,
        floor_cpu_per_call_minute=floor,
    )
