"""Each attack by itself, under callers who must not notice it."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypedDict
from uuid import uuid4

from phoneagent.simulator.webhooks import WebhookFailed

from . import callers
from .attacks import ATTACKS, FETCH, Attack, bomb_server
from .failing_providers import SPEECH_WITHIN, silences
from .kills import judgements
from .processes import Serving
from .table import Row
from .world import AGENT, REPOSITORY, World, world

SECONDS = 8.0  # of an attack: the turns of a caller who comes with it
TURNS = 2  # of a caller
ANSWERED_WITHIN = 1.0  # seconds for /healthz, /readyz and signed webhooks: what an orchestrator's probe waits
MORE_MEMORY = 64 * 1024 * 1024  # bytes; a bomb or an unbounded head has ten times as many
MORE_LOG = 200 * 1024  # bytes: calls have some, and strangers few lines of a bounded length
WEBHOOKS_EVERY = 0.2  # seconds
MAX = sys.float_info.max  # seconds; what was not answered at all took longer
TOO_BUSY = "/readyz: 503"  # which is an answer: new calls are not welcome while the event loop is late


class Beats(TypedDict):
    """What `pulse` tells."""

    seconds: list[float]
    problems: list[str]
    memory: int


class Suffered(NamedTuple):
    """How a process was under an attack. `hooks`: the seconds of each signed webhook."""

    beats: Beats
    hooks: Sequence[float]
    memory: int  # bytes more than before, at most
    log: int  # bytes more
    lag: float  # seconds that the loop was late at most, as it has seen itself

    def told(self, answer: float) -> str:
        beats = self.beats["seconds"]
        return (
            f"health in {1000 * max(beats):.0f} ms, signed webhooks in {1000 * max(self.hooks, default=0.0):.0f} ms, "
            f"answers in {answer:.1f} s, loop late by {1000 * self.lag:.0f} ms, {self.memory / 1024**2:+.0f} MB, "
            f"{self.log / 1024:.0f} kB of log"
        )

    def problems(self, *, in_time: bool) -> Iterator[str]:
        """`in_time`: the machine does nothing else, so that what is late or too busy is a problem too."""
        within = ANSWERED_WITHIN if in_time else MAX
        yield from (one for one in self.beats["problems"] if in_time or one != TOO_BUSY)
        yield from (f"health in {one:.2f} s" for one in self.beats["seconds"] if one > within)
        yield from (f"a signed webhook in {one:.2f} s" for one in self.hooks if one > within)
        if self.memory > MORE_MEMORY:
            yield f"{self.memory:,} bytes more memory"
        if self.log > MORE_LOG:
            yield f"{self.log:,} bytes of log"


async def attacks(
    calls: int, *, seconds: float = SECONDS, keep: Path | None = None, chosen: Sequence[Attack] = ATTACKS
) -> list[Row]:
    """One after the other, on one process."""
    names = iter(callers.names(900))
    async with attacked(keep) as around:
        return [
            await one_row(around, attack.name, [attack], names=list(islice(names, calls)), turns=TURNS, seconds=seconds)
            for attack in chosen
        ]


async def all_at_once(calls: int, turns: int, seconds: float) -> list[Row]:
    """All of them together: the short form, in which nothing depends on how busy the machine is."""
    async with attacked() as around:
        return [
            await one_row(
                around, "all attacks", ATTACKS, names=callers.names(calls), turns=turns, seconds=seconds, in_time=False
            )
        ]


@asynccontextmanager
async def attacked(keep: Path | None = None) -> AsyncIterator[World]:
    """A world with one process whose agent has a tool that leads to a stranger's server."""
    with tempfile.TemporaryDirectory(prefix="phoneagent-attacked-") as folder:
        async with bomb_server() as bombs:
            agent = Path(folder) / "agent.toml"
            agent.write_text(AGENT.read_text() + FETCH.format(url=bombs.url))
            async with world(processes=1, agent=agent, keep=keep) as around:
                yield around


async def one_row(
    around: World,
    name: str,
    chosen: Sequence[Attack],
    *,
    names: Sequence[str],
    turns: int,
    seconds: float,
    in_time: bool = True,
) -> Row:
    """These attacks at the same time, while so many people call."""
    [serving] = around.serving
    around.placed.clear()
    problems: list[str] = []
    async with suffering(around, serving) as seen:
        dialling = asyncio.create_task(around.dial(names, turns, within=min(2.0, seconds / 4)))
        striking = [asyncio.create_task(_strike(attack, around, serving, seconds)) for attack in chosen]
        for strike in striking:
            problems += await strike
        await dialling
        finished = await around.finish(turns)
    [suffered] = seen
    problems += suffered.problems(in_time=in_time)
    problems += [f"{who}: {what}" for who, one in judgements(around, finished).items() for what in one.problems]
    latest = max((silence for call in finished for silence in silences(call)), default=0.0)
    if in_time and latest > SPEECH_WITHIN:
        problems.append(f"an answer in {latest:.1f} s")
    must = f"health and Twilio within {ANSWERED_WITHIN:g} s, speech within {SPEECH_WITHIN} s, memory and log bounded"
    return Row(f"strangers: {name}", must, suffered.told(latest), not problems, problems)


async def _strike(attack: Attack, around: World, serving: Serving, seconds: float) -> Sequence[str]:
    return await attack.strike(around, serving, seconds)


@asynccontextmanager
async def suffering(around: World, serving: Serving) -> AsyncIterator[list[Suffered]]:
    """Watch a process while the block is open; it is then the one element of the list."""
    assert serving.process is not None
    seen: list[Suffered] = []
    memory, log, late = serving.resident_bytes, serving.log.stat().st_size, await serving.lags()
    pulse = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.pulse", str(serving.port), str(serving.process.pid),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY,
    )  # fmt: skip
    hooks: list[float] = []
    calling = asyncio.create_task(_signed_webhooks(around, hooks))
    try:
        yield seen
    finally:
        calling.cancel()
        assert pulse.stdin is not None
        pulse.stdin.close()
        output, _ = await pulse.communicate()
    beats: Beats = json.loads(output)
    lags = await serving.lags()
    lag = max((bound for bound, count in lags.items() if count > late.get(bound, 0.0)), default=0.0)
    grown = serving.log.stat().st_size - log
    seen.append(Suffered(beats, hooks, beats["memory"] - memory, grown, lag))


async def _signed_webhooks(around: World, seconds: list[float]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        form = {"CallSid": f"CA{uuid4().hex}", "CallStatus": "in-progress", "From": "+15550001111"}
        began = loop.time()
        try:
            answer = await around.carrier.request(f"{around.front.url}/twilio/status", form)
            seconds.append(loop.time() - began if answer.status == 204 else float("inf"))
        except WebhookFailed:
            seconds.append(float("inf"))
        await asyncio.sleep(WEBHOOKS_EVERY)
