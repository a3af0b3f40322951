"""What goes wrong with a simulated provider, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

FaultKind = Literal[
    "refuse",  # no connection: an HTTP status and the provider's own error
    "slow",  # everything in order, but `seconds` late: an event, the first token, a text's first audio
    "drop",  # the TCP connection is cut, without a goodbye
    "close",  # the WebSocket is closed with `code` and `reason`; an HTTP answer is cut
    "stall",  # nothing is sent any more; what the client sends is read, pings and a close are answered
    "freeze",  # nothing is sent and nothing read any more: not even a close is answered
    "garbage",  # something that is not JSON is sent, once, in place of the event
    "error",  # the provider's own error message is sent, and the connection ends
    "bad_arguments",  # a tool call's arguments are cut in the middle: no JSON (OpenAI)
    "empty",  # an answer without a word (OpenAI)
    "content_filter",  # the same, since the provider withholds it (OpenAI)
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail.

    Those that strike in the middle do so in place of the `at_event`-th thing that the server would send on this
    connection (from 1: a message, a piece of an answer), or `after` so many seconds; without either, at once.
    `status`, `retry_after` (seconds) and `reason` are what a refusal says; `code` and `reason` what a close says. An
    empty `reason` becomes the provider's usual one.
    """

    kind: FaultKind
    at_event: int | None = None
    after: float | None = None
    status: int = 503
    retry_after: float | None = None
    code: int = 1011
    reason: str = ""
    seconds: float = 0.0

    @property
    def strikes(self) -> bool:
        """Whether it happens at some moment of an open connection."""
        return self.kind in {"drop", "close", "stall", "freeze", "garbage", "error"}


class Attempt(NamedTuple):
    """A connection (with OpenAI: a request) that a client wants. `number` counts a server's from 1.

    `model` is what a request to OpenAI names.
    """

    number: int
    path: str
    model: str = ""


def anyone(attempt: Attempt) -> bool:
    """Whoever comes."""
    return True


@dataclass(slots=True)
class _Rule:
    fault: Fault
    every: int
    whom: Callable[[Attempt], bool]
    left: int | None
    seen: int = 0


class Faults:
    """The faults of one server. May be changed while it runs; a connection's fault is chosen when it is opened.

    >>> faults = Faults()
    >>> faults.add(Fault("refuse", status=429), times=1)  # the next connection is refused, later ones are not
    """

    def __init__(self, *faults: Fault) -> None:
        """`faults`: the first of them befalls every connection."""
        self._rules = [_Rule(fault, 1, anyone, None) for fault in faults]

    def add(
        self,
        fault: Fault,
        *,
        every: int = 1,
        times: int | None = None,
        whom: Callable[[Attempt], bool] = anyone,
    ) -> None:
        """Let `fault` befall every `every`-th of the connections that `whom` chooses, at most `times` of them."""
        self._rules.append(_Rule(fault, every, whom, times))

    def clear(self) -> None:
        """From now on nothing goes wrong."""
        self._rules.clear()

    def choose(self, attempt: Attempt) -> Fault | None:
        """The fault of this connection: that of the first rule that applies."""
        for rule in self._rules:
            if rule.left == 0 or not rule.whom(attempt):
                continue
            rule.seen += 1
            if rule.seen % rule.every:
                continue
            if rule.left is not None:
                rule.left -= 1
            return rule.fault
        return None
