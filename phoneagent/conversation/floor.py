"""What both sides of a conversation share: where it stands, what was said, what is overdue, and what is to be done."""

from __future__ import annotations

from typing import Any

from .commands import BlockCaller, Command, Emit, Expect, SaveTurn
from .deadlines import Deadlines
from .policy import Phrasing, Policy
from .search import Search, found, search
from .states import State
from .transcript import Turn


class Floor:
    """The present of one call. `turn_events`: the ears decide when a turn ends. `language`: what the agent speaks.

    `search`: how the policy's patterns are looked for.
    """

    def __init__(
        self,
        phrasing: Phrasing,
        policy: Policy,
        *,
        turn_events: bool,
        language: str,
        history: tuple[Turn, ...],
        search: Search = search,
    ) -> None:
        self.state = State.CONNECTING
        self.turns: list[Turn] = list(history)
        self.deadlines = Deadlines()
        self.phrasing = phrasing
        self.policy = policy
        self.turn_events = turn_events
        self.language = language
        self.search = search
        self.ended_by = ""
        self.spoke_until = float("-inf")  # when the agent's last word was heard
        self.moving = False  # another process is to have the call
        self.muted = False  # an operator wants the agent to be silent
        self.number_known = False  # of who is on the line
        self.blocked = False  # they do not want to be called again
        self._commands: list[Command] = []

    def enter(self, state: State) -> None:
        """Go to a state; the deadlines of the one before are forgotten."""
        self.state = state
        self.deadlines.leave_state()

    def block_caller(self) -> None:
        """Who is on the line does not want to be called again; saying it twice changes nothing."""
        if not self.blocked:
            self.blocked = True
            self.want(BlockCaller())
            self.emit("do_not_call")

    def save(self, turn: Turn) -> None:
        """Append to the transcript."""
        self.turns.append(turn)
        self.want(SaveTurn(len(self.turns), turn))

    def caller_said(self, text: str, at: float) -> None:
        """Append the caller's turn, or amend the last one: until something of the agent was heard, it is the same."""
        turn = Turn("caller", text, at)
        if self.unanswered:
            self.turns[-1] = turn
            self.want(SaveTurn(len(self.turns), turn))
        else:
            self.save(turn)

    def turns_with_caller(self, text: str, at: float) -> tuple[Turn, ...]:
        """The turns as they will be if `text` is all that the caller says."""
        before = self.turns[:-1] if self.unanswered else self.turns
        return (*before, Turn("caller", text, at))

    @property
    def unanswered(self) -> str:
        """What the caller said last, if nothing of the agent was heard since."""
        return self.turns[-1].text if self.turns and self.turns[-1].role == "caller" else ""

    @property
    def last_spoken(self) -> Turn | None:
        """The last turn that is no operator's note."""
        return next((turn for turn in reversed(self.turns) if turn.role != "operator"), None)

    @property
    def asked(self) -> str:
        """What the agent said last, but for "are you still there?": the question before that is still open."""
        prompts = self.phrasing.idle_prompts
        said = (turn.text for turn in reversed(self.turns) if turn.role == "agent" and turn.text not in prompts)
        return next(said, "")

    def last_said(self, turns: int) -> str:
        """What the agent said in its last so many turns."""
        return " ".join([turn.text for turn in self.turns if turn.role == "agent"][-turns:])

    def finds(self, patterns: tuple[str, ...], text: str) -> bool:
        """Whether one of the policy's patterns is found in it."""
        return found(patterns, text, search=self.search)

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
