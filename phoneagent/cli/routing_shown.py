"""Where a number's calls go, for people and for programs. No password is shown."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phoneagent.telephony.twilio.numbers import IncomingNumber, Place, Routing

USER_INFO = re.compile(r"(?<=//)[^/?#]*(?=@)")
NOT_SET = "not set"


def without_password(url: str) -> str:
    """The same URL with `[secret]` for a password, or for a user without one, who may be a token."""

    def hidden(found: re.Match[str]) -> str:
        user, colon, _ = found[0].partition(":")
        return f"{user}:[secret]" if colon else "[secret]"

    return USER_INFO.sub(hidden, url, count=1)


def number_as_json(number: IncomingNumber, place: Place | None) -> dict[str, Any]:
    """A number with all of its routing, flat. `place` None: whether it leads here is not known."""
    routing = {name: without_password(value) for name, value in dataclasses.asdict(number.routing).items()}
    return {
        "number": number.number,
        "sid": number.sid,
        "name": number.name,
        "has_voice": number.has_voice,
        **routing,
        "application_url": without_password(number.application_url),
        "leads_here": None if place is None else place.is_voice(number.called_url),
    }


def changes(before: IncomingNumber, wanted: Routing) -> Iterator[str]:
    """A number as it is and as it will be, a line for each thing and one more where it changes."""
    yield before.number + (f" ({before.name})" if before.name not in ("", before.number) else "")
    now = before.routing
    rows = [
        ("voice webhook", _url(now.voice_url, now.voice_method), _url(wanted.voice_url, wanted.voice_method)),
        ("fallback", _url(now.fallback_url, now.fallback_method), _url(wanted.fallback_url, wanted.fallback_method)),
        (
            "status callback",
            _url(now.status_callback, now.status_callback_method),
            _url(wanted.status_callback, wanted.status_callback_method),
        ),
        ("application", _application(before), _application(before) if wanted.application else NOT_SET),
        ("trunk", now.trunk or NOT_SET, wanted.trunk or NOT_SET),
    ]
    if wanted.application and wanted.application != now.application:
        rows[3] = ("application", _application(before), wanted.application)
    for name, was, will_be in rows:
        if was == will_be == NOT_SET and name in ("application", "trunk", "fallback"):
            continue
        yield f"  {name:15}  {was}"
        if will_be != was:
            yield f"  {'':12} →   {will_be}"
    for name, was, will_be in (
        ("application", now.application, wanted.application),
        ("trunk", now.trunk, wanted.trunk),
    ):
        if was and not will_be:
            yield f"The {name} overrides the voice webhook, so it is taken off the number; it is not deleted."
    if any("[secret]" in was and was != will_be for _, was, will_be in rows):
        yield "A password in what is there now is not printed: note it before it is gone (the Twilio console shows it)."


def _url(url: str, method: str) -> str:
    return f"{without_password(url)} ({method})" if url else NOT_SET


def _application(number: IncomingNumber) -> str:
    if not number.routing.application:
        return NOT_SET
    leads = f"leads to {without_password(number.application_url)}" if number.application_url else "leads nowhere"
    return f"{number.routing.application}, which {leads}"


def show_table(found: Sequence[IncomingNumber], place: Place | None) -> None:
    """For a terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("number", "name", "leads here", "voice webhook", "status callback", "overridden by"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("number", "leads here"))
    for number in found:
        here = place is not None and place.is_voice(number.called_url)
        leads = Text("?") if place is None else Text("yes", style="green") if here else Text("no", style="yellow")
        routing = number.routing
        overriding = routing.trunk or (_application(number) if routing.application else "")
        table.add_row(
            number.number,
            Text("" if number.name == number.number else number.name),
            leads if number.has_voice else Text("no voice", style="dim"),
            Text(_url(routing.voice_url, routing.voice_method)),
            Text(_url(routing.status_callback, routing.status_callback_method)),
            Text(overriding),
        )
    Console().print(table)
