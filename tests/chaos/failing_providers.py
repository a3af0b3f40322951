"""Providers that fail in all the ways that they know, every third call's of thirty."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from phoneagent.call.ears import DOUBT_AFTER
from phoneagent.providers.llm.fallback import LATE
from phoneagent.providers.tts.fallback import STALL
from phoneagent.simulator.faults import Attempt, Fault, Faults
from phoneagent.simulator.serving import ProviderServer
from phoneagent.simulator.timeline import Timeline

from . import callers
from .table import Row
from .world import Finished, World, world

Part = Literal["stt", "llm", "tts"]

SPEECH_WITHIN = 2.5  # seconds after the caller's last sound
TURNS = 3
RAMP = 4.0  # seconds in which the calls come
PATIENCE = 10.0  # seconds of silence; who hears nothing for so long is a miss anyhow
WARM = 1.5  # seconds without a new phrase: the process has its fixed ones; outside of calls nobody keeps a journal
NOTICED: Mapping[Part, float] = {"stt": DOUBT_AFTER / 50, "llm": LATE, "tts": STALL}
"""Seconds of a provider's silence that are no fault yet: whose caller hangs up meanwhile has nothing to tell of it."""
LEFT = 0.5  # seconds around a hang-up in which what belonged to the call is closed
FAILURES = {"ProviderFailed", "ReplyFailed", "EarsFailed"}  # events of a journal


@dataclass(frozen=True, slots=True)
class Failing:
    """A way to fail. It befalls every `every`-th connection, with the mind every request; so a retry may succeed.

    Not `named`: one that is no failure yet, as a late word is none, or that few of the requests can have.
    """

    name: str
    part: Part
    fault: Fault
    named: bool = True
    every: int = 2


ALL = (
    Failing("ears refused", "stt", Fault("refuse", status=503)),
    Failing("ears' account refused", "stt", Fault("refuse", status=401)),
    Failing("ears dropped", "stt", Fault("drop", after=4.0)),
    Failing("ears silent", "stt", Fault("stall", after=4.0)),
    Failing("ears send garbage", "stt", Fault("garbage", at_event=4)),
    Failing("ears close with 1008", "stt", Fault("close", after=4.0, code=1008)),
    Failing("ears close with 1011", "stt", Fault("close", after=4.0, code=1011)),
    Failing("mind's key refused", "llm", Fault("refuse", status=401)),
    Failing("mind at its limit", "llm", Fault("refuse", status=429, retry_after=1.0)),
    Failing("mind fails with 500", "llm", Fault("refuse", status=500)),
    Failing("mind late", "llm", Fault("slow", seconds=6.0), named=False),
    Failing("mind stalls in the middle", "llm", Fault("stall", at_event=6)),
    Failing("mind cut off in the middle", "llm", Fault("drop", at_event=6)),
    Failing("mind's arguments broken", "llm", Fault("bad_arguments"), named=False),
    Failing("mind's answer empty", "llm", Fault("empty")),
    Failing("voice refused", "tts", Fault("refuse", status=503)),
    Failing("voice's account refused", "tts", Fault("refuse", status=401)),
    Failing("voice without quota", "tts", Fault("refuse", status=401, reason="quota_exceeded")),
    Failing("voice stalls in a sentence", "tts", Fault("stall", at_event=3)),
    Failing("voice cut off in a sentence", "tts", Fault("drop", at_event=3)),
    Failing("voice at its limit of contexts", "tts", Fault("close", at_event=3, code=1008)),
)


class Struck(Timeline):
    """Keeps only what went wrong."""

    def record(self, server: str, connection: int, what: str, data: Mapping[str, Any] | None = None) -> None:
        if what in ("fault", "gone", "cancelled"):
            super().record(server, connection, what, data)

    def noticeable(self, part: Part, hang_ups: Sequence[float]) -> int:
        """How many were there to be noticed, and not left before: with the caller, or for a mind that was faster."""
        left = {entry.connection: entry.at for entry in self.entries if entry.what != "fault"}
        count = 0
        for fault in self.find("fault"):
            at = left.get(fault.connection, math.inf)
            gone = part == "llm" or any(abs(at - hang_up) < LEFT for hang_up in hang_ups)
            count += fault.data.get("kind") != "stall" or not gone or at - fault.at >= NOTICED[part]
        return count


