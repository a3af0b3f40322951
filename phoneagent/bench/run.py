"""One run: the load, a server beside it, the calls, and the figures."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from phoneagent.conversation.words import SAMPLE_RATE
from phoneagent.errors import MisuseError
from phoneagent.ports import Synthesizer
from phoneagent.simulator.caller import CallerScript
from phoneagent.simulator.carrier import ACCOUNT_SID, AUTH_TOKEN
from phoneagent.simulator.ear import StreamOpened
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.speech import FRAME

from . import traffic
from .load import Called, Load, Watch, light_footed, load
from .process import Buckets, Processes, Server, server_process
from .redis import redis_server
from .report import AtEar, Cost, Distribution, Generator, Report, report
from .target import Target, check_first_call, check_ports
from .turns import Spoken, TurnsTimeline, measure

MEMORY_LOOK = 0.5  # seconds
CALLS_ALLOWED = 10_000  # what the server is told it may take: how many it can take is what is measured
FIRST_CALLS = 2  # a worker; nobody knows which of them takes a call
SETTLED = 0.5  # seconds after the first call, until its sockets and tasks are gone


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured. `agent` is the text of an agent file, `beside` the folder where its modules are.

    `cores` are those of the server; the load takes the others. None: both take what they find. `workers` are the
    processes of the server; several share a Redis, which is not counted.
    """

    agent: str
    beside: Path
    calls: int = 1
    turns: int = 6
    seconds_between: float = 0.253
    latencies: Latencies = field(default_factory=Latencies)
    cores: frozenset[int] = frozenset()
    workers: int = 1

    @property
    def other_cores(self) -> frozenset[int]:
        """What is left for the load, when the server has its own."""
        if not self.cores:
            return frozenset()
        others = frozenset(os.sched_getaffinity(0)) - self.cores
        if not others:
            raise MisuseError("there is no other core left for the load")
        return others


async def run(plan: Plan, synthesizer: Synthesizer, environment: Mapping[str, str]) -> Report:
    """Measure the product. `environment`: what the server's process gets beside its settings."""
    names = traffic.names(plan.calls)
    callers = [(name, traffic.caller(name, plan.turns)) for name in names]
    timeline = TurnsTimeline()
    with tempfile.TemporaryDirectory(prefix="phoneagent-bench-") as folder:
        agent = Path(folder) / "agent.toml"
        agent.write_text(plan.agent)
        async with load(synthesizer, [script for _, script in callers], plan.latencies, timeline) as world:
            port = free_port()
            settings = {
                "PHONEAGENT_AGENTS": str(agent),
                "PHONEAGENT_PUBLIC_URL": f"http://127.0.0.1:{port}",
                "PHONEAGENT_PORT": str(port),
                "PHONEAGENT_LOG_LEVEL": "warning",
                "PHONEAGENT_MAX_CALLS": str(CALLS_ALLOWED),
                "PHONEAGENT_TWILIO_API_URL": world.carrier.api_url,
                "PHONEAGENT_DEEPGRAM_URL": world.deepgram.url,
                "PHONEAGENT_ELEVENLABS_URL": world.elevenlabs.url,
                "OPENAI_BASE_URL": world.openai.base_url,
                "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
                "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
                **dict.fromkeys(("DEEPGRAM_API_KEY", "OPENAI_API_KEY", "ELEVENLABS_API_KEY"), "simulated-api-key"),
            }
            async with AsyncExitStack() as stack:
                if plan.workers > 1:
                    redis = redis_server(free_port(), Path(folder))
                    settings |= {
                        "PHONEAGENT_WORKERS": str(plan.workers),
                        "REDIS_URL": await stack.enter_async_context(redis),
                    }
                server = await stack.enter_async_context(
                    server_process(
                        [sys.executable, "-m", "phoneagent", "serve"],
                        url=f"http://127.0.0.1:{port}",
                        environment=with_modules(environment, plan.beside) | settings,
                        folder=Path(folder),
                        cores=plan.cores,
                    )
                )
                voice_url = f"{server.url}/twilio/voice"
                for _ in range(plan.workers if plan.workers == 1 else FIRST_CALLS * plan.workers):
                    await _first_call(world, voice_url, names[0])
                timeline.clear()
                measured = await _under_load(plan, world, server, voice_url, callers)
    return _report(plan, timeline, measured)


async def run_target(plan: Plan, target: Target, synthesizer: Synthesizer) -> Report:
    """Measure a server that is running. Raises `TargetFailed`, `ServerFailed` without such a process."""
    names = traffic.names(plan.calls)
    callers = [(name, traffic.caller(name, plan.turns)) for name in names]
    timeline = TurnsTimeline()
    check_ports(target.ports)
    scripts = [script for _, script in callers]
    server = Server(target.url, None if target.pid is None else Processes(target.pid))
    async with load(synthesizer, scripts, plan.latencies, timeline, target.ports) as world:
        first = await _first_call(world, target.url, names[0])
        providers = (world.deepgram, world.openai, world.elevenlabs)
        check_first_call(target.url, first.result, {one.name: one.connections_opened for one in providers})
        timeline.clear()
        measured = await _under_load(plan, world, server, target.url, callers)
    return _report(plan, timeline, measured)


