"""All calls in one list: those that came in and those that were asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from phoneagent.agent_file import builtin_agent
from phoneagent.private import Private
from phoneagent.records import CallRecord, Order
from phoneagent.rehearsal import API_KEY
from phoneagent.simulator.caller import CallerScript, HangUp, Say
from phoneagent.simulator.local_server import LocalServer
from phoneagent.store.memory import MemoryStore
from phoneagent.web.api.interface import rest_interface
from phoneagent.web.doors import ApiKeys
from tests.calls.world import world

from .client import client
from .ordering import Board, Equipped, ordering

FROM, TO = "+15005550100", "+15005550006"
NOW = 1_790_000_000.0


def order(number, **changes):
    made = Order(f"PC{number:032x}", Private(TO), Private(FROM), "front-desk", created=NOW + number)
    return replace(made, **changes)


def call(number, **changes):
    made = CallRecord(f"CA{number:032x}", "front-desk", "inbound", Private(FROM), Private(TO), started=NOW + number)
    return replace(made, **changes)


async def listed(rest, query=""):
    """All pages, as lists of how many seconds after `NOW` each call began."""
    pages, cursor = [], ""
    while True:
        answer = await rest.get(f"/v1/calls?{query}{cursor}")
        assert answer.status == 200, answer.text
        pages.append([round(seconds(item["created_at"])) for item in answer.json["items"]])
        if answer.json["next_cursor"] is None:
            return pages
        cursor = f"&cursor={answer.json['next_cursor']}"


def flat(pages):
    return list(chain.from_iterable(pages))


def seconds(when):
    return datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp() - NOW


async def test_both_kinds_come_in_one_list_newest_first_whatever_their_mixture():
    async with ordering() as (rest, store):
        numbers = {"order": [0, 1, 2, 3, 9, 10], "call": [4, 5, 6, 7, 8, 11]}
        for number in numbers["order"]:
            await store.orders.create(order(number))
        for number in numbers["call"]:
            await store.create_call(call(number))
        for limit in (1, 2, 3, 5, 12, 100):
            pages = await listed(rest, f"limit={limit}")
            assert flat(pages) == list(range(11, -1, -1)), limit
            assert all(len(page) == limit for page in pages[:-1])
        assert flat(await listed(rest, "direction=inbound&limit=4")) == numbers["call"][::-1]
        assert flat(await listed(rest, "direction=outbound&limit=4")) == numbers["order"][::-1]


async def test_pages_stay_as_they_are_while_calls_come_in():
    async with ordering() as (rest, store):
        for number in range(0, 8, 2):
            await store.orders.create(order(number))
            await store.create_call(call(number + 1))
        first = (await rest.get("/v1/calls?limit=3")).json
        await store.create_call(call(100))
        await store.orders.create(order(101))
        second = (await rest.get(f"/v1/calls?limit=3&cursor={first['next_cursor']}")).json
    assert [round(seconds(item["created_at"])) for item in second["items"]] == [4, 3, 2]


async def test_filters_find_what_lies_pages_behind():
    async with ordering() as (rest, store):
        await store.create_call(call(0, status="completed", agent="sales"))
        await store.orders.create(order(1, status="no-answer"))
        for number in range(2, 30):
            await store.create_call(call(number))
        assert flat(await listed(rest, "limit=2&status=completed")) == [0]
        assert flat(await listed(rest, "limit=2&agent=sales")) == [0]
        assert flat(await listed(rest, "limit=2&status=no-answer")) == [1]
        assert flat(await listed(rest, "limit=2&status=no-answer&direction=inbound")) == []
        assert flat(await listed(rest, "limit=5&status=ringing")) == list(range(29, 1, -1))


@pytest.mark.parametrize(
    "query", ["direction=sideways", "status=over", "limit=0", "agnet=x", "cursor=guessed", "cursor=" + "0" * 20 + "-"]
)
async def test_a_query_that_cannot_be_meant_is_told_by_its_field(query):
    async with ordering() as (rest, _):
        answer = await rest.get(f"/v1/calls?{query}")
    field = query.partition("=")[0]
    assert list(answer.misfits) == [field]
    assert "expected" in answer.misfits[field] or "did you mean" in answer.misfits[field]


async def test_one_call_has_one_form_wherever_it_is_shown():
    async with ordering() as (rest, store):
        spoken = {"answered": NOW + 3, "ended": NOW + 45.5, "ended_reason": "caller"}
        await store.create_call(call(1, status="completed", **spoken))
        placed = order(2, status="completed", call="CA" + "f" * 32, ended=NOW + 46, answered_by="human")
        await store.orders.create(placed)
        await store.create_call(
            call(2, id=placed.call, order=placed.id, direction="outbound", status="completed", **spoken)
        )
        items = (await rest.get("/v1/calls")).json["items"]
        alone = [(await rest.get(f"/v1/calls/{item['id']}")).json for item in items]
    assert items == alone
    outbound, inbound = items
    assert outbound.keys() == inbound.keys()
    assert (outbound["direction"], inbound["direction"]) == ("outbound", "inbound")
    assert (outbound["duration"], inbound["duration"]) == (43.0, 42.5)
    assert (outbound["ended_reason"], inbound["ended_reason"]) == ("caller", "caller")
    assert (outbound["id"], outbound["carrier_id"], outbound["answered_by"]) == (placed.id, placed.call, "human")
    assert (inbound["from"], inbound["to"], inbound["agent"]) == (FROM, TO, "front-desk")


async def test_a_real_call_that_came_in_is_listed_from_its_ringing_on():
    async with world() as (running, told), client(running.url) as rest:
        script = CallerScript(Say("What are your opening hours?"), HangUp(after=1.0))
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: bool(told.of("call_started")))
        (during,) = (await rest.get("/v1/calls?status=in-progress")).json["items"]
        await placed.ended
        await told.until(lambda: bool(told.of("call_left")))
        (after,) = (await rest.get("/v1/calls?direction=inbound")).json["items"]
    assert during["id"] == after["id"] == placed.sid
    assert (during["duration"], after["status"], after["ended_reason"]) == (None, "completed", "caller")


async def test_without_the_carriers_credentials_calls_are_listed_and_whoever_asks_for_one_is_told_what_is_missing():
    store = MemoryStore()
    await store.create_call(call(1))
    board = Board({"front-desk": Equipped(builtin_agent())}, store)
    rest_app = rest_interface(board, ApiKeys([API_KEY]), store.orders)  # type: ignore[arg-type]  # what it looks at
    async with LocalServer(Starlette(routes=[Mount("/v1", rest_app)])) as server, client(server.url) as rest:
        (item,) = (await rest.get("/v1/calls")).json["items"]
        refusals = [await rest.post("/v1/calls", {"to": TO}), await rest.post(f"/v1/calls/{call(1).id}/cancel", {})]
    assert item["id"] == call(1).id
    for refused in refusals:
        assert refused.status == 503
        assert refused.problem["type"].endswith(":calls-not-set-up")
        assert "TWILIO_ACCOUNT_SID" in refused.problem["detail"]
