"""The REST interface with a book and a desk that a test can look into: nobody dials what is written there."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount

from phoneagent.agent_file import builtin_agent
from phoneagent.call.calling_rules import AT_ANY_TIME, CallingRules
from phoneagent.call.event_writer import EventWriter
from phoneagent.call.phone_numbers import NumberRules
from phoneagent.call.told_orders import ToldOrders
from phoneagent.errors import OrderRefused
from phoneagent.ports import OrderBook
from phoneagent.records import Agent, CallingHours, Order
from phoneagent.rehearsal import API_KEY
from phoneagent.simulator.local_server import LocalServer
from phoneagent.store.memory import MemoryStore
from phoneagent.web.api.interface import rest_interface
from phoneagent.web.doors import ApiKeys

from .client import Client, client

OTHER_KEY = {"Authorization": "Bearer another-key"}


@dataclass
class Desk:
    """Cancels what the book still has queued."""

    book: OrderBook

    async def cancel(self, order: str) -> Order | None:
        return await self.book.cancel(order, now=time.time())


class Numbers(NumberRules):
    """Takes numbers of the test range."""

    def destination(self, number: str, field: str = "to") -> str:
        digits = self.possible(field, number)
        if not digits.startswith("+1500555"):
            raise OrderRefused(field, "expected a number in a country that this server may call")
        return digits


@dataclass
class Equipped:
    agent: Agent


@dataclass
class Board:
    """Of the switchboard what REST looks at: its agents, and what is stored of calls."""

    agents: dict[str, Equipped]
    store: MemoryStore
    closing: bool = False

    async def look_up(self, call):
        return await self.store.load_call(call)

    async def look_up_record(self, call):
        return await self.store.load_record(call)

    async def page(self, *, cursor, limit):
        return await self.store.page_calls(cursor=cursor, limit=limit)


@asynccontextmanager
async def ordering(
    *agents: Agent,
    caller_id: str = "+15005550006",
    steers: Any = None,
    numbers: NumberRules | None = None,
    hours: CallingHours = AT_ANY_TIME,
) -> AsyncIterator[tuple[Client, MemoryStore]]:
    """A client, and the store behind the server. `store.orders` tells of what is done to it."""
    store = MemoryStore()
    async with EventWriter(store, writer="w") as events:
        book = store.orders
        store.orders = ToldOrders(book, events)  # type: ignore[assignment]  # an OrderBook, as a store has
        serving = _serving(store, events, *agents, caller_id=caller_id, steers=steers, numbers=numbers, hours=hours)
        async with serving as asking:
            asking.told, asking.book = events, book
            yield asking, store


@asynccontextmanager
async def _serving(
    store: MemoryStore,
    events: EventWriter,
    *agents: Agent,
    caller_id: str,
    steers: Any,
    numbers: NumberRules | None,
    hours: CallingHours,
) -> AsyncIterator[Client]:
    board = Board({agent.name: Equipped(agent) for agent in agents or (builtin_agent(),)}, store)
    keys = ApiKeys([API_KEY, "another-key"])
    rest = rest_interface(
        board,  # type: ignore[arg-type]  # what it looks at
        keys,
        store.orders,
        desk=Desk(store.orders),
        rules=CallingRules(Numbers(), store.do_not_call, hours=hours),
        unwanted=store.do_not_call,
        caller_id=caller_id,
        steers=steers,
        numbers=numbers,
        log=store.events,
        told=events,
    )
    async with LocalServer(Starlette(routes=[Mount("/v1", rest)])) as server, client(server.url) as asking:
        asking.board = board
        yield asking
