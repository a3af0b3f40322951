"""`phoneagent dnc`: who must not be called."""

from __future__ import annotations

import asyncio
import csv
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

import click

from phoneagent.call.phone_numbers import NumberRules
from phoneagent.do_not_call import AT_ONCE, DoNotCall, DoNotCallList, Source
from phoneagent.errors import OrderRefused, PhoneagentError
from phoneagent.private import Private
from phoneagent.settings import load

T = TypeVar("T")

EPILOG = (
    "Exit status: 0 done; 1 Redis is away, a number was not on the list, or lines of a file are no numbers (the others "
    "are added); 2 a setting or an option is wrong."
)

COLUMNS = ("number", "phone", "phone_number", "phone number", "telephone", "to", "msisdn")
"""What the column of a file is called that has the numbers; where none is, it is the first."""

LONGEST_LINE = 10_000  # characters
PAGE = 500
MOST_TOLD = 20  # lines that are no numbers, each with a line of its own

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Line(NamedTuple):
    """A line of a file that should be a number."""

    at: int
    text: str


@click.group(epilog=EPILOG)
def dnc() -> None:
    """Say who must not be called, list and remove them.

    \b
      phoneagent dnc add +12125550123
      phoneagent dnc import numbers.csv
      phoneagent dnc list --json
      phoneagent dnc remove +12125550123

    The do-not-call list is kept in Redis (REDIS_URL), for all servers that use it. It is looked at when a call is
    ordered and again before it is dialled. Callees who say that they do not want to be called again are put on it too.
    """


@dnc.command(epilog=EPILOG)
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
def add(*, numbers: tuple[str, ...]) -> None:
    """Never call these numbers again."""
    checked = [_checked(number) for number in numbers]

    async def write(unwanted: DoNotCallList) -> int:
        return await unwanted.add(_entries(checked, "operator"))

    _tell(_asked(write), len(checked))


@dnc.command(epilog=EPILOG)
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
def remove(*, numbers: tuple[str, ...]) -> None:
    """Let these numbers be called again."""
    checked = [_checked(number) for number in numbers]

    async def write(unwanted: DoNotCallList) -> int:
        return sum([await unwanted.remove(number) for number in checked])

    removed = _asked(write)
    click.echo(f"{removed} removed.", err=True)
    if missing := len(checked) - removed:
        raise PhoneagentError(f"expected numbers that are on the list: {missing} of {len(checked)} were not")


@dnc.command("list", epilog=EPILOG)
@json_option
def list_numbers(*, as_json: bool) -> None:
    """One line for each number, the newest first: since when, and who has put it there."""

    async def everything(unwanted: DoNotCallList) -> int:
        count = 0
        async for entry in _all(unwanted):
            told = _told(entry)
            words = (told["number"], told["added_at"], told["source"], told["call"])
            click.echo(json.dumps(told) if as_json else "  ".join(filter(None, words)))
            count += 1
        return count

    if not _asked(everything) and not as_json:
        click.echo("Nobody. `phoneagent dnc add` puts numbers on the list.", err=True)


@dnc.command("import", epilog=EPILOG)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
def import_numbers(*, file: str) -> None:
    """Never call the numbers of FILE again: one a line, or a CSV file. `-` is standard input.

    Of a CSV file it is the column called number, phone, telephone or the like, or else the first. Numbers have their
    country code (+1…). Blank lines and those that begin with # are skipped. Lines that are no numbers are named, and
    all others are added.
    """
    bad: list[str] = []

    async def write(unwanted: DoNotCallList, lines: Iterator[Line]) -> tuple[int, int]:
        added = good = 0
        for numbers in _batches(_good(lines, bad)):
            added += await unwanted.add(_entries(numbers, "import"))
            good += len(numbers)
        return added, good

    try:
        with click.open_file(file, encoding="utf-8-sig", errors="replace") as opened:
            _tell(*_asked(lambda unwanted: write(unwanted, _lines(opened))))
    except OSError as error:
        raise click.BadParameter(f"expected a file that can be read: {error.strerror}", param_hint="'FILE'") from error
    if bad:
        for told in bad[:MOST_TOLD]:
            click.echo(told, err=True)
        more = f", of which {MOST_TOLD} are named above" if len(bad) > MOST_TOLD else ""
        raise PhoneagentError(f"expected a number in each line; {len(bad)} have none{more}")


def _lines(file: Iterable[str]) -> Iterator[Line]:
    """The numbers of a file as they stand there."""
    column, first = 0, True
    for at, line in enumerate(file, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if len(text) > LONGEST_LINE:
            yield Line(at, "")
            continue
        delimiter = next((each for each in ",;\t" if each in text), ",")
        cells = next(csv.reader([text], delimiter=delimiter), [""])
        named = [cell.strip().lower() for cell in cells]
        if first and not any(map(_digits, cells)) and (known := [name for name in named if name in COLUMNS]):
            column, first = named.index(known[0]), False
            continue
        first = False
        yield Line(at, cells[column].strip() if column < len(cells) else "")


def _digits(text: str) -> bool:
    return any(map(str.isdigit, text))


def _good(lines: Iterable[Line], bad: list[str]) -> Iterator[str]:
    """In E.164 form. What is no number is told of in `bad`, without the text: it may be anything."""
    rules = NumberRules()
    for line in lines:
        try:
            yield rules.possible("number", line.text)
        except OrderRefused as error:
            bad.append(f"line {line.at}: {error}")


def _batches(numbers: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for number in numbers:
        batch.append(number)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _checked(number: str) -> str:
    try:
        return NumberRules().possible("number", number)
    except OrderRefused as error:
        raise click.BadParameter(str(error), param_hint="'NUMBER'") from error


def _entries(numbers: Iterable[str], source: Source) -> list[DoNotCall]:
    now = round(time.time(), 3)
    return [DoNotCall(Private(number), now, source) for number in numbers]


def _tell(added: int, numbers: int) -> None:
    known = f", {numbers - added} were on the list already" if numbers > added else ""
    click.echo(f"{added} added{known}.", err=True)


async def _all(unwanted: DoNotCallList) -> AsyncIterator[DoNotCall]:
    cursor = ""
    while True:
        page = await unwanted.page(cursor=cursor, limit=PAGE)
        for entry in page.entries:
            yield entry
        if not (cursor := page.next):
            return


def _told(entry: DoNotCall) -> dict[str, Any]:
    added = datetime.fromtimestamp(entry.added, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"number": entry.number.reveal(), "added_at": added, "source": entry.source, "call": entry.call}


def _asked(work: Callable[[DoNotCallList], Awaitable[T]]) -> T:
    from phoneagent.app import do_not_call_list

    async def run() -> T:
        async with do_not_call_list(load()) as unwanted:
            return await work(unwanted)

    return asyncio.run(run())
