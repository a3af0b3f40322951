"""Redis is killed in the middle of everything, and comes back later with what it had written to its disk."""

from __future__ import annotations

import asyncio
from pathlib import Path

from . import callers
from .kills import RAMP, judgements
from .table import Row, none_of
from .world import world

TURNS = 7  # of a caller: they begin before Redis goes, and end while it is away, and after it has come back
BEFORE = 4.0  # seconds from the last call's beginning to the kill
SETTLED = 15.0  # seconds after its return in which all is written that was said meanwhile
TEST = "Redis killed"


async def outages(calls: int, seconds: float = 20.0, *, turns: int = TURNS, keep: Path | None = None) -> list[Row]:
    """Take Redis away for so many seconds."""
    async with world(keep=keep) as around:
        await around.dial(callers.names(calls), turns, within=min(0.25 * calls, RAMP))
        await asyncio.sleep(BEFORE)
        live = around.live
        await around.redis.kill()
        await asyncio.sleep(seconds)
        await around.redis.start()
        await around.redis.ready()
        finished = await around.finish(turns, within=SETTLED)
        judged = judgements(around, finished)
        dropped = [f"{call.name}: {call.result.ending}" for call in finished if call.result.ending != "caller hung up"]
        broken = [f"{name}: {one}" for name, seen in judged.items() for one in seen.breaks]
        broken += [f"{name}: its stream was lost" for name, seen in judged.items() if seen.gaps]
        problems = [f"{name}: {problem}" for name, one in judged.items() for problem in one.problems]
        test = f"{TEST} for {seconds:g} s, {live} calls live"
        return [
            none_of(test, "no call dropped", dropped, len(finished)),
            none_of(test, "nobody hears it", broken, len(finished)),
            none_of(test, "transcripts complete afterwards", problems, len(finished)),
        ]
