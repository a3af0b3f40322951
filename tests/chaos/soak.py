"""Calls that come and go for long, hung up at random points: nothing may be left of them."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from redis.asyncio import Redis as RedisClient

from phoneagent.simulator.caller import CallerScript, HangUp, Say, Step

from . import callers
from .processes import Serving
from .table import Row, percentile
from .world import World, world

WARM = 1 / 6
"""Of the whole time (five minutes of thirty), in which caches fill; memory is compared with what it is then."""
FLAT = 1.05  # times the memory after that
LOOK = 5.0  # seconds between two looks at memory
NAMES = 10
"""Callers by name: what an agent says to them again and again fills the cache of speech at the start, not slowly."""
SENTENCES = 4  # of a caller at most
LISTENS = 6.0  # seconds at most from their last sentence to the hang-up: into the answer, or the tool, or after it
SETTLED = 8.0  # seconds after the last call, in which its last turns are saved
POOLED = 12  # descriptors that may stay open for the next call: connections to the mind
TEST = "soak"


@dataclass(frozen=True, slots=True)
class Reading:
    """Of one process without calls."""

    tasks: int
    descriptors: int


async def soak(calls: int, minutes: float, seed: int, *, keep: Path | None = None) -> list[Row]:
    """Keep so many calls going for so long."""
    chance = random.Random(seed)
    loop = asyncio.get_running_loop()
    async with world(keep=keep, recording=False) as around:
        ended: list[str] = []
        await _waves(around, calls, chance, loop.time() + 60.0 * minutes * WARM, ended)
        before = [await _reading(one, around) for one in around.serving]
        memory: list[list[int]] = [[] for _ in around.serving]
        looking = asyncio.create_task(_look(around, memory))
        await _waves(around, calls, chance, loop.time() + 60.0 * minutes * (1 - WARM), ended)
        looking.cancel()
        await asyncio.wait([looking])
        after = [await _reading(one, around) for one in around.serving]
        forever = await _keys_without_end(around)
    # The first look is at a process with the first of the calls, the level is that of the first tenth of the looks.
    growth = max(percentile(sizes[-max(1, len(sizes) // 10) :], 0.5) / _level(sizes) for sizes in memory)
    wrong = [ending for ending in ended if ending != "caller hung up"]
    what = f"{TEST}, {minutes:g} min at {calls} calls"
    return [
        Row(what, "every call ends as its caller wants", f"{len(wrong)} of {len(ended)} did not", not wrong, wrong),
        _no_growth(what, "tasks", [one.tasks for one in before], [one.tasks for one in after], 0),
        _no_growth(
            what, "descriptors", [one.descriptors for one in before], [one.descriptors for one in after], POOLED
        ),
        Row(what, "every key in Redis expires", f"{len(forever)} do not", not forever, forever),
        Row(what, f"memory at most {FLAT - 1:.0%} more than after the start", f"{growth - 1:+.1%}", growth <= FLAT),
    ]


def _level(sizes: list[int]) -> float:
    return percentile(sizes[: max(1, len(sizes) // 10)], 0.5)


def _no_growth(test: str, what: str, before: list[int], after: list[int], slack: int) -> Row:
    grown = all(now <= then + slack for then, now in zip(before, after, strict=True))
    return Row(test, f"no growth of {what}", f"{_list(before)}, then {_list(after)}", grown)


def _list(numbers: list[int]) -> str:
    return " and ".join(map(str, numbers))


async def _waves(around: World, calls: int, chance: random.Random, until: float, ended: list[str]) -> None:
    """So many calls at once until then; whoever hangs up is followed by another caller. Then wait for the last."""
    loop = asyncio.get_running_loop()

    async def one(name: str) -> None:
        await asyncio.sleep(chance.uniform(0.0, LISTENS))
        while loop.time() < until:
            call = around.carrier.dial(f"{around.front.url}/twilio/voice", caller=_script(name, chance))
            ended.append((await call.ended).ending)

    async with asyncio.TaskGroup() as group:
        for name in islice(cycle(callers.names(NAMES)), calls):
            group.create_task(one(name))
    await asyncio.sleep(SETTLED)


def _script(name: str, chance: random.Random) -> CallerScript:
    """Some hang up in the greeting, some in an answer, some in the middle of a tool."""
    turns = chance.randint(0, SENTENCES)
    steps: list[Step] = [Say(callers.sentence(name, turn), after=callers.ANSWERED) for turn in range(turns)]
    return CallerScript(*steps, HangUp(after=chance.uniform(0.0, LISTENS)), voice=callers.VOICE)


async def _look(around: World, memory: list[list[int]]) -> None:
    while True:
        await asyncio.sleep(LOOK)
        for sizes, one in zip(memory, around.serving, strict=True):
            sizes.append(one.resident_bytes)


async def _reading(one: Serving, around: World) -> Reading:
    """Connections to Redis apart: as many stay open as the worst moment has needed."""
    return Reading(int((await one.metrics())["phoneagent_tasks"]), one.descriptors(apart=around.redis.port))


async def _keys_without_end(around: World) -> list[str]:
    client = RedisClient.from_url(around.redis.url)
    try:
        return [str(key) async for key in client.scan_iter() if await client.ttl(key) < 0]
    finally:
        await client.aclose()
