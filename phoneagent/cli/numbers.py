"""`phoneagent numbers`: where the account's numbers lead."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import click

from phoneagent.errors import CarrierError, PhoneagentError, SettingsError
from phoneagent.settings import Settings, load, variable

from .chosen_agents import chosen_agents, source
from .options import setting
from .program import FAILED
from .routing_shown import changes, number_as_json, show_table

if TYPE_CHECKING:
    from phoneagent.telephony.twilio.numbers import IncomingNumber, Place, Routing, TwilioNumbers

T = TypeVar("T")

EPILOG = (
    "Exit status: 0 done, or nothing to do; 1 Twilio is away or has refused, what is there is not ours to change, or "
    "you said no; 2 a setting, the number or an option is wrong: credentials that Twilio does not accept, a number "
    "that is not the account's."
)

RESTORED: Mapping[str, str] = {
    "voice_url": "--restore-url",
    "voice_method": "--restore-method",
    "fallback_url": "--restore-fallback-url",
    "fallback_method": "--restore-fallback-method",
    "status_callback": "--restore-status-callback",
    "status_callback_method": "--restore-status-callback-method",
    "application": "--restore-application",
    "trunk": "--restore-trunk",
}
"""The option of `unlink` that puts back each field of a number's routing."""

METHODS: Mapping[str, str] = {
    "voice_method": "voice_url",
    "fallback_method": "fallback_url",
    "status_callback_method": "status_callback",
}
"""The URL that each method belongs to."""

QUEUE = re.compile(r"[A-Za-z0-9_-]{1,64}")  # what an agent file takes for one

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask; needed where there is no terminal.")


@click.group(epilog=EPILOG)
def numbers() -> None:
    """Show where your Twilio numbers lead, and lead them here.

    \b
      phoneagent numbers list
      phoneagent numbers link +15005550006
      phoneagent numbers link +15005550006 --agent night-shift --yes
      phoneagent numbers link +15005550007 --queue support
      phoneagent numbers unlink +15005550006

    It needs TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN or an API key and, to link, PHONEAGENT_PUBLIC_URL; the server
    itself need not run. Nothing is bought, given back, or changed about messages. No secret is printed: a password in
    a URL is shown as [secret].
    """


@numbers.command("list", epilog=EPILOG)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Show so many at most; it is said when there are more.",
)
@json_option
@setting("public_url", "URL")
def list_numbers(*, limit: int, as_json: bool, **flags: Any) -> None:
    """Show the account's numbers, and which of them lead here.

    \b
      phoneagent numbers list
      phoneagent numbers list --json | jq -r '.numbers[] | select(.leads_here) | .number'

    Of each number: its voice webhook, its status callback, the application or trunk that overrides the webhook, and
    whether a call to it comes to this server (PHONEAGENT_PUBLIC_URL). A table in a terminal; anywhere else, and with
    --json: {"public_url", "numbers": [{"number", "sid", "name", "has_voice", "voice_url", "voice_method",
    "fallback_url", "fallback_method", "status_callback", "status_callback_method", "application", "application_url",
    "trunk", "leads_here"}], "more"}. What is not set is "", and "leads_here" null without a public URL.
    """
    settings = load(**flags)
    found, more = _asked(settings, lambda account: account.all(limit))
    place = None if settings.public_url is None else _place(settings)
    if as_json or not sys.stdout.isatty():
        told = [number_as_json(number, place) for number in found]
        _print_json(settings, {"public_url": settings.public_url, "numbers": told, "more": more})
    elif found:
        show_table(found, place)
    else:
        click.echo("The account has no numbers.")
    if place is None:
        click.echo(f"{variable('public_url')} is not set: whether a number leads here cannot be told.", err=True)
    if more:
        click.echo(f"There are more; --limit {2 * limit} shows so many.", err=True)


