"""`phoneagent states`."""

from __future__ import annotations

import click

from phoneagent.conversation.states import TRANSITIONS, diagram

from .program import STATUSES


@click.command(epilog=STATUSES)
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "table"]),
    default="mermaid",
    show_default=True,
    help="How to show them.",
)
def states(form: str) -> None:
    """Print the states of a call, and which event leads from which to which.

    The diagram is made from the table that the program runs on, so it cannot be out of date. Mermaid is what GitHub
    and many editors draw; the table also has the events after which a call stays where it is.

    \b
      phoneagent states > states.mmd
      phoneagent states --format table | grep '^paused'
    """
    click.echo(diagram() if form == "mermaid" else _table())


def _table() -> str:
    rows = [
        (state.value, event.__name__, ", ".join(sorted(target.value for target in targets - {state})) or "(stays)")
        for state, row in TRANSITIONS.items()
        for event, (_, targets) in row.items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{state:{widths[0]}}  {event:{widths[1]}}  {targets}" for state, event, targets in rows)
