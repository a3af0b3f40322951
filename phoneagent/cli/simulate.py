"""`phoneagent simulate`: scripted calls from files, and a scoreboard of how well they went."""

from __future__ import annotations

import dataclasses
import fnmatch
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .program import FAILED, STATUSES

if TYPE_CHECKING:
    from rich.console import Console

    from phoneagent.scenarios.playing import Played
    from phoneagent.scenarios.scenario import Scenario
    from phoneagent.scenarios.scoreboard import Scoreboard, Target

COUNTS = {
    "cut_offs": "cut-offs",
    "false_interruptions": "false interruptions",
    "missed_interruptions": "missed interruptions",
    "lost_answers": "lost answers",
    "double_replies": "double replies",
    "interruptions": "interruptions",
    "resumes": "resumes",
}
TIMES = {
    "undisturbed_latencies": "response latency (Flux, usual latencies)",
    "latencies": "response latency (all)",
    "stop_times": "interruption stop time at the ear",
    "resume_times": "decision to resumed sound",
}


@click.command(epilog=STATUSES)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--score", "scored", is_flag=True, help="Print totals and targets instead of the calls.")
@click.option(
    "--run",
    type=click.Choice(["table", "server", "both"]),
    default="both",
    show_default=True,
    help="How to play them; `both` is what each file declares.",
)
@click.option("--name", metavar="PATTERN", help="Only scenarios of this name, such as 'barge_in_*'.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes to play them in.")
@click.option(
    "--journals",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep each call's journal there: `phoneagent replay` tells it event by event.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def simulate(
    paths: tuple[Path, ...],
    *,
    scored: bool,
    run: str,
    name: str | None,
    jobs: int,
    journals: Path | None,
    as_json: bool,
) -> None:
    """Play scripted calls, and say how well they went.

    \b
      phoneagent simulate tests/vectors/turn_taking/ --score      the scoreboard
      phoneagent simulate tests/vectors/turn_taking/ --run table --name 'cough_*'
      phoneagent simulate my-call.toml --journals journals/       one call, as it was heard
      phoneagent replay journals/my-call.table.jsonl              and why it went like that

    A scenario is a TOML file: an agent, what the model answers, what the caller says, when they hesitate, cough or
    interrupt, and how the call shall have gone. PATH is a file or a folder of them. No keys and no network are needed.

    On the `table`, the agent's decisions alone are played, with ears, mind, voice and carrier around them that are
    stepped by hand: the same to the sample at every time, and some 50 ms a call. Through the `server`, the whole
    product answers a simulated Twilio over real sockets, on a clock that jumps; that takes about a second a call.

    \b
    What is counted, at the caller's ear and in the transcript:
      cut-offs               the agent began to speak inside an unfinished thought
      false interruptions    a backchannel, a noise or an echo ended a reply
      missed interruptions   the agent was heard for more than a second over the caller's words
      lost answers           words that got no answer, or are not in the transcript
      double replies         two answers to one thought
      heard-text errors      words by which the transcript differs from what was heard
      response latency       from the caller's last sound to the agent's first
      stop time              from the caller's first sound over the agent to silence

    The exit status is 1 when a call did not go as its file says, or when --score misses a target.
    """
    from rich.console import Console

    from phoneagent.scenarios.playing import Play, play_all
    from phoneagent.scenarios.scenario_file import load_scenarios
    from phoneagent.scenarios.scoreboard import scoreboard
    from phoneagent.telemetry import logs

    logs.configure(level="error")
    scenarios = [scenario for path in paths for scenario in load_scenarios(path)]
    if journals is not None:
        journals.mkdir(parents=True, exist_ok=True)
    chosen = [scenario for scenario in scenarios if name is None or _is_called(scenario, name)]
    plays = [Play(scenario, way, journals) for scenario in chosen for way in scenario.run if run in (way, "both")]
    if not plays:
        raise click.UsageError("none of these scenarios has that name and is played in that way")
    played = _with_progress(play_all(plays, jobs=jobs), len(plays))
    board = scoreboard(one.score for one in played)
    if as_json:
        click.echo(json.dumps(_as_json(board, played), ensure_ascii=False, indent=2))
    elif scored:
        _show_board(board, Console(highlight=False))
    else:
        _show_calls(played, Console(highlight=False))
    if not (board.met if scored else not board.failing):
        raise SystemExit(FAILED)


