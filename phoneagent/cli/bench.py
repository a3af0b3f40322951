"""`phoneagent bench`: the product under load, in real time."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from .program import FAILED, STATUSES

if TYPE_CHECKING:
    from rich.console import Console

    from phoneagent.bench.report import Distribution, Report
    from phoneagent.bench.run import Plan
    from phoneagent.bench.sweep import Step
    from phoneagent.bench.target import Ports, Target

FOREIGN = ("PHONEAGENT_", "TWILIO_", "DEEPGRAM_", "OPENAI_", "ELEVENLABS_", "REDIS_", "PORT")
"""Variables that must not reach the measured server: it would talk to real services, or keep its calls elsewhere."""
MOST_CALLS = 900  # as many names as callers have

Result = TypeVar("Result")
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Delay:
    """An option for one of the simulated providers' latencies."""

    field: str
    default: float
    help: str


DELAYS = (
    Delay("flux_start_of_turn", 0.180, "Deepgram Flux: from a caller's first sound to its start of turn."),
    Delay("flux_eager_end_of_turn", 0.120, "Deepgram Flux: from the last sound to its eager end of turn."),
    Delay("flux_end_of_turn", 0.260, "Deepgram Flux: from the last sound to its end of turn."),
    Delay("nova_results", 0.150, "Deepgram nova-3: from the end of a segment to its results."),
    Delay("first_token", 0.250, "OpenAI: from a request to its first token."),
    Delay("tokens_per_second", 80.0, "OpenAI: tokens a second after that."),
    Delay("first_audio", 0.090, "ElevenLabs: from a text to its first audio."),
)


def latency_options(function: Function) -> Function:
    """An option for each of them."""
    for delay in reversed(DELAYS):
        metavar = "N" if delay.field == "tokens_per_second" else "SECONDS"
        lowest = 1.0 if delay.field == "tokens_per_second" else 0.0
        flag = "--" + delay.field.replace("_", "-")
        option = click.option(
            flag,
            type=click.FloatRange(lowest),
            metavar=metavar,
            default=delay.default,
            show_default=True,
            help=delay.help,
        )
        function = option(function)
    return function


