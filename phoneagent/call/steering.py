"""Steering a live call from any process: what an operator wants goes to the process that holds the call."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from phoneagent.audio.dtmf import is_digits
from phoneagent.conversation.events import AnswererDetected, ControlReceived
from phoneagent.errors import CallIsOver, MisuseError, NobodyHoldsCall, SteeringUnanswered
from phoneagent.ports import Store
from phoneagent.records import FINAL_STATUSES, CallRecord

WITHIN = 2.0  # seconds to the acknowledgement; a busy process takes milliseconds, and an operator waits for it

Action: TypeAlias = Literal[
    "say", "instruct", "transfer", "dtmf", "mute", "unmute", "hangup", "detected", "pause_recording", "resume_recording"
]
Outcome: TypeAlias = Literal["done", "over", "nobody", "late"]
"""`over`: the call is being left, or not begun; `nobody`: no process holds it; `late`: no acknowledgement came."""

WITH_ARGUMENT = frozenset({"say", "instruct", "transfer", "dtmf", "detected"})


@dataclass(frozen=True, slots=True)
class Control:
    """What an operator wants of a call, see `ControlReceived`; or that the carrier has `detected` who answered it, for
    that goes the same way. A repeated `id` is carried out once.

    Raises `ValueError`: the argument is missing, or is no digits.
    """

    action: Action
    argument: str = field(default="", repr=False)  # what is said, and digits, are private
    interruptible: bool = True
    answer: bool = False
    by_carrier: bool = False
    id: str = field(default_factory=lambda: secrets.token_hex(12))

    def __post_init__(self) -> None:
        if (self.action in WITH_ARGUMENT) != bool(self.argument.strip()):
            raise ValueError(f"{self.action}: expected {'an' if self.action in WITH_ARGUMENT else 'no'} argument")
        if self.action == "dtmf" and not is_digits(self.argument):
            raise ValueError("dtmf: expected digits out of 0123456789*#ABCD, and w for half a second of silence")

    @property
    def event(self) -> ControlReceived | AnswererDetected:
        """As the conversation is told. Raises `MisuseError` for what it does not know of: the recording."""
        match self.action:
            case "detected":
                return AnswererDetected(self.argument)
            case "pause_recording" | "resume_recording":
                raise MisuseError("the conversation does not know of recordings")
            case action:
                return ControlReceived(action, self.argument, self.interruptible, self.answer, self.by_carrier)


Receive: TypeAlias = Callable[[str, Control], Outcome]
"""What a process does with a control for a call; it must not wait."""


class SteeringLine(Protocol):
    """Takes controls from process to process. Both methods raise `StoreError`."""

    async def send(self, call: str, control: Control, *, within: float) -> Outcome:
        """Give a control to the process that holds the call, and wait for what became of it.

        One that was not acknowledged in time is not carried out later.
        """

    async def serve(self, process: str, receive: Receive) -> None:
        """Give what comes for this process to `receive`, in order, each id once, until cancelled.

        `process` is the name that its leases begin with: `process/…`.
        """


class Steering:
    """Where operators' wishes go in."""

    def __init__(
        self, line: SteeringLine, store: Store, end: Callable[[CallRecord], Awaitable[None]] | None = None
    ) -> None:
        """`end` ends a call that no process holds, see `Transfers.end`; None without the carrier's credentials."""
        self._line = line
        self._store = store
        self._end = end

    async def send(self, call: str, control: Control) -> None:
        """Steer a call, whichever process holds it; returns when that process has taken it up.

        A caller who waits for somebody else, or talks with them, is with no process; such a call can only be ended,
        which the carrier does. So it does where the process that holds the call does not answer.

        Raises `CallIsOver`, `NobodyHoldsCall`, `SteeringUnanswered` (all `SteeringError`), `StoreError`, and
        `CarrierError` for an end that the carrier was asked for.
        """
        outcome = await self._line.send(call, control, within=WITHIN)
        if outcome == "done":
            return
        record = await self._store.load_record(call)
        if record is not None and (record.ended is not None or record.status in FINAL_STATUSES):
            raise CallIsOver("the call is over")
        if control.action == "hangup" and record is not None and self._end is not None:
            await self._end(record)
            return
        match outcome:
            case "over":
                raise CallIsOver("the call is over, or being left")
            case "late":
                raise SteeringUnanswered(f"the process that holds the call did not answer within {WITHIN:g} s")
            case "nobody":
                if record is not None and record.ended_reason == "transfer":
                    raise NobodyHoldsCall("the caller is with somebody else, or waits for them: expected hangup")
                raise NobodyHoldsCall("no process holds this call: it is unknown, still ringing, or was lost")
