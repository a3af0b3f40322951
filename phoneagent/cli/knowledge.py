"""`phoneagent knowledge`."""

from __future__ import annotations

import json
import textwrap
import time
from typing import Any

import click

from phoneagent.errors import SettingsError
from phoneagent.records import Agent
from phoneagent.settings import load

from .chosen_agents import chosen_agents
from .options import agent_option
from .program import FAILED, STATUSES


@click.group(epilog=STATUSES)
def knowledge() -> None:
    """Try the documents in which an agent looks things up.

    \b
      phoneagent knowledge search "are you open on sundays" --agent agents/
    """


@knowledge.command(epilog=f"{STATUSES} It is 1 too when nothing was found.")
@click.argument("question")
@agent_option
@click.option("--name", default="", help="Which of several agents; the first that has documents if not given.")
@click.option("--results", type=click.IntRange(1, 50), help="How many passages; as the agent has it if not given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def search(question: str, agents: str | None, name: str, results: int | None, *, as_json: bool) -> None:
    """Show what the model is told when it asks QUESTION.

    Documents that cannot be read are named first, with the reason.

    \b
      phoneagent knowledge search "are you open on sundays" --agent agents/
    """
    from phoneagent.knowledge.library import read_folder

    agent = _with_documents(agents, name)
    assert agent.knowledge is not None  # noqa: S101 - it was chosen for this
    shelf = read_folder(agent.knowledge, language=agent.language)
    for left in shelf.left_out:
        click.secho(f"{left.shown}: left out: {left.problem}", fg="yellow", err=True)
    began = time.perf_counter()
    found = shelf.index.search(question, most=results or agent.knowledge.results)
    took = (time.perf_counter() - began) * 1000
    if as_json:
        rows: list[dict[str, Any]] = [
            {
                "document": one.passage.document,
                "heading": one.passage.heading,
                "text": one.passage.text,
                "score": round(one.score, 3),
            }
            for one in found
        ]
        click.echo(json.dumps({"results": rows, "milliseconds": round(took, 2)}, ensure_ascii=False))
    else:
        for one in found:
            click.secho(" · ".join(filter(None, (one.passage.document, one.passage.heading))), bold=True)
            click.echo(textwrap.indent(one.passage.text, "  ") + "\n")
        of = f"{len(shelf.index.passages):,} passages in {shelf.documents:,} documents"
        click.echo(f"{len(found) or 'nothing'} found in {took:.1f} ms, of {of}", err=True)
    if not found:
        raise click.exceptions.Exit(FAILED)


def _with_documents(chosen: str | None, name: str) -> Agent:
    """Raises `SettingsError`."""
    agents = chosen_agents(load(agents=chosen))
    for agent in agents.values():
        if agent.knowledge is not None and name in ("", agent.name):
            return agent
    raise SettingsError(f"{name or 'agent'}: expected an agent with [knowledge], got {', '.join(agents)}")