@click.command(epilog=STATUSES)
@click.option(
    "--calls", type=click.IntRange(1, MOST_CALLS), default=1, show_default=True, help="Calls at the same time."
)
@click.option("--turns", type=click.IntRange(1), default=6, show_default=True, help="Turns of each caller.")
@click.option(
    "--seconds-between",
    type=click.FloatRange(0.0),
    default=0.253,  # no multiple of 20 ms: the calls' frames shall not come all at once
    show_default=True,
    help="From the beginning of a call to that of the next.",
)
@click.option("--sweep", "sweeping", is_flag=True, help="Raise the number of calls until callers would notice.")
@click.option("--floor", is_flag=True, help="Measure a bare server too, and tell the cost as a multiple of it.")
@click.option("--pin", type=click.IntRange(0), metavar="CORE", help="Keep the server on this core, the load off it.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes of the server, all counted. Several need redis-server; it is started beside them and not counted.",
)
@click.option(
    "--agent",
    metavar="FILE",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="An agent file with cloud providers.  [default: the built-in front desk]",
)
@click.option("--eager/--no-eager", default=None, help="Turn eager turns on or off.  [default: what the file says]")
@click.option(
    "--target",
    metavar="URL",
    help="Measure this server, which is running already: its voice webhook, or with ws: its media socket.",
)
@click.option(
    "--target-pid",
    type=click.IntRange(1),
    metavar="PID",
    help="The target's process: CPU and memory, with those that it started.",
)
@click.option(
    "--provider-port",
    type=click.IntRange(1, 65535 - 3),
    default=9100,
    metavar="PORT",
    show_default=True,
    help="With --target: Deepgram listens here; OpenAI, ElevenLabs and Twilio's API on the next three.",
)
@click.option("--target-environment", is_flag=True, help="Print the variables that a target needs, and end.")
@latency_options
@click.option(
    "--picture",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Draw the distribution and a usual and a slow answer's parts, as SVG; of a sweep the last run that went well.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(
    *,
    calls: int,
    turns: int,
    seconds_between: float,
    sweeping: bool,
    floor: bool,
    pin: int | None,
    workers: int,
    agent: Path | None,
    eager: bool | None,
    target: str | None,
    target_pid: int | None,
    provider_port: int,
    target_environment: bool,
    picture: Path | None,
    as_json: bool,
    **delays: float,
) -> None:
    """Measure how many calls a core carries, and when callers hear the answer.

    \b
      phoneagent bench                              one call, half a minute
      phoneagent bench --calls 50 --pin 0 --floor   many, on one core, and what a bare server takes
      phoneagent bench --sweep --pin 0 --json       how many calls are too many

    `phoneagent serve` is started in a process of its own. Simulated Twilio, Deepgram, OpenAI and ElevenLabs run in
    this one, and so do the callers: real sockets on loopback, in real time, nothing recorded. Each caller says a name,
    which is not measured, then asks --turns times in turn about a table, a confirmation and the opening hours; the
    answer about the hours is interrupted by the next turn. The model's answers are fixed and call no tools. A first
    call, before the measured ones, pays for what a process does once. Linux only. No keys and no network are needed.

    \b
    What is measured, at the caller's ear unless it says otherwise:
      response latency       from the caller's last sound to the agent's first
      injected               the part that the simulated providers took, each time: end of turn, first token, first
                             audio; of an eager reply the way from the eager end of turn, or the end of the turn if
                             that is later
      our share              the rest; then without the wait for enough words to speak; then without those for the line,
                             which nobody can avoid: it plays a frame every 20 ms, for which an answer waits, and it
                             brings the caller's last sound when the frame that holds it is full
      greeting               from the stream's start to the first frame at Twilio, and to the first sound
      interruption           from the caller's first sound over the agent to silence
      holes                  silences of 20 ms and more in the middle of the agent's speech
      CPU of a call-minute   user and system time of the server's process, start-up not included
      memory of a call       resident, above what the idle server has
      event-loop lag         the server's own, from /metrics: the bound of the bucket
      load generator         this process; when it takes over 80 % of a core, or its loop is over 5 ms late (p99), the
                             latencies and holes are its own, and a warning says so

    `--floor` runs the same words through a bare Starlette socket that decodes and echoes each frame and forwards the
    audio to one outgoing WebSocket: no agent can cost less. Compare the multiple of it, for the seconds depend on
    the machine. `--sweep` goes up from 1 call to 10, 20, 40 and so on, until the response latency's p95 is 50 ms above
    that of one call, or there is a hole, or a turn is lost, or the load is the bottleneck, twice in a row. --calls is
    not used then, and the single call takes 12 turns at the least.

    `--target` measures any server that speaks Twilio Media Streams, in the same way and with the same callers. Tell it
    first where the simulated services listen, by the variables that --target-environment prints, and keep it on a core
    yourself; --pin then only keeps the load off. It must greet, and must not hang up. What cannot be seen of it is left
    out: CPU and memory without --target-pid, its event loop's lag, its start.

    \b
      env $(phoneagent bench --target-environment) taskset -c 0 python agent.py &
      phoneagent bench --target http://127.0.0.1:9200/voice --target-pid $! --pin 0 --calls 10

    The exit status is 1 when a call did not go as it should or a turn was not answered.
    """
    from phoneagent.agent_file import BUILT_IN, load_agent
    from phoneagent.bench.agent_text import with_eager_turns
    from phoneagent.bench.run import Plan
    from phoneagent.bench.target import Ports
    from phoneagent.simulator.latency import Latencies
    from phoneagent.telemetry import logs

    ports = Ports.beginning_with(provider_port)
    if target_environment:
        for name, value in ports.environment.items():
            click.echo(f"{name}={value}")
        return
    other = _target(
        target,
        ports,
        target_pid,
        ours={"--agent": agent, "--eager": eager, "--workers": workers if workers > 1 else None},
    )
    logs.configure(level="error")
    file = agent or BUILT_IN
    load_agent(file)  # a mistake in it is told now, not by the server's log
    plan = Plan(
        agent=with_eager_turns(file.read_text(), eager),
        beside=file.resolve().parent,
        calls=calls,
        turns=turns,
        seconds_between=seconds_between,
        latencies=Latencies(**delays),
        cores=_cores(pin),
        workers=workers,
    )
    measuring = _Measuring(plan, _environment(os.environ), other, floor=floor, picture=picture, as_json=as_json)
    ok = _run(measuring.sweep() if sweeping else measuring.once())
    if not ok:
        raise SystemExit(FAILED)


def _target(url: str | None, ports: Ports, pid: int | None, *, ours: Mapping[str, object | None]) -> Target | None:
    """Another server, if one is to be measured. `ours`: options that mean nothing to it."""
    from phoneagent.bench.target import Target

    if url is None:
        if pid is not None:
            raise click.UsageError("--target-pid is a target's: give --target too")
        return None
    for option, value in ours.items():
        if value is not None:
            raise click.UsageError(f"{option} is for phoneagent's own server, not for a --target")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        expected = "expected http://HOST/PATH, where the voice webhook is, or ws://HOST/PATH, the media socket"
        raise click.BadParameter(f"{url!r}: {expected}", param_hint="--target")
    if pid is not None and not Path(f"/proc/{pid}").exists():
        raise click.BadParameter(f"there is no process {pid}", param_hint="--target-pid")
    return Target(url, ports, pid)


