"""Everything this package raises on purpose.

PhoneagentError
├── SettingsError       a setting or an agent file is missing or malformed   → the operator
├── CarrierError        the carrier broke its protocol, or refused a request → the carrier
│   ├── MessageTooLarge
│   └── DialRefused     it has not placed a call, and never will for this request
├── ProviderError       ears, mind or voice failed; says if trying again may help
├── ToolError           a tool failed; its text is what the model reads
├── OutboundRefused     a request would leave the hosts that are allowed, or its answer is too large
├── StoreError          the store is away, or answered what it must not
│   ├── LeaseLost       another process owns the call now: stop speaking, write nothing more
│   ├── CallForgotten   the store has lost a call, or turns of it, that were written: write them again
│   └── Undecipherable  the store has data that none of our keys opens           → the operator
├── OrderRefused        a call that somebody wants cannot be placed as asked; says which field → who asked
│   ├── KeyReused       an idempotency key has come with another request before
│   └── UnwantedCall    the number is on the do-not-call list
├── IncomingUndecided   the operator's system has not decided about a call that comes in
├── SteeringError       an operator's wish did not reach a call              → the operator
│   ├── CallIsOver
│   ├── NobodyHoldsCall
│   └── SteeringUnanswered
└── MisuseError         our own code called something in a way its contract forbids
"""

from __future__ import annotations

from typing import Literal, TypeAlias

ProblemKind: TypeAlias = Literal["", "account", "content"]


class PhoneagentError(Exception):
    """Base of all errors raised on purpose; its text says who is to blame and what was expected."""


class SettingsError(PhoneagentError):
    """One or more settings are missing or malformed. `problems` has one line for each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CarrierError(PhoneagentError):
    """The carrier sent something its protocol does not allow, or refused a request of ours."""


class MessageTooLarge(CarrierError):
    """A carrier message is larger than any that its protocol can need."""


class DialRefused(CarrierError):
    """The carrier refused to place a call: it is certain that nobody's phone rings.

    `later`: whether the same request may succeed after a while; `after`: seconds that it asks to wait, 0 when it does
    not say. Any other `CarrierError` leaves it open.
    """

    def __init__(self, problem: str, *, later: bool, after: float = 0.0) -> None:
        super().__init__(problem)
        self.later = later
        self.after = after


class ProviderError(PhoneagentError):
    """A speech or language provider failed.

    `provider` names it (`deepgram`), `retryable` says whether the same request may succeed later:
    false for wrong keys, unknown models and refused input. `kind` is `account` when nobody is served with this key
    (it is wrong, or not paid for), `content` when the provider will not say or hear this, else empty. `wait`: seconds
    after which it wants to be asked again, if it said so.
    """

    def __init__(
        self,
        provider: str,
        problem: str,
        *,
        retryable: bool = True,
        kind: ProblemKind = "",
        wait: float | None = None,
    ) -> None:
        super().__init__(f"{provider}: {problem}")
        self.provider = provider
        self.problem = problem
        self.retryable = retryable
        self.kind = kind
        self.wait = wait


class ToolError(PhoneagentError):
    """A tool could not do its work. The text goes to the model, which tells the caller."""


class MessageRefused(CarrierError):
    """The carrier refused to send a text message: it is certain that nobody gets it."""


class OutboundRefused(PhoneagentError):
    """A request was not made, or its answer not read: it leads where it must not, or is larger than it may be."""


class StoreError(PhoneagentError):
    """The store could not be read or written. In a call this never reaches the caller."""


class LeaseLost(StoreError):
    """A write was refused because a newer owner holds the call (its fencing token is higher)."""


class CallForgotten(StoreError):
    """A write does not fit what the store has of the call: it has lost data. Nobody else took the call."""


class Undecipherable(StoreError):
    """What is stored was encrypted with a key that is not among ours."""


class RecordingError(PhoneagentError):
    """A recording could not be kept or read. In a call this never reaches the caller."""


class OrderRefused(PhoneagentError):
    """A call cannot be placed as it was asked for. `field` is the one of the order that is wrong, such as `to`."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


class KeyReused(OrderRefused):
    """An idempotency key came with a request that differs from the one it was first used for."""


class UnwantedCall(OrderRefused):
    """Somebody who does not want to be called was to be called."""


class IncomingUndecided(PhoneagentError):
    """The operator's system was asked about a call that comes in, and has not decided; the text says why."""


class SteeringError(PhoneagentError):
    """A live call could not be steered; the text says why."""


class CallIsOver(SteeringError):
    """The call has ended, or is being left."""


class NobodyHoldsCall(SteeringError):
    """No process holds the call: it is unknown, still rings, or its process was lost."""


class SteeringUnanswered(SteeringError):
    """The process that holds the call did not acknowledge in time; it will not do it later."""


class MisuseError(PhoneagentError):
    """A contract between our own modules was broken: a defect in this package, never bad input."""
