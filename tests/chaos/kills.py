"""`kill -9` of a process in the middle of everything."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from . import callers
from .ears import Words
from .judgement import Judgement, judge, story
from .processes import LOOK_AGAIN
from .table import Row, none_of, percentile
from .world import Finished, World, world

WORKERS = 2
RESTARTED = 3.0  # seconds that a parent and its new worker get
BACK_WITHIN = 1.5  # seconds at the 95th percentile
TURNS = 10  # of a caller: 6.5 s each, so that calls last longer than five processes take to die and to start
RAMP = 7.0  # seconds in which the calls come: so they are everywhere in their turns
AFTER_READY = (0.5, 3.0)  # seconds from the restarted process' readiness to the next kill


async def kills(calls: int, times: int, seed: int, *, turns: int = TURNS, keep: Path | None = None) -> list[Row]:
    """Kill one of two processes so many times while so many calls of so many turns go on."""
    chance = random.Random(seed)

    async def kill_one(around: World) -> None:
        victim = chance.choice(around.serving)
        await victim.kill()
        await victim.start()
        await victim.ready()

    async with world(keep=keep) as around:
        test, kills = f"kill -9, {times} times", [kill_one] * times
        return await _killed(around, test, calls=calls, turns=turns, kills=kills, chance=chance)


async def worker_kills(calls: int, times: int, seed: int, *, turns: int = TURNS, keep: Path | None = None) -> list[Row]:
    """The same with two workers of one `serve`, whose parent starts them again."""
    chance = random.Random(seed)

    async def kill_one(around: World) -> None:
        [parent] = around.serving
        os.kill(chance.choice(parent.workers()), signal.SIGKILL)
        await asyncio.sleep(RESTARTED)
        while len(parent.workers()) < WORKERS:  # noqa: ASYNC110 -- another process: there is no event to wait for
            await asyncio.sleep(LOOK_AGAIN)

    async with world(processes=1, workers=WORKERS, keep=keep) as around:
        test, kills = f"kill -9 of a worker, {times} times", [kill_one] * times
        return await _killed(around, test, calls=calls, turns=turns, kills=kills, chance=chance)


async def _killed(
    around: World,
    test: str,
    *,
    calls: int,
    turns: int,
    kills: Sequence[Callable[[World], Awaitable[None]]],
    chance: random.Random,
) -> list[Row]:
    await around.dial(callers.names(calls), turns, within=min(0.25 * calls, RAMP))
    for kill in kills:
        await asyncio.sleep(chance.uniform(*AFTER_READY))
        await kill(around)
    return rows(test, around, await around.finish(turns))


def rows(test: str, around: World, finished: Sequence[Finished]) -> list[Row]:
    """What the table says of calls of which a process was killed."""
    judged = judgements(around, finished, crashed=True)
    lost = [gap for one in judged.values() for gap in one.gaps]
    back = percentile(lost, 0.95)
    dropped = [f"{call.name}: {call.result.ending}" for call in finished if call.result.ending != "caller hung up"]
    unheard = sum(one.unheard for one in judged.values())
    problems = [f"{name}: {problem}" for name, one in judged.items() for problem in one.problems]
    doubled = [f"{who}, {what}: {count} times" for (who, what), count in around.tool_runs.items() if count > 1]
    return [
        none_of(test, "every call goes on", dropped, len(finished)),
        Row(
            test,
            f"media back within {BACK_WITHIN} s at p95",
            f"{back:.2f} s, {len(lost)} streams lost",
            bool(lost) and back <= BACK_WITHIN,
        ),
        Row(
            test,
            "no turn lost, doubled or reordered",
            f"{len(problems)} problems ({unheard} sentences were cut)",
            not problems,
            problems,
        ),
        Row(test, "no tool run twice", f"{len(doubled)} of {len(around.tool_runs)}", not doubled, doubled),
    ]


def judgements(around: World, finished: Sequence[Finished], *, crashed: bool = False) -> dict[str, Judgement]:
    """Each call's, by the caller's name."""
    words, runs = Words(around.clips), around.tool_runs
    with (around.folder / "stories.txt").open("w") as stories:
        stories.writelines(f"{story(call, words)}\n" for call in finished)
    return {call.name: judge(call, words, runs, crashed=crashed) for call in finished}
