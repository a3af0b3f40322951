"""`phoneagent chat`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import click

from phoneagent import agent_file
from phoneagent.call.handoff import handoff_to, other_agents
from phoneagent.call.variables import needed_variables
from phoneagent.errors import SettingsError
from phoneagent.plain_text import plain
from phoneagent.settings import Settings, load, missing_keys

from .chosen_agents import chosen_agents
from .options import agent_option, embedded_option, setting
from .program import FAILED, STATUSES

if TYPE_CHECKING:
    from phoneagent.conversation.transcript import Turn
    from phoneagent.records import Agent

    from .typed_call import Screen


@click.command(epilog=STATUSES)
@agent_option
@embedded_option("--scripted")
@click.option(
    "--variable",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="A {variable} of the greeting and the instructions. May be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@setting("log_level", "LEVEL")
def chat(*, embedded: bool, variables: tuple[str, ...], as_json: bool, **flags: Any) -> None:
    """Talk to an agent by typing.

    \b
      phoneagent chat                                the agent in agents/, or the built-in front desk
      phoneagent chat --embedded                     without any key: the agent's [dialogue] answers
      phoneagent chat --agent my-agent.toml --variable customer=Anna
      printf 'what are your hours\\nbye\\n' | phoneagent chat --embedded --json

    The conversation, the model and the tools are those of a call; only ears and voice are left out, so it needs no more
    than the model's key: OPENAI_API_KEY, or OPENAI_BASE_URL for another server. Tools really run. Of several agents the
    first by file name answers. Keys of the telephone are typed as #1 or [1].

    Variables that a call has to bring are asked for, or given with --variable.

    Ctrl-D hangs up. If the input is not a terminal it is read line by line, and plain text is printed. With --json: a
    turn is {"event": "turn", "role", "text"} (of a tool also "tool" and "arguments"); further events are "problem",
    "hangup", "transfer" (with "target" and "number"), "handover" (with "agent") and, last, "ended" with "reason". Ends
    with status 1 when the agent gave up.
    """
    settings = load(**flags)
    given = dict(_variable(text) for text in variables)
    agents = _checked(settings, embedded=embedded)
    by_hand = sys.stdin.isatty() and not as_json
    given |= _asked_for(next(iter(agents.values())), given, by_hand=by_hand)

    from phoneagent.telemetry import logs

    # Between the lines of a dialogue only what is wrong matters, unless somebody asked for more.
    level = settings.log_level if "log_level" in settings.model_fields_set else "warning"
    logs.configure(json=settings.log_json, level=level, secrets=settings.secrets())
    screen: Screen = JsonScreen() if as_json else TextScreen(echo=not by_hand)
    reason = _talk(settings, agents, given, screen, map(plain, _typed() if by_hand else sys.stdin))
    if as_json:
        _print(event="ended", reason=reason)
    if reason == "failure":
        click.get_current_context().exit(FAILED)


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise click.BadParameter(f"expected NAME=VALUE, got {text!r}", param_hint="--variable")
    return name, plain(value)


def _asked_for(agent: Agent, given: Mapping[str, str], *, by_hand: bool) -> dict[str, str]:
    """The variables that a call has to bring, asked of whoever types. Raises `SettingsError` where nobody does."""
    missing = sorted(needed_variables(agent) - given.keys())
    if not by_hand and missing:
        raise SettingsError(*(f"--variable {name}=…: expected: the agent speaks of {{{name}}}" for name in missing))
    return {name: click.prompt(name) for name in missing}


def _checked(settings: Settings, *, embedded: bool) -> dict[str, Agent]:
    """The agent to talk to, and those to which it may hand the call over. Raises `SettingsError`."""
    chosen = chosen_agents(settings)
    agents: dict[str, Agent] = {}
    wanted = [next(iter(chosen))]
    while wanted:
        name = wanted.pop()
        agents[name] = agent_file.embedded(chosen[name]) if embedded else chosen[name]
        wanted += sorted(other_agents(chosen[name]) - agents.keys())
    problems = missing_keys(settings, {agent.llm.provider for agent in agents.values()})
    if problems and all(agent.dialogue is not None for agent in agents.values()):
        problems.append("Or try it without a key: phoneagent chat --embedded (the agent's [dialogue] answers)")
    if problems:
        raise SettingsError(*problems)
    return agents


def _typed() -> Iterator[str]:
    """Lines that somebody types, until Ctrl-D."""
    import readline  # noqa: F401  # importing it gives `input` editing and history

    while True:
        try:
            yield input("you: ")
        except EOFError:
            click.echo()
            return


def _talk(
    settings: Settings,
    agents: Mapping[str, Agent],
    variables: Mapping[str, str],
    screen: Screen,
    lines: Iterator[str],
) -> str:
    """Hold the conversation with the first agent, and with those it hands it over to; returns why it ended.

    The loop runs only while an agent is at work.
    """
    from phoneagent.app import Makers

    from .typed_call import TypedCall

    makers = Makers(settings, AsyncExitStack())
    name = next(iter(agents))
    history: tuple[Turn, ...] = ()
    with asyncio.Runner() as runner:
        while True:
            agent = agents[name]
            mind = makers.whole_mind(agent)
            tools = runner.run(makers.tools(agent, {}))
            call = TypedCall(agent, mind, tools, screen, variables=variables, history=history)
            try:
                runner.run(call.begin())
                while not call.over and (line := next(lines, None)) is not None:
                    if line.strip():
                        runner.run(call.say(line.strip()))
            except KeyboardInterrupt:
                click.echo()
            finally:
                runner.run(call.hang_up())
                runner.run(mind.aclose())
                runner.run(makers.stack.aclose())
            if call.handed_to not in agents:
                return call.ended_reason
            handoff = handoff_to(agent, call.handed_to)
            name, history = call.handed_to, () if handoff is not None and handoff.history == "none" else call.turns


class TextScreen:
    """A dialogue to read. `echo` repeats what the caller said, which is not on the screen when it came from a file."""

    def __init__(self, *, echo: bool) -> None:
        self._echo = echo
        self._speaking = False

    def phrase(self, text: str) -> None:
        if not self._speaking:
            click.secho("agent: ", bold=True, nl=False)
        click.echo(f" {text}" if self._speaking else text, nl=False)
        self._speaking = True

    def turn(self, turn: Turn) -> None:
        self._end_line()
        if turn.tool is not None:
            click.secho(f"  ({turn.tool.name} {turn.tool.arguments} → {turn.text})", dim=True)
        elif turn.role == "caller" and self._echo:
            click.echo(f"you: {turn.text}")

    def problem(self, text: str) -> None:
        self._end_line()
        click.secho(f"  ! {text}", fg="yellow", err=True)

    def hung_up(self, reason: str) -> None:
        self._end_line()
        click.secho(f"  (the agent hangs up: {reason})" if reason != "agent" else "  (the agent hangs up)", dim=True)

    def transferred(self, target: str, number: str) -> None:
        self._end_line()
        click.secho(
            f"  (the agent transfers the call to {target or 'nobody'}, {number or 'without a number'})", dim=True
        )

    def handed_over(self, agent: str) -> None:
        self._end_line()
        click.secho(f"  (the agent hands the call over to {agent})", dim=True)

    def _end_line(self) -> None:
        if self._speaking:
            click.echo()
        self._speaking = False


class JsonScreen:
    """One JSON object a line."""

    def phrase(self, text: str) -> None:
        """Nothing: the whole turn follows."""

    def turn(self, turn: Turn) -> None:
        more = {"tool": turn.tool.name, "arguments": _decoded(turn.tool.arguments)} if turn.tool is not None else {}
        _print(event="turn", role=turn.role, text=turn.text, **more)

    def problem(self, text: str) -> None:
        _print(event="problem", text=text)

    def hung_up(self, reason: str) -> None:
        _print(event="hangup", reason=reason)

    def handed_over(self, agent: str) -> None:
        _print(event="handover", agent=agent)

    def transferred(self, target: str, number: str) -> None:
        _print(event="transfer", target=target, number=number)


def _decoded(arguments: str) -> Any:
    """A tool's arguments as the model meant them, or its text when that is no JSON."""
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments


def _print(**values: Any) -> None:
    click.echo(json.dumps(values, ensure_ascii=False))