@numbers.command(epilog=EPILOG)
@click.argument("number")
@click.option("--agent", "agent", default="", metavar="NAME", help="Who answers; without it the server's first agent.")
@click.option(
    "--queue", "queue", default="", metavar="NAME", help="Who calls the number gets the next caller in this queue."
)
@yes_option
@json_option
@setting("public_url", "URL")
def link(number: str, *, agent: str, queue: str, yes: bool, as_json: bool, **flags: Any) -> None:
    """Lead calls of a number to this server.

    \b
      phoneagent numbers link +15005550006
      phoneagent numbers link +15005550006 --agent night-shift --yes --json > before.json
      phoneagent numbers link +15005550007 --queue support

    Sets the number's voice webhook to PHONEAGENT_PUBLIC_URL/twilio/voice (POST) and its status callback to
    …/twilio/status, and takes off what would come before them: a fallback URL, an application, a trunk. It shows what
    is there and what will be there, and asks. Without a terminal it shows the same and changes nothing, unless --yes.

    With --queue the webhook is …/twilio/queue/NAME, without a status callback: no agent answers there, but whoever
    calls is connected to the caller who waits longest for the transfer target queue:NAME.

    What was there before can be put back: the last line is the command that does. With --json: {"number", "changed",
    "before", "after", "restore"}; "before" and "after" are as `numbers list` has them, "restore" is that command, and
    "changed" is null when Twilio's answer did not come.
    """
    settings = load(**flags)
    place = _place(settings)
    if settings.twilio_api_url is None and place.public_url.startswith("http:"):
        raise SettingsError(
            f"{variable('public_url')}: expected an https URL that Twilio can reach, not {place.public_url!r}"
        )
    if agent and queue:
        raise SettingsError("--agent, --queue: expected one of them; no agent answers who takes callers out of a queue")
    if queue and not QUEUE.fullmatch(queue):
        raise SettingsError(f"--queue: expected 1 to 64 letters, digits, - and _, as after queue:, not {queue!r}")
    if agent:
        _look_for(agent, settings)

    def linked(found: IncomingNumber) -> Routing:
        if not found.has_voice:
            raise SettingsError(f"{found.number}: expected a number with voice; this one takes no calls")
        return place.queue_routing(queue) if queue else place.routing(agent)

    _change(settings, number, linked, place, yes=yes, as_json=as_json)


def _restore_options(function: Callable[..., None]) -> Callable[..., None]:
    said = {
        "voice_url": "The voice webhook to put in our place.",
        "fallback_url": "The fallback URL to put back.",
        "status_callback": "The status callback to put in our place.",
        "application": "The application to put back.",
        "trunk": "The trunk to put back.",
    }
    for name, option in reversed(list(RESTORED.items())):
        if name in METHODS:
            help_text = f"How Twilio asks {RESTORED[METHODS[name]]}; without it POST."
            function = click.option(option, name, type=click.Choice(["GET", "POST"]), help=help_text)(function)
        else:
            metavar = "SID" if name in ("application", "trunk") else "URL"
            function = click.option(option, name, default="", metavar=metavar, help=said[name])(function)
    return function


@numbers.command(epilog=EPILOG)
@click.argument("number")
@_restore_options
@yes_option
@json_option
@setting("public_url", "URL")
def unlink(number: str, *, yes: bool, as_json: bool, public_url: str | None, **restored: str | None) -> None:
    """No longer lead calls of a number to this server.

    \b
      phoneagent numbers unlink +15005550006
      phoneagent numbers unlink +15005550006 --restore-url https://demo.twilio.com/welcome/voice/ --yes

    Removes what leads to this server (PHONEAGENT_PUBLIC_URL) and nothing else: a voice webhook, fallback URL or status
    callback of ours, and an application whose webhook is ours. A number that leads elsewhere is left alone. With
    --restore-url another webhook takes our place; the other --restore options put back the rest of what a number had,
    and `numbers link` prints them all as they are needed. Nothing that leads elsewhere is overwritten by them: that
    is refused, and nothing is changed.

    It shows, asks, and prints JSON as `numbers link` does.
    """
    settings = load(public_url=public_url)
    place = _place(settings)
    given = {name: value for name, value in restored.items() if value}
    for method, url in METHODS.items():
        if method in given and url not in given:
            raise SettingsError(f"{RESTORED[method]}: expected {RESTORED[url]} with it")
        if url in given:
            _check_url(RESTORED[url], given[url])
            given.setdefault(method, "POST")
    if "application" in given and "trunk" in given:
        raise SettingsError("--restore-application, --restore-trunk: expected one of them; Twilio allows no more")

    def unlinked(found: IncomingNumber) -> Routing:
        left = place.without_us(found)
        for name, value in given.items():
            if name not in METHODS and (there := getattr(left, name)) not in ("", value):
                raise PhoneagentError(
                    f"{found.number}: {RESTORED[name]} would overwrite {there}, which does not lead here; "
                    "nothing was changed"
                )
        return dataclasses.replace(left, **given)

    _change(settings, number, unlinked, place, yes=yes, as_json=as_json)


