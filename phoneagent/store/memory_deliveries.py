"""Messages on their way to operators' systems, in this process: for a machine without Redis."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from phoneagent.deliveries import Claimed, DeadLetter, DeadPage, Delivery, Taken
from phoneagent.records import place_of

from .cursor import checked_cursor
from .delivery_rules import MOST_DEAD, MOST_WAITING, known_for, own_lane
from .expiry import USUAL, Lifetimes

MOST_KNOWN = 20_000  # delivered ones that are known; past that the oldest are forgotten
LOOK = 60.0  # seconds between two looks for what has expired


@dataclass(slots=True)
class _Item:
    delivery: Delivery
    lane: str
    expires: float
    state: Literal["waiting", "dead"] = "waiting"
    token: int = 0
    attempts: int = 0
    problem: str = ""
    died: float = 0.0
    wanted: bool = False


@dataclass(slots=True)
class _Lane:
    due: float
    items: deque[str] = field(default_factory=deque)


class MemoryDeliveries:
    """In dictionaries, by the event loop's clock."""

    def __init__(self, *, lifetimes: Lifetimes = USUAL) -> None:
        self._waiting_ttl = lifetimes.of_waiting
        self._longest = lifetimes.longest
        self._items: dict[str, _Item] = {}
        self._lanes: dict[str, dict[str, _Lane]] = {}  # of each webhook, by their names
        self._known: dict[str, float] = {}  # delivered ones, and until when they are known
        self._disabled: dict[str, tuple[str, float]] = {}
        self._look_at = 0.0

    async def put(self, deliveries: Sequence[Delivery], *, now: float) -> Taken:
        self._forget()
        no_room = disabled = 0
        for delivery in deliveries:
            if delivery.id in self._items or self._known.get(delivery.id, 0.0) > _now():
                continue
            if delivery.webhook in self._disabled:
                disabled += 1
            elif self._waiting(delivery.webhook) >= MOST_WAITING:
                no_room += 1
            else:
                expires = _now() + self._waiting_ttl
                self._items[delivery.id] = _Item(delivery, delivery.lane, expires)
                self._line_up(delivery.id, now)
        return Taken(no_room, disabled)

    async def claim(self, room: Mapping[str, int], *, now: float, seconds: float) -> tuple[Claimed, ...]:
        self._forget()
        claimed: list[Claimed] = []
        for webhook, most in room.items():
            due = sorted((lane for lane in self._lanes.get(webhook, {}).values() if lane.due <= now), key=_due)
            for lane in due[:most]:
                item = self._items[lane.items[0]]
                item.token += 1
                lane.due = now + seconds
                why = self._disabled.get(webhook, ("", 0.0))[0]
                claimed.append(Claimed(item.delivery, item.token, item.attempts, why, item.wanted))
        return tuple(claimed)

    async def next_due(self, webhooks: Sequence[str]) -> float | None:
        self._forget()
        lanes = (lane for webhook in webhooks for lane in self._lanes.get(webhook, {}).values())
        return min((lane.due for lane in lanes), default=None)

    async def webhooks(self) -> tuple[str, ...]:
        self._forget()
        return tuple(sorted(self._lanes))

    async def delivered(self, claimed: Claimed, *, now: float) -> bool:
        if (item := self._claimed(claimed)) is None:
            return False
        self._leave(item, now)
        del self._items[claimed.delivery.id]
        self._known[claimed.delivery.id] = _now() + known_for(claimed.delivery.type)
        while len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]
        if claimed.wanted:
            self._disabled.pop(claimed.delivery.webhook, None)
        return True

    async def postpone(self, claimed: Claimed, *, until: float, now: float, problem: str, aside: bool) -> bool:
        if (item := self._claimed(claimed)) is None:
            return False
        item.attempts += 1
        item.problem, item.expires = problem, _now() + self._waiting_ttl
        lane = own_lane(claimed.delivery.id)
        if aside and item.lane != lane:
            self._leave(item, now)
            item.lane = lane
            self._line_up(claimed.delivery.id, until)
        else:
            self._lanes[item.delivery.webhook][item.lane].due = until
        return True

    async def bury(
        self, claimed: Claimed, *, now: float, keep: float, problem: str, tried: bool = True, disable: bool = False
    ) -> bool:
        if (item := self._claimed(claimed)) is None:
            return False
        keep = min(keep, self._longest)
        item.state, item.problem, item.died, item.wanted = "dead", problem, now, False
        item.attempts, item.expires = claimed.attempts + tried, _now() + keep
        self._leave(item, now)
        if len(self._items) > MOST_DEAD:
            for _, oldest in self._dead()[MOST_DEAD:]:
                del self._items[oldest]
        if disable:
            self._disabled[item.delivery.webhook] = problem, _now() + keep
        return True

    async def dead(self, *, cursor: str = "", limit: int = 50) -> DeadPage:
        before = checked_cursor(cursor)
        older = [place for place in self._dead() if not before or place[0] < before]
        letters = [
            DeadLetter(item.delivery, item.attempts, item.problem, item.died)
            for item in (self._items[name] for _, name in older[:limit])
        ]
        return DeadPage(tuple(letters), older[limit - 1][0] if len(older) > limit else "")

    async def redeliver(self, delivery: str, *, now: float) -> bool:
        item = self._items.get(delivery)
        if item is None or item.state != "dead" or item.expires <= _now():
            return False
        item.state, item.attempts, item.problem, item.wanted = "waiting", 0, "", True
        item.lane, item.expires = own_lane(delivery), _now() + self._waiting_ttl
        self._line_up(delivery, now)
        return True

    async def erase(self, calls: Collection[str]) -> int:
        theirs = [name for name, item in self._items.items() if item.delivery.lane in calls]
        for name in theirs:
            item = self._items[name]
            if item.state == "waiting":
                self._leave(item, now=0.0)
            del self._items[name]
        return len(theirs)

    def clear(self) -> None:
        self._items.clear()
        self._known.clear()
        self._lanes.clear()
        self._disabled.clear()

    def _claimed(self, claimed: Claimed) -> _Item | None:
        item = self._items.get(claimed.delivery.id)
        if item is None or item.state != "waiting" or item.token != claimed.token:
            return None
        item.token += 1
        return item

    def _waiting(self, webhook: str) -> int:
        return sum(len(lane.items) for lane in self._lanes.get(webhook, {}).values())

    def _line_up(self, delivery: str, due: float) -> None:
        item = self._items[delivery]
        self._lanes.setdefault(item.delivery.webhook, {}).setdefault(item.lane, _Lane(due)).items.append(delivery)

    def _leave(self, item: _Item, now: float) -> None:
        lanes = self._lanes[item.delivery.webhook]
        lane = lanes[item.lane]
        if lane.items[0] == item.delivery.id:
            lane.due = now
        lane.items.remove(item.delivery.id)
        if not lane.items:
            del lanes[item.lane]
        if not lanes:
            del self._lanes[item.delivery.webhook]

    def _dead(self) -> list[tuple[str, str]]:
        """Places and ids, the last one first."""
        dead = (item for item in self._items.values() if item.state == "dead" and item.expires > _now())
        return sorted(((place_of(item.died, item.delivery.id), item.delivery.id) for item in dead), reverse=True)

    def _forget(self) -> None:
        now = _now()
        if now < self._look_at:
            return
        self._look_at = now + LOOK
        for name in [name for name, item in self._items.items() if item.expires <= now]:
            item = self._items.pop(name)
            if item.state == "waiting":
                self._leave(item, now=0.0)
        self._known = {name: until for name, until in self._known.items() if until > now}
        self._disabled = {webhook: kept for webhook, kept in self._disabled.items() if kept[1] > now}


def _due(lane: _Lane) -> float:
    return lane.due


def _now() -> float:
    return asyncio.get_running_loop().time()