class Counted(Faults):
    """Knows how often one befell a connection."""

    chosen = 0

    def choose(self, attempt: Attempt) -> Fault | None:
        """As the class it extends."""
        fault = super().choose(attempt)
        self.chosen += fault is not None
        return fault


async def failing_providers(calls: int, *, faults: Sequence[Failing] = ALL, keep: Path | None = None) -> list[Row]:
    """Three processes with a third of the calls each; at any time every call of one has the same failing provider.

    So each fault befalls every third call, and ears, mind and voice fail at the same time, of different calls.
    """
    parts: tuple[Part, ...] = ("stt", "llm", "tts")
    names = iter(callers.names(900))
    rows: list[Row] = []
    async with AsyncExitStack() as stack:
        worlds = {
            part: await stack.enter_async_context(world(processes=1, journals=True, keep=keep and keep / part))
            for part in parts
        }
        for one in worlds.values():
            await _warm(one)
        waiting = {part: [one for one in faults if one.part == part] for part in parts}
        while any(waiting.values()):
            now = [waiting[part].pop(0) for part in parts if waiting[part]]
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(_one(worlds[one.part], one, list(islice(names, max(1, calls // 3)))))
                    for one in now
                ]
            rows += [task.result() for task in tasks]
    return rows


async def _one(around: World, failing: Failing, names: Sequence[str]) -> Row:
    servers: dict[Part, ProviderServer] = {"stt": around.deepgram, "llm": around.openai, "tts": around.elevenlabs}
    server, faults, struck = servers[failing.part], Counted(), Struck()
    faults.add(failing.fault, every=failing.every)
    server.faults, server.timeline = faults, struck
    around.placed.clear()
    won = await _hedges_won(around)
    try:
        await around.dial(names, TURNS, within=RAMP, patience=PATIENCE)
        finished = await around.finish(TURNS)
    finally:
        server.faults = Faults()
    count = faults.chosen
    if failing.fault.strikes:
        epoch = time.time() - asyncio.get_running_loop().time()
        hang_ups = [call.ended_at - epoch for call in around.placed.values() if call.ended_at is not None]
        count = struck.noticeable(failing.part, hang_ups)
    if failing.part == "llm":
        count -= int(await _hedges_won(around) - won)  # whose first request was given up before it was a fault
    named = sum(_named(around, call, failing.part) for call in finished)
    longest = max((silence for call in finished for silence in silences(call)), default=0.0)
    details = [f"{call.name}: {call.result.ending}" for call in finished if call.result.ending != "caller hung up"]
    details += [
        f"{call.name}: {silence:.1f} s" for call in finished for silence in silences(call) if silence > SPEECH_WITHIN
    ]
    if not count:
        details.append("it struck nobody")
    if failing.named and named < count:
        details.append(f"of {count} faults the journals name {named}")
    return Row(
        failing.name,
        f"speech within {SPEECH_WITHIN} s; each in the journal",
        f"{longest:.1f} s; {count} faults, {named} in journals",
        not details,
        details,
    )


async def _hedges_won(around: World) -> float:
    return (await around.serving[0].metrics())["phoneagent_hedges_won_total"]


async def _warm(around: World) -> None:
    phrases = 0
    while not phrases or phrases < len(around.clips):
        phrases = len(around.clips)
        await asyncio.sleep(WARM)


def silences(call: Finished) -> list[float]:
    """Seconds from the end of each of the caller's turns to the agent's first sound, or to the end."""
    ear = call.result.ear
    return [
        response.latency if response.latency is not None else ear.duration - response.said.end
        for response in ear.responses()
    ]


def _named(around: World, call: Finished, part: Part) -> int:
    """How many failures of this part a call's journals name."""
    entries = [
        json.loads(line)
        for file in around.journals.glob(f"{call.result.call}.*.jsonl")
        for line in file.read_text().splitlines()[1:]
    ]
    return sum(entry["event"] in FAILURES and entry.get("part", entry.get("stage", "stt")) == part for entry in entries)