def _cores(pin: int | None) -> frozenset[int]:
    """The server's cores. The load needs another one."""
    if not hasattr(os, "sched_getaffinity"):
        raise click.UsageError("bench reads /proc and pins processes: it runs on Linux only")
    if pin is None:
        return frozenset()
    available = os.sched_getaffinity(0)
    if pin not in available:
        raise click.BadParameter(f"there is no core {pin} here; there are {sorted(available)}", param_hint="--pin")
    if len(available) == 1:
        raise click.BadParameter("there is no other core for the load", param_hint="--pin")
    return frozenset({pin})


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(FOREIGN)}


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


class _Measuring:
    """What one command line asks for."""

    def __init__(
        self,
        plan: Plan,
        environment: Mapping[str, str],
        target: Target | None = None,
        *,
        floor: bool,
        picture: Path | None,
        as_json: bool,
    ) -> None:
        from rich.console import Console

        from phoneagent.providers.tts.espeak import EspeakVoice

        self._plan = plan
        self._environment = environment
        self._target = target
        self._floor = floor
        self._picture = picture
        self._as_json = as_json
        self._voice = EspeakVoice()
        self._console = Console(highlight=False)
        self._progress = Console(stderr=True, highlight=False)

    async def once(self) -> bool:
        """One run, and its report. Whether all went well."""
        floor = await self._measure_floor(self._plan)
        report = await self._measure(self._plan, floor)
        self._draw(report)
        if self._as_json:
            click.echo(json.dumps(report.as_dict(), indent=2))
        else:
            show(report, self._console)
        return not report.problems and not report.unanswered

    async def sweep(self) -> bool:
        """Runs with more and more calls. What is found is never a failure, but at one call."""
        from phoneagent.bench.sweep import carried, sweep

        async def measure(plan: Plan) -> Report:
            return await self._measure(plan, await self._measure_floor(plan))

        steps: list[Step] = []
        async for step in sweep(self._plan, measure):
            steps.append(step)
            if not self._as_json:
                show_step(step, self._console)
        found = carried(steps)
        self._draw(next((step.report for step in reversed(steps) if not step.limit), steps[0].report))
        if self._as_json:
            told = [{"calls": step.calls, "limit": step.limit} | step.report.as_dict() for step in steps]
            click.echo(json.dumps({"carried": found, "limit": steps[-1].limit, "steps": told}, indent=2))
        else:
            show_carried(steps, found, where=self._where(), console=self._console)
        return found > 0

    async def _measure_floor(self, plan: Plan) -> float | None:
        if not self._floor:
            return None
        from phoneagent.bench.run import run_floor

        self._say(f"the floor, with {_calls(plan.calls)} …")
        cost, generator = await run_floor(plan, self._voice, self._environment)
        for reason in generator.too_busy:
            self._say(f"the floor was measured by a load that was the bottleneck: {reason}")
        return cost.cpu_per_call_minute

    async def _measure(self, plan: Plan, floor: float | None) -> Report:
        from phoneagent.bench.run import run, run_target

        self._say(f"{'phoneagent' if self._target is None else self._target.url}, with {_calls(plan.calls)} …")
        if self._target is None:
            report = await run(plan, self._voice, self._environment)
        else:
            report = await run_target(plan, self._target, self._voice)
        return replace(report, floor_cpu_per_call_minute=floor)

    def _where(self) -> str:
        if self._plan.cores:
            return "on one core"
        if self._target is not None:
            return "by the target"
        if self._plan.workers > 1:
            return f"by {self._plan.workers} workers"
        return "in one process, which has one core at most"

    def _draw(self, report: Report) -> None:
        if self._picture is not None:
            from phoneagent.bench.picture import picture

            self._picture.write_text(picture(report), encoding="utf-8")

    def _say(self, text: str) -> None:
        if self._progress.is_terminal:
            self._progress.print(text, style="dim")


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"


# -- what is printed ------------------------------------------------------------------------------------


