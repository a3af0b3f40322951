"""Totals and percentiles, and when the load is not to be believed."""

from __future__ import annotations

import pytest

from phoneagent.bench.process import Buckets
from phoneagent.bench.report import AtEar, Cost, Distribution, Generator, percentile, report
from phoneagent.bench.turns import MeasuredTurn, Stages

from .made_up import QUIET, made_up


def test_percentiles_are_values_that_occurred():
    hundred = [float(value) for value in range(1, 101)]
    assert [percentile(hundred, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50.0, 95.0, 99.0, 100.0]
    assert percentile([7.0], 0.5) == 7.0
    assert percentile([], 0.5) is None


def test_a_distribution_leaves_out_what_is_not_known():
    assert Distribution.of([0.3, None, 0.1, 0.2]) == Distribution(3, 0.2, 0.3, 0.3, 0.3)
    assert Distribution.of([None]) == Distribution(0, None, None, None, None)


def test_the_figures_of_a_run():
    stages = Stages(ears=0.12, end_of_turn=0.26, first_token=0.25, phrase=0.04, first_audio=0.09)
    told = report(
        turns=[
            MeasuredTurn("Anna", 1, 0.52, eager=True, stages=stages, framing=0.005, line=0.012),
            MeasuredTurn("Anna", 2, 0.90),
        ],
        asked=4,
        ears=[
            AtEar(0.004, 0.020, stops=(0.1, 0.2), holes=(0.04,), problems=()),
            AtEar(None, None, stops=(), holes=(0.02, 0.06), problems=("Peter: the caller gave up",)),
        ],
        cost=Cost(120.0, 2, 0.4, 0.1, 100_000_000, 101_000_000, 1.4),
        lag=Buckets((0.001, 0.01, float("inf")), (90.0, 99.0, 100.0)),
        generator=QUIET,
        floor_cpu_per_call_minute=0.1,
    )
    assert (told.calls, told.turns, told.unanswered, told.eager_turns, told.unexplained) == (2, 2, 2, 1, 1)
    assert told.response.longest == 0.90
    assert told.injected.p50 == pytest.approx(0.46)
    assert told.share.p50 == pytest.approx(0.06)
    assert told.share_without_phrase.p50 == pytest.approx(0.02)
    assert told.line == Distribution(1, 0.012, 0.012, 0.012, 0.012)
    assert told.framing.longest == 0.005
    assert told.share_without_waits.p50 == pytest.approx(0.008)
    assert told.share_without_frames.p50 == pytest.approx(0.003)
    assert told.stages["phrase"].p50 == 0.04
    assert told.greeting_sent == Distribution(1, 0.004, 0.004, 0.004, 0.004)
    assert told.greeting_heard.p50 == 0.020
    assert told.stop.longest == 0.2
    assert (told.holes, told.longest_hole) == (3, 0.06)
    assert told.cost.cpu_per_call_minute == pytest.approx(0.25)
    assert told.cost.bytes_per_call == 500_000
    assert told.times_the_floor == pytest.approx(2.5)
    assert (told.lag_p50, told.lag_p99) == (0.001, 0.01)
    assert told.problems == ("Peter: the caller gave up",)


def test_json_has_what_follows_from_the_fields():
    told = made_up(cost=Cost(60.0, 3, 0.2, 0.3, 0, 300, 1.0), floor=0.25).as_dict()
    assert told["cpu_per_call_minute"] == 0.5
    assert told["times_the_floor"] == 2.0
    assert told["bytes_per_call"] == 100.0
    assert told["load_is_the_bottleneck"] == []
    assert told["response"]["p50"] == 0.5


def test_without_a_floor_there_is_no_multiple_of_it():
    assert made_up().times_the_floor is None


def test_no_calls_cost_nothing_that_could_be_divided():
    nothing = Cost(0.0, 0, 0.1, 0.0, 1, 2, 1.0)
    assert nothing.cpu_per_call_minute is None
    assert nothing.bytes_per_call is None


@pytest.mark.parametrize(
    ("share_of_core", "late", "reasons"),
    [
        (0.80, 0.005, ()),
        (0.81, 0.005, ("it took 81% of a core (at most 80%)",)),
        (0.10, 0.006, ("its loop was 6.0 ms late, p99 (at most 5 ms)",)),
    ],
)
def test_a_load_that_is_the_bottleneck_says_so(share_of_core, late, reasons):
    assert Generator(share_of_core, Distribution.of([late] * 100)).too_busy == reasons


def test_buckets_are_counted_from_an_earlier_look():
    limits = (0.001, 0.01, float("inf"))
    lag = Buckets(limits, (10.0, 20.0, 20.0)).since(Buckets(limits, (10.0, 10.0, 10.0)))
    assert lag.counts == (0.0, 10.0, 10.0)
    assert lag.at_most(0.5) == 0.01
    assert Buckets((), ()).at_most(0.5) is None
    assert Buckets(limits, (0.0, 0.0, 0.0)).at_most(0.5) is None
