"""Plays scenarios, one way or the other, and scores them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
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


class Play(NamedTuple):
    """What is to be played, and how. `journals` is a folder that gets the call's journal as NAME.RUN.jsonl."""

    scenario: Scenario
    run: Run
    journals: Path | None = None

    @property
    def journal(self) -> Path | None:
        return self.journals / f"{self.scenario.name}.{self.run}.jsonl" if self.journals else None


def play(one: Play) -> Outcome:
    """Play a scenario on the table or through the server."""
    if one.run == "table":
        return table.play(one.scenario, journal=one.journal)
    from . import server  # Starlette and the providers' SDKs: a second that the table need not wait for

    return server.play(one.scenario, journal=one.journal)


def play_and_score(one: Play) -> Played:
    """The same, with its score. A call that breaks off has a score too: the others go on."""
    try:
        outcome = play(one)
    except Exception as error:  # noqa: BLE001 -- whatever was raised is what is wrong with this call
        return Played(unplayable(one.scenario, one.run, error), ())
    return Played(score(outcome), tuple(dialogue(outcome.turns)))


def play_all(plays: Sequence[Play], *, jobs: int = 1) -> Iterator[Played]:
    """Play them all, in their order; with more than one job in as many processes."""
    if jobs <= 1:
        yield from map(play_and_score, plays)
        return
    with ProcessPoolExecutor(jobs, initializer=_quiet) as pool:
        yield from pool.map(play_and_score, plays)


def _quiet() -> None:
    """Processes that are started anew do not know how their parent logs."""
    from phoneagent.telemetry import logs

    logs.configure(level="error")