def show(report: Report, console: Console) -> None:
    """The figures of one run."""
    from rich.table import Table

    times = Table("milliseconds")
    for title in ("p50", "p95", "p99", "max", "of"):
        times.add_column(title, justify="right")
    for title, distribution in _times(report):
        times.add_row(title, *_row(distribution))
    console.print(times)

    others = Table("", "", show_header=False)
    others.add_row("holes in the agent's speech", f"{report.holes}" + _longest(report))
    for row in _costs(report):
        others.add_row(*row)
    load = report.generator
    others.add_row("load generator", f"{load.share_of_core:.0%} of a core, {_fine(load.lag.p99)} ms late (p99)")
    others.add_row("  its CPU of a call-minute", _seconds(report.generator_cpu_per_call_minute))
    console.print(others)

    at_once = report.cost.calls_at_once
    console.print(
        f"{_calls(report.calls)}, at most {at_once} at once; {report.turns} turns answered, {report.eager_turns} of "
        f"them from an eager reply; {report.cost.call_seconds / 60:.1f} call-minutes."
    )
    if report.unexplained:
        console.print(f"Of {report.unexplained} turns the servers' log does not tell how they were answered.")
    if report.unanswered:
        console.print(f"{report.unanswered} turns were not answered.", style="red")
    for problem in report.problems[:10]:
        console.print(f"! {problem}", style="red", markup=False, soft_wrap=True)
    if load.too_busy:
        why = "; ".join(load.too_busy)
        console.print(
            f"The load generator is the bottleneck, or something else runs on its core: {why}. "
            "Latencies and holes may be its own.",
            style="yellow",
        )


def _costs(report: Report) -> Iterator[tuple[str, str]]:
    """What is known of the server's own."""
    cost = report.cost
    if cost.cpu is not None:
        in_kernel = "" if cost.in_kernel is None else f", {cost.in_kernel:.0%} of it in the kernel"
        yield "CPU of a call-minute", _seconds(cost.cpu_per_call_minute) + in_kernel
    if report.floor_cpu_per_call_minute is not None:
        yield "  the floor's", _seconds(report.floor_cpu_per_call_minute)
    if report.times_the_floor is not None:
        yield "  multiple of the floor", f"{report.times_the_floor:.1f}"
    if cost.resident_idle is not None:
        each = (cost.bytes_per_call or 0) / 1e6
        yield "memory of a call", f"{each:.2f} MB, over {cost.resident_idle / 1e6:.0f} MB idle"
    if report.lag_p50 is not None:
        lag = f"at most {_fine(report.lag_p50)} / {_fine(report.lag_p99)} ms"
        yield "event-loop lag of the server, p50 / p99", lag
    if cost.seconds_to_ready is not None:
        yield "start-up to ready", _seconds(cost.seconds_to_ready)


def _times(report: Report) -> list[tuple[str, Distribution]]:
    stages = report.stages
    return [
        ("response latency", report.response),
        ("  injected", report.injected),
        ("    ears, until the reply was begun", stages["ears"]),
        ("    ears, until the turn was over", stages["end_of_turn"]),
        ("    first token", stages["first_token"]),
        ("    first audio", stages["first_audio"]),
        ("  our share", report.share),
        ("    the wait for a first phrase", stages["phrase"]),
        ("    without that wait", report.share_without_phrase),
        ("    the wait for the line's next frame", report.line),
        ("    without both waits", report.share_without_waits),
        ("    the rest of the caller's last frame", report.framing),
        ("    without all three", report.share_without_frames),
        ("greeting, start to first frame", report.greeting_sent),
        ("greeting, start to first sound", report.greeting_heard),
        ("interruption to silence", report.stop),
    ]


def _row(distribution: Distribution) -> list[str]:
    values = (distribution.p50, distribution.p95, distribution.p99, distribution.longest)
    return [*(_ms(value) for value in values), str(distribution.count)]


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:.0f}"


def _fine(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:.1f}"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.3f} s"


def _longest(report: Report) -> str:
    return "" if report.longest_hole is None else f", the longest {_ms(report.longest_hole)} ms"


def show_step(step: Step, console: Console) -> None:
    """One line of a sweep, when it is known."""
    report, cost = step.report, step.report.cost
    ratio = "" if report.times_the_floor is None else f" ({report.times_the_floor:.1f} floors)"
    parts = [f"{step.calls:4} calls: response p50 {_ms(report.response.p50)}, p95 {_ms(report.response.p95)} ms"]
    parts.append(f"{report.holes} holes")
    if cost.cpu is not None:
        parts.append(f"{_seconds(cost.cpu_per_call_minute)} CPU a call-minute{ratio}")
    if cost.bytes_per_call is not None:
        parts.append(f"{cost.bytes_per_call / 1e6:.2f} MB a call")
    if report.lag_p99 is not None:
        parts.append(f"lag p99 {_ms(report.lag_p99)} ms")
    parts.append(f"load {report.generator.share_of_core:.0%}")
    console.print("; ".join(parts), soft_wrap=True)


def show_carried(steps: list[Step], found: int, *, where: str, console: Console) -> None:
    """What the sweep has found. `where`: in what they were carried."""
    last = steps[-1]
    if not last.limit:
        console.print(f"{found} calls {where}, and no limit found.", style="bold")
    elif last.load_is_limit:
        console.print(f"At least {found} calls {where}: at {last.calls} {last.limit}.", style="yellow", soft_wrap=True)
    else:
        console.print(f"{found} calls {where}: at {last.calls} {last.limit}.", style="bold", soft_wrap=True)
