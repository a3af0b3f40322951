"""`phoneagent recordings`: what is kept, and what is not to be kept any longer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import click

from phoneagent.audio.stereo_wav import BYTES_A_SECOND, HEADER
from phoneagent.errors import PhoneagentError
from phoneagent.settings import load

if TYPE_CHECKING:
    from phoneagent.records import KeptRecording
    from phoneagent.store.recordings import RecordingFolder

T = TypeVar("T")

EPILOG = (
    "Exit status: 0 done; 1 the folder or bucket cannot be read, or has no recording of that call; 2 a setting or an "
    "option is wrong."
)


@click.group(epilog=EPILOG)
def recordings() -> None:
    """List and delete recordings, in the folder or bucket that PHONEAGENT_RECORDINGS names.

    \b
      phoneagent recordings list
      phoneagent recordings delete CA0123456789abcdef0123456789abcdef
      phoneagent recordings expire

    A running server deletes what is older than the `keep_days` of its agent within an hour; `expire` does it now.
    """


@recordings.command("list", epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(*, as_json: bool) -> None:
    """One line for each file: the call, when it began, its seconds, and how many days it is kept (0: for ever)."""
    found = _asked(lambda folder: folder.all())
    if as_json:
        click.echo(json.dumps([_told(kept) for kept in found]))
        return
    for kept in found:
        told = _told(kept)
        click.echo(f"{told['call']}  {told['began']}  {told['seconds']:8.1f} s  {told['keep_days']} days")


@recordings.command(epilog=EPILOG)
@click.argument("call")
def delete(*, call: str) -> None:
    """Delete all that was recorded of CALL, which is the carrier's id of it."""

    async def forget(folder: RecordingFolder) -> int:
        kept = await folder.find(call)
        await folder.delete(kept)
        return len(kept)

    if not (files := _asked(forget)):
        raise PhoneagentError(f"expected a recording of the call {call!r}: see `phoneagent recordings list`")
    click.echo(f"{files} deleted")


@recordings.command(epilog=EPILOG)
def expire() -> None:
    """Delete what must not be kept any longer, by `keep_days` or by PHONEAGENT_RETENTION_DAYS."""
    longest = load().retention

    async def forget(folder: RecordingFolder) -> int:
        now = time.time()
        expired = [kept for kept in await folder.all() if kept.expired(now, longest=longest)]
        await folder.delete(expired)
        return len(expired)

    click.echo(f"{_asked(forget)} deleted")


def _asked(what: Callable[[RecordingFolder], Awaitable[T]]) -> T:
    from phoneagent.errors import SettingsError
    from phoneagent.store.recordings import RecordingFolder

    place = load().recordings
    if place is None:
        raise SettingsError(
            "PHONEAGENT_RECORDINGS: expected a folder, or a bucket such as s3://bucket/folder; set it in the "
            "environment or .env"
        )

    async def ask() -> T:
        folder = await asyncio.to_thread(RecordingFolder.open, place)
        try:
            return await what(folder)
        finally:
            await folder.aclose()

    return asyncio.run(ask())


def _told(kept: KeptRecording) -> dict[str, str | float]:
    return {
        "call": kept.call,
        "began": datetime.fromtimestamp(kept.began, UTC).isoformat(timespec="seconds"),
        "seconds": round(max(0, kept.size - HEADER) / BYTES_A_SECOND, 1),
        "keep_days": kept.keep_days,
        "file": kept.name,
    }
