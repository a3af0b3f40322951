"""Plays scenarios, one way or the other, and scores them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from . import table
from .outcome import Outcome
from .scenario import Run, Scenario
from .score import Score, score, unplayable
from .transcript_check import dialogue


class Played(NamedTuple):
    """A scored call, and its transcript in lines."""

    score: Score
    dialogue: tuple[str, ...]


def play(scenario: Scenario, run: Run) -> Outcome:
    """Play a scenario on the table or through the server."""
    if run == "table":
        return table.play(scenario)
    from . import server  # Starlette and the providers' SDKs: a second that the table need not wait for

    return server.play(scenario)


def play_and_score(scenario: Scenario, run: Run) -> Played:
    """The same, with its score. A call that breaks off has a score too: the others go on."""
    try:
        outcome = play(scenario, run)
    except Exception as error:  # noqa: BLE001 -- whatever was raised is what is wrong with this call
        return Played(unplayable(scenario, run, error), ())
    return Played(score(outcome), tuple(dialogue(outcome.turns)))


def play_all(plays: Sequence[tuple[Scenario, Run]], *, jobs: int = 1) -> Iterator[Played]:
    """Play them all, in their order; with more than one job in as many processes."""
    if jobs <= 1:
        yield from (play_and_score(scenario, run) for scenario, run in plays)
        return
    with ProcessPoolExecutor(jobs, initializer=_quiet) as pool:
        yield from pool.map(_play_one, plays)


def _play_one(play: tuple[Scenario, Run]) -> Played:
    return play_and_score(*play)


def _quiet() -> None:
    """Processes that are started anew do not know how their parent logs."""
    from phoneagent.telemetry import logs

    logs.configure(level="error")
