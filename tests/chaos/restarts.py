"""A deploy: one process after the other is asked to end, and started again."""

from __future__ import annotations

from pathlib import Path

from . import callers
from .kills import RAMP, judgements
from .table import Row, none_of
from .world import world

DRAIN_WITHIN = 3  # seconds that calls may go on by themselves; then they are left, each at its moment
ENDED_WITHIN = 45.0  # seconds from the signal: those, thirty for the moments, and the end itself
TURNS = 8  # of a caller: 52 s, and both processes are through after 30
TEST = "rolling restart"


async def restarts(calls: int, *, turns: int = TURNS, keep: Path | None = None) -> list[Row]:
    """Restart both processes, one after the other, while so many calls go on."""
    async with world(drain_within=DRAIN_WITHIN, keep=keep) as around:
        await around.dial(callers.names(calls), turns, within=min(0.25 * calls, RAMP))
        statuses = []
        for one in around.serving:
            statuses.append(await one.end(ENDED_WITHIN))
            await one.start()
            await one.ready()
        live = around.live
        finished = await around.finish(turns)
        judged = judgements(around, finished)
        dropped = [f"{call.name}: {call.result.ending}" for call in finished if call.result.ending != "caller hung up"]
        breaks = [f"{name}: {one}" for name, seen in judged.items() for one in seen.breaks]
        problems = [f"{name}: {problem}" for name, one in judged.items() for problem in one.problems]
        moved = sum(len(one.gaps) for one in judged.values())
        longest = max((gap for one in judged.values() for gap in one.gaps), default=0.0)
        ended = f"status {', '.join(map(str, statuses))}; {live} calls live after it"
        return [
            none_of(TEST, "no call dropped", dropped, len(finished)),
            none_of(TEST, "no break inside a sentence", breaks, len(finished)),
            none_of(TEST, "no turn lost, doubled or reordered", problems, len(finished)),
            Row(
                TEST,
                "every call is moved, and the processes end by themselves",
                f"{moved} moves, {longest:.2f} s at most; {ended}",
                moved >= calls and statuses == [0] * len(statuses),
            ),
        ]
