"""A queue of calls: `<Enqueue>` puts them in, `<Dial><Queue>` takes the first of them out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from .placed_call import PlacedCall


class Waiting:
    """A call's place in a queue. `taken`: by which call; `released`: when the two have parted."""

    def __init__(self, call: PlacedCall) -> None:
        loop = asyncio.get_running_loop()
        self.call = call
        self.since = loop.time()
        self.taken: asyncio.Future[PlacedCall] = loop.create_future()
        self.released = asyncio.Event()

    @property
    def seconds(self) -> float:
        return asyncio.get_running_loop().time() - self.since


class CallQueue:
    """Calls that wait, the first first."""

    def __init__(self, name: str) -> None:
        self.sid = f"QU{uuid5(NAMESPACE_URL, name).hex}"
        self._places: list[Waiting] = []
        self._filled = asyncio.Event()

    def enter(self, call: PlacedCall) -> Waiting:
        place = Waiting(call)
        self._places.append(place)
        self._filled.set()
        return place

    def leave(self, place: Waiting) -> None:
        """Give up a place; whoever was taken has none any more."""
        if place in self._places:
            self._places.remove(place)

    async def take(self, taker: PlacedCall) -> Waiting:
        """The first of the queue, as soon as there is one."""
        while not self._places:
            self._filled.clear()
            await self._filled.wait()
        place = self._places.pop(0)
        place.taken.set_result(taker)
        return place

    def told(self, place: Waiting) -> dict[str, str]:
        """What a document for whoever waits is asked with."""
        return {
            "QueueSid": self.sid,
            "QueueTime": str(int(place.seconds)),
            "QueuePosition": str(self._places.index(place) + 1),
            "CurrentQueueSize": str(len(self._places)),
            "AvgQueueTime": str(int(sum(each.seconds for each in self._places) / len(self._places))),
        }
