"""Every wait has a deadline, and the deadline says why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Reason(Enum):
    """What is overdue when a deadline passes; the value is the line that explains a quiet call."""

    STREAM = "the media stream did not open"
    SILENCE = "the caller has been silent for long"
    END_OF_TURN = "the caller's silence ends the turn"
    TURN_LIMIT = "the caller's turn did not end"
    KEYPAD = "no further key was pressed"
    ANSWER = "the reply did not start"
    TOOL = "a tool did not return"
    PLAYOUT = "the reply was not heard to its end"
    CONFIRM = "speech over the agent was not explained"
    VOICE = "a sound over the agent lasts"
    FILLER = "the caller has waited long for the answer"
    FILLER_ENDS = "a filler makes way for the answer"
    TOO_EARLY = "the answer waits for its moment"
    MOVE = "the caller has been silent, and another process is to have the call"
    HANG_UP = "the carrier did not end the call"
    LAST_WORDS = "no last words came"
    ANSWERER = "who has answered did not turn out"
    BEEP = "the machine is silent"
    MACHINE = "the machine goes on and on"
    FAREWELL = "the call is about to reach its limit"
    CALL_LIMIT = "the call reached its limit"


LASTING = frozenset({Reason.FAREWELL, Reason.CALL_LIMIT, Reason.ANSWERER})
"""Those that belong to the call and not to one of its states."""

_KEPT = LASTING | {Reason.VOICE}
"""A sound over the agent may begin while it thinks and last until it speaks."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The core wants a `TimerFired` at this moment (seconds since the call began)."""

    at: float
    reason: Reason


class Deadlines:
    """At most one deadline for each reason; the earliest is the next."""

    def __init__(self) -> None:
        self._at: dict[Reason, float] = {}

    def set(self, reason: Reason, at: float) -> None:
        self._at[reason] = at

    def drop(self, reason: Reason) -> None:
        self._at.pop(reason, None)

    def clear(self) -> None:
        """Forget all of them."""
        self._at = {}

    def leave_state(self) -> None:
        """Forget what belonged to the state."""
        self._at = {reason: at for reason, at in self._at.items() if reason in _KEPT}

    def get(self, reason: Reason) -> float | None:
        return self._at.get(reason)

    @property
    def next(self) -> Deadline | None:
        if not self._at:
            return None
        reason = min(self._at, key=self._at.__getitem__)
        return Deadline(self._at[reason], reason)

    @property
    def explains_state(self) -> bool:
        """Whether the present state has a deadline of its own."""
        return any(reason not in _KEPT for reason in self._at)
