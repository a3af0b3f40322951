"""Steering within one process: for a machine without Redis."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from phoneagent.call.steering import Control, Outcome, Receive

REMEMBERED = 10_000  # ids; an operator who repeats one does so within seconds


class MemorySteering:
    """A `SteeringLine` that hands over at once. Several switchboards of a process may share it."""

    def __init__(self) -> None:
        self._receivers: dict[str, Receive] = {}
        self._done: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def send(self, call: str, control: Control, *, within: float) -> Outcome:
        if (call, control.id) in self._done:
            return "done"
        for receive in self._receivers.values():
            outcome = receive(call, control)
            if outcome == "done":
                self._done[call, control.id] = None
                if len(self._done) > REMEMBERED:
                    self._done.popitem(last=False)
            if outcome != "nobody":
                return outcome
        return "nobody"

    async def serve(self, process: str, receive: Receive) -> None:
        self._receivers[process] = receive
        try:
            await asyncio.Event().wait()
        finally:
            del self._receivers[process]

    async def aclose(self) -> None:
        self._done.clear()
