"""`phoneagent replay`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from phoneagent.call import journal
from phoneagent.conversation.commands import Command, Emit, Expect, SaveTurn, SendAudio, SendMark, StartReply
from phoneagent.conversation.events import Event, MarkPlayed, ReplyAudio, ReplyText
from phoneagent.conversation.states import State
from phoneagent.errors import PhoneagentError

from .program import STATUSES

FREQUENT = (ReplyText, ReplyAudio, MarkPlayed)  # events that come many times a reply, and mostly change nothing
MECHANICAL = (SendAudio, SendMark, Expect)  # commands that follow from the others
TEXT_WIDTH = 160  # characters of an event or a command on a line


@click.command(epilog=STATUSES)
@click.argument("journal_file", metavar="JOURNAL", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Show pieces of audio, marks and hints too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object an event, with all its commands.")
def replay(journal_file: Path, *, everything: bool, as_json: bool) -> None:
    """Tell a recorded call again, event by event.

    \b
      phoneagent serve --journals journals/        record calls
      phoneagent replay journals/CA….0.jsonl       what happened, and what was decided
      phoneagent replay --json JOURNAL | jq .

    A journal holds every event of a call with its time, and no audio. Given to the same decisions they lead to the same
    commands, so this shows why a call went as it did, and what a changed program would do in it. Each event is a line
    with the seconds since the call began and the state that it led to; below it are the commands. With --json: {"at",
    "event": {"type", ...}, "state", "commands": [{"type", ...}]}.
    """
    try:
        with journal_file.open("rb") as lines:
            for line in _told(lines, everything=everything, as_json=as_json):
                click.echo(line)
    except (ValueError, OSError) as error:  # msgspec's errors are ValueErrors
        raise PhoneagentError(f"{journal_file}: {error}") from error


def _told(lines: Any, *, everything: bool, as_json: bool) -> Iterator[str]:
    try:
        opening, entries = journal.read(lines)
    except ValueError as error:
        raise ValueError(f"line 1: {error}") from error
    conversation = opening.conversation()
    state: State | None = None
    number = 1
    while True:
        number += 1
        try:
            at, event = next(entries)
        except StopIteration:
            break
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
        commands = conversation.receive(event, at=at)
        if as_json:
            yield _object(at, event, conversation.state, commands)
            continue
        shown = [command for command in commands if everything or not isinstance(command, MECHANICAL)]
        if shown or everything or conversation.state is not state or not isinstance(event, FREQUENT):
            yield f"{at:8.3f}  {conversation.state.value:15}  {_short(event)}"
        for command in shown:
            yield f"{'':27}→ {_short(command)}"
        state = conversation.state
    if not as_json and conversation.state is not State.ENDED:
        yield f"(the journal ends while the call is {conversation.state.value})"


def _object(at: float, event: Event, state: State, commands: list[Command]) -> str:
    told = {
        "at": at,
        "event": _typed(event),
        "state": state.value,
        "commands": [_typed(command) for command in commands],
    }
    return msgspec.json.encode(told).decode()


def _typed(thing: Event | Command) -> dict[str, Any]:
    return {"type": type(thing).__name__, **msgspec.to_builtins(thing)}


def _short(thing: Event | Command) -> str:
    match thing:
        case SaveTurn(seq, turn):
            cut = f" — cut off; would have been: {turn.generated}" if turn.interrupted else ""
            text = f"turn {seq}, {turn.tool.name if turn.tool else turn.role}: “{turn.text}”{cut}"
        case StartReply(reply, turns, tools):
            text = f"StartReply {reply} (to {len(turns)} turns{'' if tools else ', without tools'})"
        case Emit(name, values):
            text = f"{name} " + " ".join(f"{key}={value!r}" for key, value in values.items())
        case _:
            values = msgspec.to_builtins(thing)
            text = f"{type(thing).__name__} " + " ".join(f"{key}={value!r}" for key, value in values.items())
    return textwrap.shorten(text.strip(), TEXT_WIDTH, placeholder=" …")