def _is_called(scenario: Scenario, pattern: str) -> bool:
    """With or without the ears that a name may end with: `[` is special in patterns."""
    return fnmatch.fnmatchcase(scenario.name.partition("[")[0], pattern) or scenario.name == pattern


def _with_progress(played: Iterable[Played], count: int) -> list[Played]:
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    if not console.is_terminal:
        return list(played)
    return list(track(played, description="calls", total=count, console=console, transient=True))


# -- what is printed ------------------------------------------------------------------------------------


def _show_board(board: Scoreboard, console: Console) -> None:
    from rich.table import Table

    ways = sorted({score.run for score in board.scores})
    by_way = [_only(board, way) for way in ways]
    counts = Table("", *(f"{way} ({len(part.scores)} calls)" for way, part in zip(ways, by_way, strict=True)))
    for field, title in COUNTS.items():
        counts.add_row(title, *(str(part.total(field)) for part in by_way))
    counts.add_row("heard-text errors, words", *(f"{b.heard_errors} (at most {b.worst_heard_error})" for b in by_way))
    counts.add_section()
    for field, title in TIMES.items():
        counts.add_row(f"{title}, p50 / p95 / max", *(_three(part, field) for part in by_way))
    console.print(counts)

    targets = Table("target", "measured", "at most", "")
    for target in board.targets:
        targets.add_row(
            target.name,
            _shown(target.value, target),
            _shown(target.limit, target),
            "met" if target.met else "[red]missed",
        )
    console.print(targets)

    for score in board.failing:
        console.print(f"{score.name}, {score.run}: {score.title}", soft_wrap=True, markup=False, style="red")
        for fault in score.faults:
            console.print(f"    {fault}", soft_wrap=True, markup=False)
    good = len(board.scores) - len(board.failing)
    console.print(f"{good} of {len(board.scores)} calls went as they should.", style="bold")


def _show_calls(played: Sequence[Played], console: Console) -> None:
    for one in played:
        console.print(
            f"{one.score.name}, {one.score.run}: {one.score.title}", soft_wrap=True, markup=False, style="bold"
        )
        for line in one.dialogue:
            console.print(f"    {line}", soft_wrap=True, markup=False)
        for fault in one.score.faults:
            console.print(f"  ! {fault}", soft_wrap=True, markup=False, style="red")


def _only(board: Scoreboard, way: str) -> Scoreboard:
    return dataclasses.replace(board, scores=tuple(score for score in board.scores if score.run == way))


def _three(board: Scoreboard, field: str) -> str:
    from phoneagent.scenarios.scoreboard import percentile

    times = board.times(field)
    values = [percentile(times, share) for share in (0.5, 0.95, 1.0)]
    return " / ".join("–" if value is None else f"{value * 1000:.0f}" for value in values) + (" ms" if times else "")


def _shown(value: float | None, target: Target) -> str:
    if value is None:
        return "–"
    return f"{value * 1000:.0f} ms" if target.unit == "s" else f"{value:g} {target.unit}".strip()


def _as_json(board: Scoreboard, played: Sequence[Played]) -> dict[str, Any]:
    return {
        "met": board.met,
        "calls": len(board.scores),
        "failing": len(board.failing),
        "totals": {field: board.total(field) for field in COUNTS}
        | {"heard_errors": board.heard_errors, "worst_heard_error": board.worst_heard_error},
        "targets": [dataclasses.asdict(target) | {"met": target.met} for target in board.targets],
        "scores": [dataclasses.asdict(one.score) | {"dialogue": one.dialogue} for one in played],
    }
