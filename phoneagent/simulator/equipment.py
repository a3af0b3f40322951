"""What all calls of a carrier share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .call_order import Callee, Order
from .call_queue import CallQueue
from .callbacks import Delivery
from .caller_speech import CallerSpeech
from .network import Network
from .phone_line import Metronome
from .webhooks import Webhooks

if TYPE_CHECKING:
    from .placed_call import PlacedCall


@dataclass(frozen=True, slots=True)
class Equipment:
    """`numbers` are the account's own; `begin` places a leg of a `<Dial>`, `callees` are whom it reaches; `queues` are
    those of `<Enqueue>`, by name.
    """

    account: str
    webhooks: Webhooks
    network: Network
    speech: CallerSpeech
    numbers: Collection[str]
    callees: Mapping[str, Callee]
    delivery: Delivery
    begin: Callable[[Order], PlacedCall]
    queues: dict[str, CallQueue]
    recording: bool
    metronome: Metronome

    def queue(self, name: str) -> CallQueue:
        """The queue of this name; a new one, if there is none."""
        return self.queues.setdefault(name, CallQueue(name))
