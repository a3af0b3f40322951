"""`phoneagent doctor`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phoneagent.agent_file import untranslated
from phoneagent.errors import SettingsError
from phoneagent.records import Agent
from phoneagent.settings import Settings, load, require_for_serving

from .chosen_agents import chosen_agents, source
from .options import agent_option, embedded_option, setting
from .program import FAILED

if TYPE_CHECKING:
    from .checks import Finding
    from .measuring import Measured
    from .trial_call import Heard

WIDE = 120  # columns; in fewer, four of text are a word or two wide

COLOURS = {"ok": "green", "failed": "red", "skipped": "yellow"}


@click.command(epilog="Exit status: 0 nothing failed, 1 something did, 2 an option is wrong.")
@agent_option
@embedded_option()
@click.option(
    "--measure",
    "measures",
    is_flag=True,
    help="Send each provider five small requests, and show how long they take. They cost a few cents.",
)
@click.option(
    "--call",
    "call_to",
    metavar="NUMBER",
    help="Make a real call to this number, and show what was heard in it, and when. It costs what a call costs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@setting("public_url", "URL")
@setting("redis_url", "URL")
def doctor(*, embedded: bool, measures: bool, call_to: str | None, as_json: bool, **flags: Any) -> None:
    """Check everything that real calls need, by trying it.

    \b
      phoneagent doctor
      phoneagent doctor --agent agents/front-desk.toml --json
      phoneagent doctor --measure
      phoneagent doctor --call +12125550123

    Settings and agent files; each provider that the agents use (is the key accepted, are model and voice there);
    whether this server answers through its public URL, WebSockets too; the Twilio account, and whether
    TWILIO_PHONE_NUMBER leads here; Redis. Start `phoneagent serve` before, or the public URL has nobody to answer.

    Each line has what was found and, where something is wrong, what to do. Nothing is changed, no call is placed, and
    no secret is printed. All checks run at once and have ten seconds. With --json: {"ok", "checks": [{"check",
    "state": "ok"|"failed"|"skipped", "found", "fix"}]}.

    --measure shows what your own place and keys give: the voice speaks a question, the recogniser hears it at the speed
    of a call, the model answers it with a tool at hand, five times each. Before it begins it says what that costs. You
    see the median and the worst of each stage; with --json also "measured": [{"provider", "heard", "failures",
    "stages": [{"stage", "median", "worst", "times"}]}], in seconds.

    --call makes one real call through the running server. A number of your account (not TWILIO_PHONE_NUMBER, which
    calls) is answered by the agent, and Twilio speaks the caller: you need no telephone. Any other number, such as your
    own telephone, is called by the agent. You see who was heard saying what, in seconds since the media stream began,
    and how long after the caller each answer came; with --json as "call": {"id", "status", "good", "turns",
    "problems"}.
    """
    from phoneagent.telemetry import logs

    from .checks import Finding

    logs.configure(level="error")
    secrets: tuple[str, ...] = ()
    findings: list[Finding] = []
    measured: list[Measured] = []
    heard: Heard | None = None
    try:
        settings = load(**flags)
    except SettingsError as error:
        findings += [_settings_problem(problem, "malformed") for problem in error.problems]
        findings.append(Finding("everything else", "skipped", "needs settings that can be read"))
    else:
        secrets = settings.secrets()
        logs.configure(level="error", secrets=secrets)
        findings += _examined(settings, embedded=embedded, quiet=as_json)
        if measures:
            measured = _measured(settings, embedded=embedded, hide=logs.BlackOut(secrets))
        if call_to:
            heard = asyncio.run(_called(settings, call_to, embedded=embedded))

    # Others' messages may quote what they were sent.
    hide = logs.BlackOut(secrets)
    told = [Finding(one.check, one.state, hide(None, "", one.found), hide(None, "", one.fix)) for one in findings]
    failed = any(one.state == "failed" for one in told) or any(one.failures for one in measured)
    failed = failed or (heard is not None and not heard.good)
    if as_json:
        checks = [{"check": one.check, "state": one.state, "found": one.found, "fix": one.fix} for one in told]
        more: dict[str, Any] = {"measured": [_as_json(one) for one in measured]} if measures else {}
        if heard is not None:
            more["call"] = {
                "id": heard.call,
                "status": heard.status,
                "good": heard.good,
                "turns": heard.turns,
                "problems": heard.problems,
            }
        click.echo(json.dumps({"ok": not failed, "checks": checks, **more}, ensure_ascii=False, indent=2))
    elif sys.stdout.isatty():
        _show_table(told)
    else:
        click.echo("\n".join(_lines(told)))
    if measured and not as_json:
        click.echo("\n".join(_figures(measured)))
    if heard is not None and not as_json:
        click.echo("\n" + "\n".join(heard.lines()))
    if failed:
        click.get_current_context().exit(FAILED)


def _examined(settings: Settings, *, embedded: bool, quiet: bool) -> Iterator[Finding]:
    from .checks import Finding, examine

    where = "the environment and .env" if Path(".env").is_file() else "the environment; there is no .env here"
    try:
        require_for_serving(settings, dev=False, providers=set())  # keys are checked with their providers
        yield Finding("settings", "ok", f"from {where}")
    except SettingsError as error:
        yield from (_settings_problem(problem, "not set") for problem in error.problems)
    yield from (Finding("settings", "ok", note, "Look at it where it is set.") for note in settings.notes)

    agents: Mapping[str, Agent] = {}
    try:
        agents = chosen_agents(settings, embedded=embedded)
        yield Finding("agents", "ok", f"{', '.join(agents)} from {source(settings)}")
    except SettingsError as error:
        for problem in error.problems:
            yield Finding(
                "agents", "failed", problem, "Correct the file; front-desk.toml shows and explains every key."
            )

    yield from (
        Finding("languages", "ok", note, "Callers hear English in the middle of a call until you do.")
        for note in map(untranslated, agents.values())
        if note
    )
    yield from _webhooks(settings, agents)
    if quiet or not sys.stderr.isatty():
        yield from asyncio.run(examine(settings, agents))
        return
    from rich.console import Console

    with Console(stderr=True).status("trying everything, ten seconds at most"):
        found = asyncio.run(examine(settings, agents))
    yield from found


async def _called(settings: Settings, to: str, *, embedded: bool) -> Heard:
    """Raises `SettingsError` for what is not set, and whatever the server or Twilio has to say."""
    from contextlib import aclosing

    from phoneagent.app import twilio_control

    from .call import here
    from .rest import connected
    from .trial_call import trial

    control = twilio_control(settings)
    if control is None:
        raise SettingsError("TWILIO_ACCOUNT_SID: expected it, and TWILIO_AUTH_TOKEN, for --call; set them in .env")
    agent = next(iter(chosen_agents(settings, embedded=embedded).values()))
    key = settings.api_keys[0].get_secret_value() if settings.api_keys else ""
    async with aclosing(control), connected(here(settings), key) as server:
        return await trial(settings, agent, control, server, to)


def _measured(settings: Settings, *, embedded: bool, hide: Callable[[Any, str, str], str]) -> list[Measured]:
    """Say what it costs, and measure."""
    from phoneagent.agent_file.price_file import load_prices
    from phoneagent.call.price_book import prices_for

    from .measuring import TIMES, Plan, measure

    try:
        agents, book = chosen_agents(settings, embedded=embedded), load_prices(settings.prices)
    except SettingsError:
        return []  # it was told as a check
    plan = Plan.of(agents.values())
    cost, currency, unknown = plan.estimate(lambda agent: prices_for(agent.prices, book))
    beside = f", and what {', '.join(unknown)} takes, whose price is not known" if unknown else ""
    click.echo(f"{TIMES} requests to each provider cost about {cost:.4f} {currency}{beside}.", err=True)
    measured = asyncio.run(measure(settings, plan))
    for one in measured:
        one.failures = [hide(None, "", failure) for failure in one.failures]
    return measured


def _as_json(measured: Measured) -> dict[str, Any]:
    return {
        "provider": measured.provider,
        "heard": measured.heard,
        "failures": measured.failures,
        "stages": [
            {"stage": stage, "median": round(median, 3), "worst": round(worst, 3), "times": len(measured.stages[stage])}
            for stage, (median, worst) in measured.figures.items()
        ],
    }


def _figures(measured: Sequence[Measured]) -> Iterator[str]:
    """Median and worst of each stage, in milliseconds."""
    width = max(len(one.provider) for one in measured)
    yield f"\n{'':{width}}  {'':20} {'median':>9} {'worst':>9}"
    for one in measured:
        name = one.provider
        for stage, (median, worst) in one.figures.items():
            yield f"{name:{width}}  {stage:20} {median * 1000:6.0f} ms {worst * 1000:6.0f} ms"
            name = ""
        if one.heard:
            yield f"{'':{width}}  it heard “{one.heard}”"
        for failure, times in Counter(one.failures).items():
            yield f"{name:{width}}  failed {times} times: {failure}"


def _webhooks(settings: Settings, agents: Mapping[str, Agent]) -> Iterator[Finding]:
    """Nothing is sent: receivers would take it for a call's."""
    from phoneagent.receivers import incoming_of, webhooks_of

    from .checks import Finding

    try:
        told, asked = webhooks_of(settings, agents), incoming_of(settings, agents)
    except SettingsError as error:
        for problem in error.problems:
            fix = "Correct it, or set the variable; `phoneagent webhooks secret` makes a secret."
            yield Finding("webhooks", "failed", problem, fix)
        return
    if told or asked:
        found = f"{len(told)} to be told of calls, {len(set(asked.values()))} to decide about incoming ones"
        yield Finding("webhooks", "ok", found, "`phoneagent webhooks test` sends them a message." if told else "")


def _settings_problem(problem: str, found: str) -> Finding:
    """`NAME: expected …; set it …`: the name is the check, the rest says what to do."""
    from .checks import Finding, sentence

    name, _, expected = problem.partition(": ")
    return Finding(name, "failed", found, sentence(expected))


def _lines(findings: list[Finding]) -> Iterator[str]:
    """For a file, a pipe, a log: a line a check, and the fix below it."""
    width = max(len(one.check) for one in findings)
    for one in findings:
        yield f"{one.state:8} {one.check:{width}}  {one.found}"
        if one.fix:
            yield f"{'':8} {'':{width}}  → {one.fix}"


def _show_table(findings: list[Finding]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    beside = console.width >= WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("check", "state", "found", "fix")[: 4 if beside else 3]:
        table.add_column(heading, overflow="fold")
    for one in findings:
        found, fix = Text(one.found), Text(one.fix)
        if not beside and one.fix:
            found.append(f"\n→ {one.fix}")
        table.add_row(one.check, Text(one.state, style=COLOURS[one.state]), *((found, fix) if beside else (found,)))
    console.print(table)
