"""`phoneagent audit`: who has read, placed, steered and erased what."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import click

from phoneagent.audit import AuditEntry
from phoneagent.errors import OrderRefused
from phoneagent.settings import load

PAGE = 500
EPILOG = "Exit status: 0 well, 1 Redis is away, 2 a setting or an option is wrong."


@click.command(epilog=EPILOG)
@click.option("--number", metavar="NUMBER", help="Only what was about the person who has this number.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many, the newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def audit(*, number: str | None, limit: int, as_json: bool) -> None:
    """Show who has read, placed, steered and erased what.

    \b
      phoneagent audit
      phoneagent audit --number +15551234567 --json

    One line each: when, the name of the API key, what it did and what was answered, of which call, and a hash of the
    person at its other end. It is in Redis (REDIS_URL); without one it is in the server's memory: GET /v1/audit.
    """
    from phoneagent.app import audited
    from phoneagent.call.phone_numbers import NumberRules

    settings = load()
    try:
        wanted = NumberRules().possible("number", number) if number else ""
    except OrderRefused as error:
        raise click.BadParameter(str(error), param_hint="'--number'") from error

    async def run() -> list[AuditEntry]:
        async with audited(settings) as store:
            person = await store.people.pseudonym(wanted) if wanted else ""
            found: list[AuditEntry] = []
            cursor = ""
            while len(found) < limit:
                page = await store.audit.page(cursor=cursor, limit=PAGE)
                found += [entry for entry in page.entries if not person or entry.person == person]
                if not (cursor := page.next):
                    break
            return found[:limit]

    entries = asyncio.run(run())
    if as_json:
        click.echo(json.dumps([_told(entry) for entry in entries]))
        return
    for entry in entries:
        click.echo(
            f"{_time(entry)}  {entry.key}  {entry.action}  {entry.status}  {entry.call}  {entry.person}".rstrip()
        )


def _told(entry: AuditEntry) -> dict[str, str | int]:
    return {
        "id": entry.id,
        "at": _time(entry),
        "key": entry.key,
        "action": entry.action,
        "status": entry.status,
        "call": entry.call,
        "person": entry.person,
    }


def _time(entry: AuditEntry) -> str:
    return datetime.fromtimestamp(entry.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
