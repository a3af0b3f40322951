"""`phoneagent keys`: who may use the REST interface, and for what."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from phoneagent.api_keys import LONGEST_NAME, SCOPES, ApiKey, KeyRing, hashed, new_key
from phoneagent.errors import PhoneagentError
from phoneagent.settings import Settings, load

if TYPE_CHECKING:
    from rich.table import Table

T = TypeVar("T")

EPILOG = (
    "Exit status: 0 done; 1 Redis is away, the name is taken, or there is no key of that name; 2 a setting or an "
    "option is wrong."
)

NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_NAME - 1}}}")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(epilog=EPILOG)
def keys() -> None:
    """Make API keys with scopes, list and revoke them.

    \b
      phoneagent keys create --name crm --scope read --scope call
      phoneagent keys list
      phoneagent keys revoke crm
      phoneagent keys encryption          something else: what encrypts Redis' data

    They are kept in Redis (REDIS_URL), as hashes, for all servers that use it: a new key is good at once, a revoked one
    for two seconds more. Scopes: `read` for GET, `call` for placing calls and steering them, `admin` for the rest and
    /metrics. The keys in PHONEAGENT_API_KEYS have all of them, and are not listed here.
    """


@keys.command(epilog=EPILOG)
@click.option("--name", required=True, help="What it is called in the list, such as who uses it.")
@click.option(
    "--scope",
    "scopes",
    required=True,
    multiple=True,
    type=click.Choice(SCOPES),
    help="What may be done with it; several times for several.",
)
@json_option
def create(*, name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    if not NAME.fullmatch(name):
        raise click.BadParameter(
            f"expected letters, digits, '.', '_' and '-', at most {LONGEST_NAME}", param_hint="'--name'"
        )
    secret = new_key()
    made = ApiKey(name, frozenset(scopes), round(time.time(), 3))

    async def add(ring: KeyRing) -> bool:
        return await ring.add(made, hashed(secret))

    if not _asked(load(), add):
        raise PhoneagentError(f"expected a new name: there is a key {name!r}; `phoneagent keys revoke {name}` ends it")
    click.echo(json.dumps({**_told(made), "key": secret}) if as_json else secret)
    if not as_json:
        click.echo(f"{name}: {', '.join(sorted(scopes))}. Keep it now: it cannot be shown again.", err=True)


@keys.command(epilog=EPILOG)
def encryption() -> None:
    """Make a key for PHONEAGENT_ENCRYPTION_KEYS and print it. It is kept nowhere; without it the data is lost."""
    from phoneagent.store.cipher import new_key as new_encryption_key

    click.echo(new_encryption_key())


@keys.command("list", epilog=EPILOG)
@json_option
def list_keys(*, as_json: bool) -> None:
    """Show the keys' names and scopes."""

    async def everything(ring: KeyRing) -> tuple[ApiKey, ...]:
        return await ring.all()

    known = _asked(load(), everything)
    if as_json:
        click.echo(json.dumps([_told(key) for key in known]))
    elif not known:
        click.echo("No keys. `phoneagent keys create` makes one.", err=True)
    else:
        from rich.console import Console

        Console(highlight=False).print(_table(known))


@keys.command(epilog=EPILOG)
@click.argument("name")
def revoke(name: str) -> None:
    """End a key."""

    async def end(ring: KeyRing) -> bool:
        return await ring.revoke(name)

    if not _asked(load(), end):
        raise PhoneagentError(f"expected the name of a key, as `phoneagent keys list` shows them; got {name!r}")
    click.echo(f"{name} is revoked. Servers notice within two seconds.", err=True)


def _asked(settings: Settings, work: Callable[[KeyRing], Awaitable[T]]) -> T:
    from phoneagent.app import key_ring

    async def run() -> T:
        async with key_ring(settings) as ring:
            return await work(ring)

    return asyncio.run(run())


def _told(key: ApiKey) -> dict[str, Any]:
    return {"name": key.name, "scopes": sorted(key.scopes), "created": _time(key)}


def _time(key: ApiKey) -> str:
    return datetime.fromtimestamp(key.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _table(known: tuple[ApiKey, ...]) -> Table:
    from rich.table import Table

    table = Table("name", "scopes", "created", box=None, pad_edge=False, header_style="bold")
    for key in known:
        table.add_row(key.name, ", ".join(sorted(key.scopes)), _time(key))
    return table
