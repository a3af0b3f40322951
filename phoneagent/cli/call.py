"""`phoneagent call`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import click

from phoneagent.errors import SettingsError
from phoneagent.records import FINAL_STATUSES
from phoneagent.settings import Settings, load

from .options import setting
from .program import FAILED

if TYPE_CHECKING:
    from .rest import RestClient

WRONG_REQUEST = frozenset({400, 401, 403, 409, 413, 415, 422})  # statuses for which asking again would not help
WHEN = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])


class Screen(Protocol):
    """What is shown of a call that was placed."""

    def status(self, call: Mapping[str, Any]) -> None:
        """The call is new, or its status has changed."""

    def turn(self, turn: Mapping[str, Any]) -> None:
        """Somebody has said something; a caller's turn that is `amended` replaces the one before."""

    def close(self) -> None: ...


@click.command(
    epilog="Exit status: 0 the call was completed (with --no-wait: taken), 1 it was not: busy, no answer, failed, "
    "canceled, or the server is away; 2 an option or a setting is wrong, or the server refuses such a call."
)
@click.argument("to", metavar="NUMBER")
@click.option("--agent", metavar="NAME", help="Who speaks; without it the server's first agent.")
@click.option("--from", "caller_id", metavar="NUMBER", help="The number that is shown; without it the server's own.")
@click.option(
    "--var",
    "--variable",
    "variables",
    multiple=True,
    metavar="NAME=VALUE",
    help="A {variable} of the agent's greeting and instructions. May be given several times.",
)
@click.option(
    "--metadata",
    "metadata",
    multiple=True,
    metavar="NAME=VALUE",
    help="Something that is kept with the call and told with it. May be given several times.",
)
@click.option(
    "--on-machine",
    "--machine-detection",
    "machine_detection",
    type=click.Choice(["ignore", "hang_up", "voicemail"]),
    help="What an answering machine gets: talked to, hung up on, or the agent's message after the beep.",
)
@click.option(
    "--voicemail", metavar="TEXT", help="This message instead of the agent's own; implies --on-machine voicemail."
)
@click.option("--ring-timeout", type=int, metavar="SECONDS", help="How long it rings before it counts as no answer.")
@click.option("--max-duration", type=int, metavar="SECONDS", help="How long the call may last.")
@click.option("--not-before", type=WHEN, metavar="TIME", help="Such as 2030-01-31T09:00; here, unless it has a zone.")
@click.option("--not-after", type=WHEN, metavar="TIME", help="When it is too late to dial.")
@click.option(
    "--calling-hours",
    metavar="HOURS",
    help='When they may be called, such as "mon-fri 08:00-21:00", or any; without it as the server or the agent says.',
)
@click.option("--timezone", metavar="ZONE", help="The callee's time zone, where their number does not say it.")
@click.option("--idempotency-key", metavar="TEXT", help="The same key places the same call once, however often.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Stay until the call is over.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option("--server", metavar="URL", help="Where `phoneagent serve` is; without it on this machine.")
@setting("port")
def call(
    *,
    to: str,
    agent: str | None,
    caller_id: str | None,
    variables: tuple[str, ...],
    metadata: tuple[str, ...],
    machine_detection: str | None,
    voicemail: str | None,
    ring_timeout: int | None,
    max_duration: int | None,
    not_before: datetime | None,
    not_after: datetime | None,
    calling_hours: str | None,
    timezone: str | None,
    idempotency_key: str | None,
    wait: bool,
    as_json: bool,
    server: str | None,
    **flags: Any,
) -> None:
    """Have a running server call somebody.

    \b
      phoneagent call +15551234567
      phoneagent call +15551234567 --agent reminder --var name=Ana --var time='7 pm'
      phoneagent call +15551234567 --voicemail 'Please call us back.'
      phoneagent call +15551234567 --not-before 2030-01-31T09:00 --no-wait
      phoneagent call +15551234567 --json | jq -r 'select(.event == "turn").turn.text'

    The call is that of the server: it needs PHONEAGENT_API_KEYS here as there (the first of them is sent), and goes on
    if this command is stopped. A request that was not answered is repeated, and never dials twice.

    You see each status and, while both talk, what is heard. With --json: {"event": "status", "call": {…}} each time the
    status changes, as `GET /v1/calls/{id}` has it, and {"event": "turn", "turn": {…}} as `GET /v1/calls/{id}/events`
    tells it.
    """
    settings = load(**flags)
    order: dict[str, Any] = {
        "to": to,
        "from": caller_id,
        "agent": agent,
        "variables": _pairs(variables, "--var"),
        "metadata": _pairs(metadata, "--metadata"),
        "machine_detection": machine_detection or ("voicemail" if voicemail else None),
        "voicemail_message": voicemail,
        "ring_timeout": ring_timeout,
        "max_duration": max_duration,
        "not_before": _with_zone(not_before),
        "not_after": _with_zone(not_after),
        "calling_hours": calling_hours,
        "timezone": timezone,
    }
    errand = Errand(
        url=server or here(settings),
        key=settings.api_keys[0].get_secret_value() if settings.api_keys else "",
        order={name: value for name, value in order.items() if value},
        idempotency_key=idempotency_key,
        wait=wait,
    )
    screen: Screen = JsonScreen() if as_json else TerminalScreen() if sys.stderr.isatty() else TextScreen()
    try:
        status = asyncio.run(errand.run(screen))
    finally:
        screen.close()
    if wait and status != "completed":
        click.get_current_context().exit(FAILED)


@dataclass(frozen=True, slots=True)
class Errand:
    """One call to be placed, and watched to its end if `wait`."""

    url: str
    key: str
    order: Mapping[str, Any]
    idempotency_key: str | None = None
    wait: bool = True

    async def run(self, screen: Screen) -> str:
        """Returns the call's last status. Raises `ServerAway`, `Refused`, and `SettingsError` for a wrong request."""
        import uuid

        from .rest import Refused, connected

        async with connected(self.url, self.key) as server:
            try:
                placed = await server.place(self.order, idempotency_key=self.idempotency_key or str(uuid.uuid4()))
            except Refused as refusal:
                if refusal.status in WRONG_REQUEST:
                    raise SettingsError(str(refusal)) from refusal
                raise
            shown = placed["status"]
            screen.status(placed)
            if self.wait:
                shown = await _watched(server, placed, screen)
            return str(shown)


async def _watched(server: RestClient, placed: Mapping[str, Any], screen: Screen) -> str:
    """Show what happens in a call. Returns its last status, which is shown last: words may still come after it."""
    shown = placed["status"]
    async with aclosing(server.events(placed["id"])) as happenings:
        async for happening in happenings:
            if happening.event == "turn":
                screen.turn(happening.values)
            elif happening.event == "status" and happening.values["status"] not in (shown, *FINAL_STATUSES):
                shown = happening.values["status"]
                screen.status({**await server.call(placed["id"]), "status": shown})
    last = await server.call(placed["id"])
    screen.status(last)
    return str(last["status"])


class TextScreen:
    """Lines for a file, a pipe, a log."""

    def status(self, call: Mapping[str, Any]) -> None:
        click.echo(f"({_told(call)})")

    def turn(self, turn: Mapping[str, Any]) -> None:
        cut = " —" if turn.get("interrupted") else ""
        more = "… " if turn.get("amended") else ""
        click.echo(f"{turn['role']}: {more}{turn['text']}{cut}")

    def close(self) -> None:
        """Nothing is open."""


class TerminalScreen(TextScreen):
    """The same, below it what is waited for."""

    def __init__(self) -> None:
        from rich.console import Console

        self._waiting = Console(stderr=True).status("")
        self._waiting.start()

    def status(self, call: Mapping[str, Any]) -> None:
        super().status(call)
        self._waiting.update(f"{call['status']}; Ctrl-C stops watching, not the call")

    def close(self) -> None:
        self._waiting.stop()


class JsonScreen:
    """One JSON object a line."""

    def status(self, call: Mapping[str, Any]) -> None:
        _print(event="status", call=call)

    def turn(self, turn: Mapping[str, Any]) -> None:
        _print(event="turn", turn=turn)

    def close(self) -> None:
        """Nothing is open."""


def _told(call: Mapping[str, Any]) -> str:
    reason = call.get("ended_reason") or ""
    if call["status"] == "queued" and (until := call.get("waits_until")):
        return f"{call['id']}: {call['status']}; the callee's hours begin at {until}"
    return f"{call['id']}: {call['status']}" + (f", {reason}" if call["status"] in FINAL_STATUSES and reason else "")


def _print(**values: Any) -> None:
    click.echo(json.dumps(values, ensure_ascii=False))


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"expected NAME=VALUE, got {text!r}", param_hint=option)
        if name in pairs:
            raise click.BadParameter(f"expected {name} once, got it twice", param_hint=option)
        pairs[name] = value
    return pairs


def _with_zone(when: datetime | None) -> str | None:
    """In the zone of this machine where none was given."""
    if when is None:
        return None
    return (when if when.tzinfo else when.astimezone()).isoformat()


def here(settings: Settings) -> str:
    """The server of these settings, as it is reached from this machine."""
    host = settings.host
    if host in ("0.0.0.0", "::"):  # noqa: S104  # what it listens on; it is reached through loopback
        host = "127.0.0.1"
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
