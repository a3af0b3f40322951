"""`python -m tests.chaos`: run it, print the table, exit 1 on a miss."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop
from rich.console import Console

from .codec_inputs import fuzz
from .failing_providers import failing_providers
from .intruders import intruders
from .kills import kills, worker_kills
from .outages import outages
from .reading import longest_steps
from .restarts import restarts
from .soak import soak
from .strangers import attacks
from .table import Row, show


async def _strangers(given: argparse.Namespace) -> list[Row]:
    calls = given.calls * 2 // 5
    knocking = await intruders(calls, keep=_kept(given, "strangers"))
    return [*knocking, await longest_steps(), *await attacks(calls // 2, keep=_kept(given, "attacks"))]


TESTS: dict[str, Callable[[argparse.Namespace], Awaitable[list[Row]]]] = {
    "kills": lambda given: kills(given.calls, 5, given.seed, keep=_kept(given, "kills")),
    "workers": lambda given: worker_kills(given.calls, 2, given.seed, turns=6, keep=_kept(given, "workers")),
    "restarts": lambda given: restarts(given.calls, keep=_kept(given, "restarts")),
    "outages": lambda given: outages(given.calls, keep=_kept(given, "outages")),
    "faults": lambda given: failing_providers(given.calls * 3 // 5, keep=_kept(given, "faults")),
    "strangers": _strangers,
    "soak": lambda given: soak(given.calls, given.minutes, given.seed, keep=_kept(given, "soak")),
    "fuzz": lambda given: asyncio.to_thread(fuzz, given.inputs, given.seed, keep=True),
}

NOISY = 0.05  # of the time
APART = ("workers", "soak", "fuzz")  # have runs of their own: all that fits into ten minutes is run without a name


def main() -> int:
    """Exit status: 0 if all is as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "tests", nargs="*", choices=[*TESTS, []], help=f"{', '.join(TESTS)}; without: all but {', '.join(APART)}"
    )
    parser.add_argument("--calls", type=int, default=50, help="calls at once (50)")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="for the codec (1,000,000)")
    parser.add_argument("--minutes", type=float, default=30.0, help="of the soak (30; in a few caches still grow)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of what happens when")
    parser.add_argument("--keep", type=Path, help="a folder for the logs, and the story of every call")
    given = parser.parse_args()
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # the simulated servers': that they fail is wanted
    console = Console()
    console.print(f"seed {given.seed}")
    rows: list[Row] = []
    for name in given.tests or [test for test in TESTS if test not in APART]:
        console.print(f"» {name}")
        began, stolen = time.monotonic(), _stolen()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rows += runner.run(TESTS[name](given))  # type: ignore[arg-type]  # they are coroutines
        share = (_stolen() - stolen) / (time.monotonic() - began) / (os.cpu_count() or 1)
        if share > NOISY:
            console.print(f"  other machines took {share:.0%} of this one's time: its misses may be theirs")
    return 0 if show(rows, console) else 1


def _stolen() -> float:
    """Seconds, of all cores, that the host gave to others while this machine had work; 0 where it does not tell."""
    stat = Path("/proc/stat")
    return int(stat.read_text().split(maxsplit=9)[8]) / os.sysconf("SC_CLK_TCK") if stat.exists() else 0.0


def _kept(given: argparse.Namespace, test: str) -> Path | None:
    return given.keep / test if given.keep else None


if __name__ == "__main__":
    sys.exit(main())
