"""What both sides of a conversation share: where it stands, what was said, what is overdue, and what is to be done."""

from __future__ import annotations

from typing import Any

from .commands import Command, Emit, Expect, SaveTurn
from .deadlines import Deadlines
from .policy import Phrasing, Policy
from .states import State
from .transcript import Turn


class Floor:
    """The present of one call. `turn_events`: the ears decide when a turn ends."""

    def __init__(self, phrasing: Phrasing, policy: Policy, *, turn_events: bool, history: tuple[Turn, ...]) -> None:
        self.state = State.CONNECTING
        self.turns: list[Turn] = list(history)
        self.deadlines = Deadlines()
        self.phrasing = phrasing
        self.policy = policy
        self.turn_events = turn_events
        self.ended_by = ""
        self._commands: list[Command] = []

    def enter(self, state: State) -> None:
        """Go to a state; the deadlines of the one before are forgotten."""
        self.state = state
        self.deadlines.leave_state()

    def save(self, turn: Turn) -> None:
        """Append to the transcript."""
        self.turns.append(turn)
        self.want(SaveTurn(len(self.turns), turn))

    def want(self, command: Command) -> None:
        """Have something done after the present event."""
        self._commands.append(command)

    def emit(self, name: str, **values: Any) -> None:
        """Tell whoever watches."""
        self.want(Emit(name, values))

    def tell_ears(self, *upcoming: Turn) -> None:
        """What may be said next follows from the turns so far, and from those that are about to be heard."""
        self.want(Expect((*self.turns, *upcoming)))

    def take(self) -> list[Command]:
        """The commands since the last time."""
        commands, self._commands = self._commands, []
        return commands
