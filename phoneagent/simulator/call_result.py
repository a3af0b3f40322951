"""What is known of a call that is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .call_order import Ending, Status
from .ear import Ear
from .violation import Violation

if TYPE_CHECKING:
    from .placed_call import PlacedCall

_BY_AGENT = ("hung up by verb", "hung up by REST", "document ended", "rejected", "canceled")
_BY_CALLER = ("caller hung up", "caller gave up", "not answered")


class CallEvent(NamedTuple):
    """Something in the life of a call. `at`: seconds since it was placed."""

    at: float
    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallResult:
    """A call that is over.

    `documents` are the TwiML texts in the order in which they were followed, `status` Twilio's last. The times of
    `violations` and `events` count from when the call was placed, those of `ear` from when it was answered. `legs` are
    the calls of its `<Dial>`s.
    """

    call: str
    ending: Ending
    status: Status
    ear: Ear
    documents: tuple[str, ...]
    violations: tuple[Violation, ...]
    events: tuple[CallEvent, ...]
    legs: tuple[PlacedCall, ...] = ()

    @property
    def ended_by(self) -> Literal["caller", "agent", "carrier"]:
        if self.ending in _BY_CALLER:
            return "caller"
        return "agent" if self.ending in _BY_AGENT else "carrier"
