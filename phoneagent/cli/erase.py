"""`phoneagent erase`: everything of one person."""

from __future__ import annotations

import asyncio
import json
import time

import click

from phoneagent.audit import AuditEntry
from phoneagent.errors import OrderRefused, PhoneagentError
from phoneagent.private import Private
from phoneagent.settings import load

COMMAND_LINE = "command line"  # in place of a key's name

EPILOG = (
    "Exit status: 0 everything that is here was erased; 1 something is left, or Redis is away; 2 a setting, or the "
    "number, is wrong."
)


@click.command(epilog=EPILOG)
@click.argument("number")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def erase(*, number: str, yes: bool, as_json: bool) -> None:
    """Erase what is kept of the person who has NUMBER, such as +15551234567.

    \b
      phoneagent erase +15551234567
      phoneagent erase +15551234567 --yes --json

    Calls in which it was at the other end, with turns, events, reports, orders, messages to webhooks, recordings (in
    PHONEAGENT_RECORDINGS and at Twilio) and journals (in PHONEAGENT_JOURNALS). What is left, and what no command can
    reach, is said. Calls that go on stay: ask again after their end. It cannot be undone.

    It needs REDIS_URL. Without Redis everything is in the server's memory: POST /v1/erasures there.
    """
    from phoneagent.call.erasure import ELSEWHERE, Erasure
    from phoneagent.call.phone_numbers import NumberRules

    settings = load()
    try:
        wanted = Private(NumberRules().possible("number", number))
    except OrderRefused as error:
        raise click.BadParameter(str(error), param_hint="NUMBER") from error
    if not yes:
        click.confirm("Erase everything of this person? It cannot be undone", abort=True, err=True)

    async def run() -> Erasure:
        from phoneagent.app import eraser

        async with eraser(settings) as (ready, store):
            person = await store.people.pseudonym(wanted.reveal())
            await store.audit.append([AuditEntry(time.time(), COMMAND_LINE, "erase", 200, person=person)])
            return await ready.erase(wanted)

    found = asyncio.run(run())
    if as_json:
        left = [each._asdict() for each in found.left]
        click.echo(json.dumps({"erased": found.erased, "left": left, "elsewhere": ELSEWHERE}))
    else:
        told = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in found.erased.items() if count)
        click.echo(f"erased: {told or 'nothing was there'}")
        for each in found.left:
            click.echo(f"left: {each.what} {each.call}: {each.reason}")
        click.echo("not reached: " + "; ".join(ELSEWHERE))
    if found.left:
        raise PhoneagentError("not everything was erased; the same command later goes on")