def _change(
    settings: Settings,
    typed: str,
    plan: Callable[[IncomingNumber], Routing],
    place: Place,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Find the number, show what would change, ask, and do it."""
    number = _e164(typed)
    before = _asked(settings, lambda account: account.find(number))
    wanted = plan(before)

    def tell(after: IncomingNumber | None, *, changed: bool | None) -> None:
        told = {
            "number": number,
            "changed": changed,
            "before": number_as_json(before, place),
            "after": None if after is None else number_as_json(after, place),
            "restore": _restore_command(before, place),
        }
        _print_json(settings, told)

    if before.routing.means(wanted):
        if as_json:
            tell(before, changed=False)
        else:
            here = place.is_voice(before.called_url)
            click.echo(f"{number} {'leads here' if here else 'does not lead here'} already; nothing was changed.")
        return
    if not (as_json and yes):
        click.echo(_hidden(settings, "\n".join(changes(before, wanted))), err=as_json)
    if not yes:
        if not sys.stdin.isatty():
            raise SettingsError("--yes: expected it where there is no terminal to ask in; nothing was changed")
        if not click.confirm("Change it?", err=as_json):
            click.echo("Nothing was changed.", err=True)
            click.get_current_context().exit(FAILED)

    async def carry_out(account: TwilioNumbers) -> IncomingNumber:
        now = before if yes else await account.find(number)  # somebody may take long to answer
        if now != before:
            raise PhoneagentError(f"{number} was changed by somebody else meanwhile; nothing was changed")
        return await account.route(before, wanted)

    try:
        after = _asked(settings, carry_out)
    except CarrierError:
        if as_json:
            tell(None, changed=None)
        else:
            click.echo("Whether it was changed is not known: `phoneagent numbers list` shows it.", err=True)
        raise
    if as_json:
        tell(after, changed=True)
        return
    click.echo(f"{number} {'leads here' if place.is_voice(after.called_url) else 'does not lead here'} now.")
    click.echo("To put back what was there before:")
    click.echo(_hidden(settings, f"  {_restore_command(before, place)}"))


def _asked(settings: Settings, work: Callable[[TwilioNumbers], Awaitable[T]]) -> T:
    """Do something with the account's numbers. Errors come out as one line that says what to look at."""
    import aiohttp

    from phoneagent.app import twilio_control
    from phoneagent.telemetry import logs
    from phoneagent.telephony.twilio.numbers import CredentialsRefused, NumberUnknown, TwilioNumbers

    logs.configure(level="error", secrets=settings.secrets())

    async def run() -> T:
        control = twilio_control(settings)
        if control is None:
            raise SettingsError(*_missing_credentials(settings))
        try:
            return await work(TwilioNumbers(control))
        finally:
            await control.aclose()

    try:
        return asyncio.run(run())
    except CredentialsRefused as error:
        names = " and ".join(_credentials(settings))
        raise SettingsError(f"{names}: expected those of the Twilio console; {_line(settings, error)}") from error
    except NumberUnknown as error:
        near = f"did you mean {' or '.join(error.near)}? " if error.near else ""
        raise SettingsError(
            f"NUMBER: expected a number of this account; {near}`phoneagent numbers list` shows them"
        ) from error
    except CarrierError as error:
        away = isinstance(error.__cause__, aiohttp.ClientConnectionError | OSError)  # TimeoutError too
        hint = f"; check the network, Twilio's status page, and {variable('twilio_api_url')} if it is set"
        raise CarrierError(_line(settings, error) + (hint if away else "")) from error


def _e164(typed: str) -> str:
    """A number as Twilio has it; spaces and dashes are left out. Raises `SettingsError`."""
    import phonenumbers

    problem = f"NUMBER: expected a number in E.164 form, such as +15005550006, not {typed!r}"
    try:
        # Possible, not valid: whether it exists is for the account to say
        if phonenumbers.is_possible_number(parsed := phonenumbers.parse(typed)):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException as error:
        raise SettingsError(problem) from error
    raise SettingsError(problem)


def _check_url(option: str, url: str) -> None:
    if "[secret]@" in url:
        raise SettingsError(f"{option}: expected the password in place of [secret]; it was not printed")
    try:
        parts = urlsplit(url)
        well = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        well = False
    if not well:
        raise SettingsError(f"{option}: expected a URL that begins with https:// (or http://)")


def _place(settings: Settings) -> Place:
    from phoneagent.telephony.twilio.numbers import Place

    if settings.public_url is None:
        raise SettingsError(_missing("public_url", "it is where the number is to lead"))
    return Place(settings.public_url)


def _credentials(settings: Settings) -> tuple[str, str]:
    """The variables that Twilio was shown."""
    if settings.twilio_api_key_sid is not None and settings.twilio_api_key_secret is not None:
        return variable("twilio_api_key_sid"), variable("twilio_api_key_secret")
    return variable("twilio_account_sid"), variable("twilio_auth_token")


def _missing_credentials(settings: Settings) -> list[str]:
    why = "Twilio is asked in its name"
    missing = [_missing("twilio_account_sid", why)] if settings.twilio_account_sid is None else []
    if settings.twilio_api_key_sid is not None and settings.twilio_api_key_secret is None:
        return [*missing, _missing("twilio_api_key_secret", why)]
    if settings.twilio_auth_token is None and settings.twilio_api_key_secret is None:
        missing.append(_missing("twilio_auth_token", f"{why}; an API key will do too"))
    return missing or [_missing("twilio_api_key_sid", why)]


def _missing(field: str, why: str) -> str:
    expected = Settings.model_fields[field].description
    return f"{variable(field)}: expected {expected}; {why}; set it in the environment or .env"


def _look_for(agent: str, settings: Settings) -> None:
    """Say so if there is no such agent here. The server may have been given others, so it is no error."""
    try:
        known = chosen_agents(settings)
    except SettingsError as error:
        click.echo(f"Whether there is an agent {agent!r} cannot be told: {error.problems[0]}", err=True)
        return
    if agent not in known:
        click.echo(
            f"{source(settings)} has no agent {agent!r}, but {', '.join(known)}: callers are turned away unless the "
            "server has it.",
            err=True,
        )


def _restore_command(before: IncomingNumber, place: Place) -> str:
    """What puts a number back as it was, from whatever `link` or `unlink` made of it."""
    from .routing_shown import without_password

    agent = parse_qs(urlsplit(before.routing.voice_url).query).get("agent", [""])[0]
    if before.routing.means(place.routing(agent)):
        words = ["link", before.number, *(["--agent", agent] if agent else [])]
        return shlex.join(["phoneagent", "numbers", *words, "--yes"])
    queue = place.queue_of(before.routing.voice_url)
    if queue and before.routing.means(place.queue_routing(queue)):
        return shlex.join(["phoneagent", "numbers", "link", before.number, "--queue", queue, "--yes"])
    words = []
    for name, option in RESTORED.items():
        value = getattr(before.routing, name)
        if name in METHODS:
            if value != "POST" and getattr(before.routing, METHODS[name]):
                words += [option, value]
        elif value:
            words += [option, without_password(value)]
    return shlex.join(["phoneagent", "numbers", "unlink", before.number, *words, "--yes"])


def _hidden(settings: Settings, text: str) -> str:
    from phoneagent.telemetry import logs

    return str(logs.BlackOut(settings.secrets())(None, "", text))


def _line(settings: Settings, error: Exception) -> str:
    """An error's text, with whatever Twilio or a proxy said in it, as one line that a terminal cannot stumble over."""
    return "".join(char for char in " ".join(_hidden(settings, str(error)).split()) if char.isprintable())


def _print_json(settings: Settings, told: Mapping[str, Any]) -> None:
    click.echo(_hidden(settings, json.dumps(told, ensure_ascii=False, indent=2)))
