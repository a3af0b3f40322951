"""The figures of a run, from what was measured. Seconds, unless a name says otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .process import Buckets
from .turns import MeasuredTurn

BUSY = 0.80  # of a core: with more, what the load measures is itself
LATE = 0.005  # seconds, p99 of the load's own loop: a quarter of a frame


@dataclass(frozen=True, slots=True)
class Distribution:
    """Of `count` values; the others are None of none."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None
    longest: float | None

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Distribution:
        """Values that are None are left out."""
        known = sorted(value for value in values if value is not None)
        return cls(len(known), *(percentile(known, share) for share in (0.5, 0.95, 0.99, 1.0)))


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest of the sorted values that at least this share of them do not exceed; None of none."""
    return values[max(0, math.ceil(share * len(values) - 1e-9) - 1)] if values else None


@dataclass(frozen=True, slots=True)
class Cost:
    """What the server took. `resident` are bytes: idle, and the most while calls ran.

    None is what nobody could see: of a server that somebody else started.
    """

    call_seconds: float
    calls_at_once: int
    cpu_user: float | None = None
    cpu_system: float | None = None
    resident_idle: int | None = None
    resident_most: int | None = None
    seconds_to_ready: float | None = None

    @property
    def cpu(self) -> float | None:
        return None if self.cpu_user is None or self.cpu_system is None else self.cpu_user + self.cpu_system

    @property
    def in_kernel(self) -> float | None:
        """The kernel's share of it."""
        return self.cpu_system / self.cpu if self.cpu and self.cpu_system is not None else None

    @property
    def cpu_per_call_minute(self) -> float | None:
        return self.cpu / (self.call_seconds / 60) if self.cpu is not None and self.call_seconds else None

    @property
    def bytes_per_call(self) -> float | None:
        if self.resident_idle is None or self.resident_most is None or not self.calls_at_once:
            return None
        return (self.resident_most - self.resident_idle) / self.calls_at_once


@dataclass(frozen=True, slots=True)
class Generator:
    """The load itself: its share of a core, how late its loop was, and its seconds of CPU."""

    share_of_core: float
    lag: Distribution
    cpu: float = 0.0

    @property
    def too_busy(self) -> tuple[str, ...]:
        """Why its figures are not to be trusted; empty when they are."""
        reasons: list[str] = []
        if self.share_of_core > BUSY:
            reasons.append(f"it took {self.share_of_core:.0%} of a core (at most {BUSY:.0%})")
        if self.lag.p99 is not None and self.lag.p99 > LATE:
            reasons.append(f"its loop was {self.lag.p99 * 1000:.1f} ms late, p99 (at most {LATE * 1000:.0f} ms)")
        return tuple(reasons)


@dataclass(frozen=True, slots=True)
class Report:
    """One run. `problems` are calls that did not go as they should; no figure makes up for one."""

    calls: int
    turns: int
    unanswered: int
    eager_turns: int
    unexplained: int
    response: Distribution
    injected: Distribution
    share: Distribution
    share_without_phrase: Distribution
    line: Distribution
    share_without_waits: Distribution
    framing: Distribution
    share_without_frames: Distribution
    stages: dict[str, Distribution]
    greeting_sent: Distribution
    greeting_heard: Distribution
    stop: Distribution
    holes: int
    longest_hole: float | None
    cost: Cost
    lag_p50: float | None
    lag_p99: float | None
    generator: Generator
    problems: tuple[str, ...]
    each_turn: tuple[MeasuredTurn, ...]
    floor_cpu_per_call_minute: float | None = None

    @property
    def times_the_floor(self) -> float | None:
        """The server's CPU a call-minute, as a multiple of the floor's."""
        cpu, floor = self.cost.cpu_per_call_minute, self.floor_cpu_per_call_minute
        return cpu / floor if cpu is not None and floor else None

    @property
    def generator_cpu_per_call_minute(self) -> float | None:
        """What the load cost itself."""
        minutes = self.cost.call_seconds / 60
        return self.generator.cpu / minutes if minutes else None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`: the fields, and what follows from them; without what nobody could see of the server."""
        told = asdict(self) | {
            "cost": {name: value for name, value in asdict(self.cost).items() if value is not None},
            "generator_cpu_per_call_minute": self.generator_cpu_per_call_minute,
            "load_is_the_bottleneck": list(self.generator.too_busy),
        }
        if self.cost.cpu is not None:
            told |= {"cpu_per_call_minute": self.cost.cpu_per_call_minute, "times_the_floor": self.times_the_floor}
        if self.cost.resident_most is not None:
            told["bytes_per_call"] = self.cost.bytes_per_call
        if self.lag_p50 is None:
            del told["lag_p50"], told["lag_p99"]
        return told


@dataclass(frozen=True, slots=True)
class AtEar:
    """What one caller noticed beside the answers."""

    greeting_sent: float | None
    greeting_heard: float | None
    stops: tuple[float, ...]
    holes: tuple[float, ...]
    problems: tuple[str, ...]


def report(
    *,
    turns: Sequence[MeasuredTurn],
    asked: int,
    ears: Sequence[AtEar],
    cost: Cost,
    lag: Buckets,
    generator: Generator,
    floor_cpu_per_call_minute: float | None = None,
) -> Report:
    """Put the figures together. `asked`: turns that should have been answered."""
    stages = [turn.stages for turn in turns if turn.stages is not None]
    holes = [hole for ear in ears for hole in ear.holes]
    return Report(
        calls=len(ears),
        turns=len(turns),
        unanswered=asked - len(turns),
        eager_turns=sum(turn.eager for turn in turns),
        unexplained=len(turns) - len(stages),
        response=Distribution.of(turn.latency for turn in turns),
        injected=Distribution.of(stage.injected for stage in stages),
        share=Distribution.of(turn.share for turn in turns),
        share_without_phrase=Distribution.of(turn.share_without_phrase for turn in turns),
        line=Distribution.of(turn.line for turn in turns),
        share_without_waits=Distribution.of(turn.share_without_waits for turn in turns),
        framing=Distribution.of(turn.framing for turn in turns),
        share_without_frames=Distribution.of(turn.share_without_frames for turn in turns),
        stages={
            name: Distribution.of(getattr(stage, name) for stage in stages)
            for name in ("ears", "end_of_turn", "first_token", "phrase", "first_audio")
        },
        greeting_sent=Distribution.of(ear.greeting_sent for ear in ears),
        greeting_heard=Distribution.of(ear.greeting_heard for ear in ears),
        stop=Distribution.of(stop for ear in ears for stop in ear.stops),
        holes=len(holes),
        longest_hole=max(holes, default=None),
        cost=cost,
        lag_p50=lag.at_most(0.5),
        lag_p99=lag.at_most(0.99),
        generator=generator,
        problems=tuple(problem for ear in ears for problem in ear.problems),
        each_turn=tuple(turns),
        floor_cpu_per_call_minute=floor_cpu_per_call_minute,
    )
