"""A thousand connections a second of people who have no key and no signature, in the middle of calls."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TypedDict

from . import callers
from .kills import RAMP, judgements
from .processes import Serving
from .table import Row, none_of
from .world import REPOSITORY, world

TURNS = 4  # of a caller
PER_SECOND = 1000.0  # connections, over both processes
SECONDS = 12.0  # of a storm: calls begin before it and end after it
REFUSED = {"401", "403", "429", "503"}  # 429: too many of one address; 503: more connections than it keeps open
KEPT_UP = 0.9  # of the rate: a machine that cannot ask so often has shown nothing


class Storm(TypedDict):
    """What `knocking` says of one process: its rate, and how often it was answered what."""

    per_second: float
    answers: dict[str, int]


async def intruders(
    calls: int, *, per_second: float = PER_SECOND, seconds: float = SECONDS, keep: Path | None = None
) -> list[Row]:
    """Storm the doors of both processes while calls come, go on and end."""
    async with world(keep=keep) as around:
        dialling = asyncio.create_task(around.dial(callers.names(calls), TURNS, within=min(0.25 * calls, RAMP)))
        storms = await asyncio.gather(*(_storm(one, per_second / 2, seconds) for one in around.serving))
        await dialling
        finished = await around.finish(TURNS)
        judged = judgements(around, finished)
    rate = sum(storm["per_second"] for storm in storms)
    answers = sum((Counter(storm["answers"]) for storm in storms), Counter[str]())
    others = [f"{status}: {count} times" for status, count in answers.items() if status not in REFUSED]
    broken = [f"{name}: {one}" for name, seen in judged.items() for one in seen.breaks]
    broken += [f"{name}: its stream was lost" for name, seen in judged.items() if seen.gaps]
    problems = [f"{name}: {problem}" for name, one in judged.items() for problem in one.problems]
    test = f"strangers, {rate:.0f} a second"
    told = ", ".join(f"{count} x {status}" for status, count in sorted(answers.items()))
    return [
        Row(test, f"at least {KEPT_UP * per_second:.0f} a second", f"{rate:.0f}", rate >= KEPT_UP * per_second),
        Row(test, "each is refused", told, not others, others),
        none_of(test, "nobody who talks hears it", broken, len(finished)),
        none_of(test, "no turn lost, doubled or reordered", problems, len(finished)),
    ]


async def _storm(serving: Serving, per_second: float, seconds: float) -> Storm:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.knocking", str(serving.port), str(per_second), str(seconds),
        stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0
    storm: Storm = json.loads(output)
    return storm
