"""What providers and networks do to events: late, lost, twice, out of order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from phoneagent.conversation.events import Event


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What happens to one event of a call: the `number`th of its kind from 1, or each of them if it is 0.

    `source` narrows `SpeechStarted` and `SpeechStopped` down to who noticed. Exactly one of the others is set: `late`
    by seconds, `lost`, `again` after seconds, `after` the next event of that kind.
    """

    event: str
    number: int = 1
    source: Literal["", "vad", "stt"] = ""
    late: float = 0.0
    lost: bool = False
    again: float | None = None
    after: str = ""


class Disorder:
    """Stands between the world and the conversation, and disturbs what was asked for."""

    def __init__(
        self,
        disturbances: Iterable[Disturbance],
        deliver: Callable[[Event], None],
        later: Callable[[float, Callable[[], None]], None],
    ) -> None:
        """`deliver` hands an event to the conversation, `later` does something after so many seconds."""
        self._disturbances = tuple(disturbances)
        self._deliver = deliver
        self._later = later
        self._seen: Counter[Disturbance] = Counter()
        self._held: list[tuple[str, Event]] = []

    def pass_on(self, event: Event) -> None:
        """An event arrives."""
        kind = type(event).__name__
        disturbance = self._striking(event, kind)
        due = self._released_by(kind)
        if disturbance is None:
            self._deliver(event)
        elif disturbance.after:
            self._held.append((disturbance.after, event))
        elif not disturbance.lost and not disturbance.late:
            self._deliver(event)
        if disturbance is not None and (disturbance.late or disturbance.again is not None):
            self._later(disturbance.late or disturbance.again or 0.0, lambda: self._deliver(event))
        for held in due:
            self._deliver(held)

    def _striking(self, event: Event, kind: str) -> Disturbance | None:
        for disturbance in self._disturbances:
            source = disturbance.source
            if disturbance.event != kind or (source and getattr(event, "source", "") != source):
                continue
            self._seen[disturbance] += 1
            if disturbance.number in (0, self._seen[disturbance]):
                return disturbance
        return None

    def _released_by(self, kind: str) -> list[Event]:
        """What has waited for an event of this kind."""
        due = [event for awaited, event in self._held if awaited == kind]
        self._held = [(awaited, event) for awaited, event in self._held if awaited != kind]
        return due