async def _first_call(world: Load, voice_url: str, name: str) -> Called:
    """The first call of a process, which pays for what is imported and opened once."""
    [called] = await world.call_all(voice_url, [(name, traffic.caller(name, 0))], seconds_between=0.0)
    await asyncio.sleep(SETTLED)
    return called


def _report(plan: Plan, timeline: TurnsTimeline, measured: _Measured) -> Report:
    spoken = [turn for call in measured.called for turn in turns_of(call)]
    return report(
        turns=measure(spoken, timeline.entries, plan.latencies),
        asked=plan.calls * plan.turns,
        ears=[at_ear(call) for call in measured.called],
        cost=measured.cost,
        lag=measured.lag,
        generator=measured.generator,
    )


async def run_floor(plan: Plan, synthesizer: Synthesizer, environment: Mapping[str, str]) -> tuple[Cost, Generator]:
    """Measure the floor with as many calls, which say the same words at fixed times."""
    callers = [(name, traffic.unanswered_caller(name, plan.turns)) for name in traffic.names(plan.calls)]
    with tempfile.TemporaryDirectory(prefix="phoneagent-bench-") as folder:
        async with load(synthesizer, [script for _, script in callers], plan.latencies, TurnsTimeline()) as world:
            port = free_port()
            async with server_process(
                [sys.executable, "-m", "phoneagent.bench.floor", str(port), world.deepgram.url],
                url=f"http://127.0.0.1:{port}",
                environment=environment,
                folder=Path(folder),
                cores=plan.cores,
            ) as server:
                voice_url = f"{server.url}/twilio/voice"
                measured = await _under_load(plan, world, server, voice_url, callers)
    return measured.cost, measured.generator


class _Measured(NamedTuple):
    called: list[Called]
    cost: Cost
    lag: Buckets
    generator: Generator


async def _under_load(
    plan: Plan, world: Load, server: Server, voice_url: str, callers: Sequence[tuple[str, CallerScript]]
) -> _Measured:
    processes, lag = server.processes, await server.loop_lag()
    before = None if processes is None else (processes.resident_bytes(), processes.cpu_seconds())
    with light_footed(plan.other_cores):
        watch = Watch()
        sizes: list[int] = []
        memory = asyncio.create_task(_look_at_memory(processes, sizes)) if processes is not None else None
        called = await world.call_all(voice_url, callers, seconds_between=plan.seconds_between)
        effort = watch.stop()
        after = None if processes is None else (processes.resident_bytes(), processes.cpu_seconds())
        if memory is not None:
            memory.cancel()
            await asyncio.wait({memory})
    cost = Cost(
        call_seconds=sum(call.result.ear.duration for call in called),
        calls_at_once=at_once(called),
        seconds_to_ready=server.seconds_to_ready,
    )
    if before is not None and after is not None:
        (idle, cpu), (resident, spent) = before, after
        cost = replace(
            cost,
            cpu_user=spent.user - cpu.user,
            cpu_system=spent.system - cpu.system,
            resident_idle=idle,
            resident_most=max(*sizes, resident),
        )
    generator = Generator(effort.cpu / effort.seconds, Distribution.of(effort.lags), effort.cpu)
    return _Measured(called, cost, (await server.loop_lag()).since(lag), generator)


async def _look_at_memory(processes: Processes, sizes: list[int]) -> None:
    while True:
        sizes.append(processes.resident_bytes())
        await asyncio.sleep(MEMORY_LOOK)


# -- what a call tells ----------------------------------------------------------------------------------


def turns_of(call: Called) -> list[Spoken]:
    """The turns after the introduction, on the loop's clock."""
    ear = call.result.ear
    responses = ear.responses()[1:]
    return [
        Spoken(
            call.name,
            number,
            call.answered + said.end,
            None if latency is None else call.answered + said.end + latency,
            framing=-round(said.end * SAMPLE_RATE) % FRAME / SAMPLE_RATE,
            line=None if latency is None else ear.wait_for_frame(said.end + latency),
        )
        for number, (said, latency) in enumerate(responses, start=1)
    ]


def at_ear(call: Called) -> AtEar:
    """What else the caller noticed."""
    result, ear = call.result, call.result.ear
    opened = next((fact.at for fact in ear.facts(StreamOpened)), None)
    heard = next((speech.at for speech in ear.agent_speech()), None)
    problems = [f"{call.name}: {violation.problem}" for violation in result.violations]
    if result.ending != "caller hung up":
        problems.append(f"{call.name}: {result.ending} after {ear.duration:.1f} s")
    return AtEar(
        greeting_sent=_after(opened, ear.audio_came),
        greeting_heard=_after(opened, heard),
        stops=tuple(ear.interruption_stop_times()),
        holes=tuple(hole.seconds for hole in ear.holes()),
        problems=tuple(problems),
    )


def _after(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start


def at_once(called: Sequence[Called]) -> int:
    """The most calls that there were at the same time."""
    changes = sorted(
        change for call in called for change in ((call.answered, 1), (call.answered + call.result.ear.duration, -1))
    )
    return max(accumulate(change for _, change in changes), default=0)


# -- where it runs --------------------------------------------------------------------------------------


def with_modules(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment, with the modules in a folder to be found: an agent's tools lie beside its file."""
    paths = [str(folder), *filter(None, [environment.get("PYTHONPATH")])]
    return dict(environment) | {"PYTHONPATH": os.pathsep.join(paths)}


def free_port() -> int:
    """A port of loopback that nobody has at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
