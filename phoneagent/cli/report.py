"""`phoneagent report`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

import click

from phoneagent.errors import PhoneagentError, SettingsError
from phoneagent.settings import load

from .call import here
from .options import setting

WRONG_KEY = frozenset({401, 403})


@click.command(
    epilog="Exit status: 0 it was shown; 1 there is no such call, no report of it yet, or the server is away; 2 an "
    "option or a setting is wrong, or the server refuses the key."
)
@click.argument("call")
@click.option("--json", "as_json", is_flag=True, help="Print it as `GET /v1/calls/{id}/report` has it.")
@click.option("--server", metavar="URL", help="Where `phoneagent serve` is; without it on this machine.")
@setting("port")
def report(*, call: str, as_json: bool, server: str | None, **flags: Any) -> None:
    """Show what is left of CALL, by its id, when it is over.

    \b
      phoneagent report CA0123456789abcdef0123456789abcdef
      phoneagent report PC0123456789abcdef0123456789abcdef --json | jq .data

    The server is asked: it needs PHONEAGENT_API_KEYS here as there (the first of them is sent). A report is made some
    seconds after the end of a call.
    """
    settings = load(**flags)
    key = settings.api_keys[0].get_secret_value() if settings.api_keys else ""
    found = asyncio.run(asked(server or here(settings), key, call))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        click.echo("\n".join(lines(found)))


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """A report, for people."""
    yield f"{found['id']}: {found['direction']}, {found['from']} → {found['to']}, agent {found['agent']}"
    yield f"{found['status']} ({found['ended_reason']}) after {found['duration']:.0f} s"
    if found["summary"]:
        yield f"\n{found['summary']}"
    if found["success"]:
        yield f"\nsuccess: {found['success']['result']}. {found['success']['reason']}".rstrip(" .")
    if found["data"] is not None:
        yield f"\n{json.dumps(found['data'], ensure_ascii=False, indent=2)}"
    costs = found["costs"]
    more = "" if costs["complete"] else ", and what has no known price"
    yield f"\ncosts: {costs['total']:.4f} {costs['currency']}{more} ({costs['prices']})"
    for item in costs["items"]:
        cost = "?" if item["cost"] is None else f"{item['cost']:.4f}"
        name = f"{item['provider']} {item['model']}".strip()
        yield f"  {cost:>8}  {name}: {'about ' if item['reckoned'] else ''}{item['amount']:,.10g} {item['unit']}"
    if found["latency"]:
        yield "\nlatency from the end of the caller's speech, in seconds:"
        for stage in found["latency"]:
            yield f"  {stage['stage']:<12} p50 {stage['p50']:.2f}  p95 {stage['p95']:.2f}  ({stage['turns']} turns)"
    for run in found["tools"]:
        yield f"\ntool {run['name']} {run['arguments']}: {run['result']}"
    for problem in found["problems"]:
        yield f"\nproblem: {problem}"


async def asked(url: str, key: str, call: str) -> dict[str, Any]:
    """The report as REST has it. Raises `PhoneagentError`, and `SettingsError` for a key that is refused."""
    from .rest import Refused, connected

    async with connected(url, key) as client:
        try:
            return await client.report(call)
        except Refused as refused:
            if refused.status in WRONG_KEY:
                raise SettingsError(f"PHONEAGENT_API_KEYS: {refused}") from refused
            raise PhoneagentError(str(refused)) from refused
