"""Every event of a call with its time: a production call as a regression test, and its explanation."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from phoneagent.conversation import events
from phoneagent.conversation.answering import Answering
from phoneagent.conversation.commands import Command
from phoneagent.conversation.conversation import Conversation
from phoneagent.conversation.entrance import BY_CALL, Entrance
from phoneagent.conversation.events import Event
from phoneagent.conversation.policy import Phrasing, Policy
from phoneagent.conversation.running_tools import ToolMessages
from phoneagent.conversation.transcript import Turn
from phoneagent.patterns import search

VERSION = 1
OWNERS = 0o600  # rights of a file
LONGEST = 200_000  # events; ten minutes of lively talk are about 10,000
_KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in Event.__args__}


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a conversation was made of: with it and the events it happens again."""

    phrasing: Phrasing
    policy: Policy
    turn_events: bool
    safe_tools: tuple[str, ...]
    history: tuple[Turn, ...]
    language: str = "en"
    entrance: Entrance = BY_CALL
    at: float = 0.0
    answering: Answering | None = None  # of a call that was placed
    muted: bool = False
    tool_messages: dict[str, ToolMessages] = {}
    built_in: tuple[str, ...] = ()
    number_known: bool = False
    version: int = VERSION

    def conversation(self) -> Conversation:
        """A new conversation like the one the journal was written of."""
        return Conversation(
            self.phrasing,
            self.policy,
            turn_events=self.turn_events,
            safe_tools=frozenset(self.safe_tools),
            language=self.language,
            history=self.history,
            entrance=self.entrance,
            at=self.at,
            answering=self.answering,
            muted=self.muted,
            tool_messages=self.tool_messages,
            built_in=self.built_in,
            number_known=self.number_known,
            search=search,
        )


class Journal:
    """Collects lines; `save` writes them. The first is the opening, then one for each event."""

    def __init__(self, opening: Opening) -> None:
        self._lines: list[bytes] = [msgspec.json.encode(opening)]

    def write(self, at: float, event: Event) -> None:
        """Enter an event. Past `LONGEST` events the rest is left out: such a call is not a conversation."""
        if len(self._lines) <= LONGEST:
            entry = {"at": at, "event": type(event).__name__, **msgspec.to_builtins(event)}
            self._lines.append(msgspec.json.encode(entry))

    def save(self, path: Path) -> None:
        """Write the journal as JSON lines. Only its owner may read it: it holds what was said."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNERS)
        with os.fdopen(descriptor, "wb") as file:
            path.chmod(OWNERS)  # of one that was there
            file.write(b"\n".join(self._lines) + b"\n")


class NullJournal:
    """Keeps nothing: a journal holds what was said."""

    def write(self, at: float, event: Event) -> None:
        """Nothing."""

    def save(self, path: Path) -> None:
        """Nothing."""


def read(lines: Iterable[bytes]) -> tuple[Opening, Iterator[tuple[float, Event]]]:
    """A journal's opening and its events. Raises `ValueError` for a line that is none."""
    source = iter(lines)
    opening = msgspec.json.decode(next(source, b""), type=Opening)
    if opening.version > VERSION:
        raise ValueError(f"the journal is of version {opening.version}; this program reads up to {VERSION}")
    return opening, (_entry(line) for line in source if line.strip())


def replay(lines: Iterable[bytes]) -> Iterator[tuple[float, Event, list[Command]]]:
    """The call again: each event and what the core wants done."""
    opening, entries = read(lines)
    conversation = opening.conversation()
    for at, event in entries:
        yield at, event, conversation.receive(event, at=at)


def _entry(line: bytes) -> tuple[float, Event]:
    entry: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
    at, kind = entry.pop("at", None), entry.pop("event", None)
    if not isinstance(at, int | float) or kind not in _KINDS:
        raise ValueError(f"expected an entry with 'at' and 'event', got {line[:80]!r}")
    return float(at), msgspec.convert(entry, type=getattr(events, kind))
