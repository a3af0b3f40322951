"""Many calls together: totals, percentiles, and the targets that they must meet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .score import Score

USUAL_WAIT = 0.260 + 0.250 + 0.090
"""Seconds: the simulator's end of turn, first token and first audio, one after another."""
SPECULATION_PAYS = 0.080  # seconds that the median answer must come before that
HESITATION = 0.7  # seconds: what people do in the middle of a sentence without noticing


@dataclass(frozen=True, slots=True)
class Target:
    """What a suite must reach. `value` is None when it has nothing to measure."""

    name: str
    value: float | None
    limit: float
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.value is None or self.value <= self.limit + 1e-6  # frames are counted, sums are rounded


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """The scores of some calls."""

    scores: tuple[Score, ...]

    def total(self, name: str) -> int:
        """The sum of a count over all calls."""
        return sum(getattr(score, name) for score in self.scores)

    def times(self, name: str) -> list[float]:
        """All durations of one kind, shortest first."""
        return sorted(value for score in self.scores for value in getattr(score, name))

    @property
    def worst_heard_error(self) -> int:
        """Words by which the worst turn differs from what was heard."""
        return max((errors for score in self.scores for errors in score.heard_errors), default=0)

    @property
    def heard_errors(self) -> int:
        return sum(sum(score.heard_errors) for score in self.scores)

    @property
    def failing(self) -> tuple[Score, ...]:
        """Calls that did not go as they should."""
        return tuple(score for score in self.scores if score.faults)

    @property
    def cut_hesitations(self) -> float | None:
        """Percent of the hesitations of 700 ms, with ears that have turn events, that the agent spoke into."""
        cut = [
            hesitation.cut
            for score in self.scores
            if score.ears == "flux"
            for hesitation in score.hesitations
            if math.isclose(hesitation.pause, HESITATION)
        ]
        return 100 * sum(cut) / len(cut) if cut else None

    @property
    def targets(self) -> tuple[Target, ...]:
        latencies = self.times("undisturbed_latencies")
        return (
            Target("lost answers", self.total("lost_answers"), 0),
            Target("double replies", self.total("double_replies"), 0),
            Target("missed interruptions", self.total("missed_interruptions"), 0),
            Target("heard-text error, worst turn", self.worst_heard_error, 1, "words"),
            Target("cut-offs on 700 ms hesitations (Flux)", self.cut_hesitations, 2, "%"),
            Target("interruption stop time p95", percentile(self.times("undisturbed_stop_times"), 0.95), 0.180, "s"),
            Target(
                "decision to resumed sound, longest",
                percentile(self.times("undisturbed_resume_times"), 1.0),
                0.100,
                "s",
            ),
            Target("response latency p50", percentile(latencies, 0.5), USUAL_WAIT - SPECULATION_PAYS, "s"),
            Target("response latency p95", percentile(latencies, 0.95), USUAL_WAIT, "s"),
        )

    @property
    def met(self) -> bool:
        """Whether every target is met and every call went as it should."""
        return not self.failing and all(target.met for target in self.targets)


def scoreboard(scores: Iterable[Score]) -> Scoreboard:
    return Scoreboard(tuple(scores))


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest of the sorted values that at least this share of them do not exceed; None of none."""
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else None
