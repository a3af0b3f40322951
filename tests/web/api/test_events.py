"""The events of a call over REST: replayed, followed, resumed, and at an end."""

from __future__ import annotations

import asyncio
import json
import re
import time
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import pytest

from phoneagent.cli.rest import connected
from phoneagent.errors import StoreError
from phoneagent.private import Private
from phoneagent.records import CallRecord, Order
from phoneagent.rehearsal import API_KEY
from phoneagent.web.api import events as streams
from phoneagent.web.api.events import HEARTBEAT, LINGER, SLOW

from .client import KEY
from .ordering import ordering

ORDER, CALL = "PC" + "1" * 32, "CA" + "2" * 32
TO, FROM = "+15005550100", "+15005550006"
PATH = f"/v1/calls/{ORDER}/events"


class Stream:
    """What comes in one response, cut into its blocks."""

    def __init__(self, response):
        self.response = response

    async def block(self):
        """The lines up to an empty one; none at the end."""
        lines: list[str] = []
        while line := (await self.response.content.readline()).decode():
            if line == "\n":
                return lines
            lines.append(line.rstrip("\n"))
        assert lines == [], "the last block is whole"
        return None

    async def event(self):
        """(id, name, data) of the next event; None at the end."""
        while (block := await self.block()) is not None:
            fields = dict(line.split(": ", 1) for line in block)
            if "data" in fields:
                assert list(fields) == ["id", "event", "data"]
                return fields["id"], fields["event"], json.loads(fields["data"])
        return None

    async def rest(self):
        events = []
        while (event := await self.event()) is not None:
            events.append(event)
        return events


@asynccontextmanager
async def followed(rest, path=PATH, **headers):
    async with rest.session.get(rest.url + path, headers=KEY | headers) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
        yield Stream(response)


def order(**changes):
    return Order(ORDER, Private(TO), Private(FROM), "front-desk", created=time.time(), **changes)


def told(events):
    """Each event in a word or two."""
    return [data.get("status") or data.get("text") or data.get("reason") or name for _, name, data in events]


def spoken(text):
    return {"reply": 1, "kind": "answer", "caller": "?", "agent": text, "interrupted": False, "latency": {"heard": 0.5}}


async def talk(rest, store):
    """An order, up to a conversation."""
    await store.orders.create(order())
    for status in ("dialling", "ringing"):
        await store.orders.change(ORDER, status=status, call=CALL)
    await store.orders.change(ORDER, status="in-progress")
    await store.create_call(CallRecord(CALL, "front-desk", "outbound", Private(FROM), Private(TO), order=ORDER))
    rest.told.tell(CALL, 0.0, "call_started", {"agent": "front-desk", "resumed": False, "order": ORDER})
    rest.told.tell(CALL, 2.5, "turn_ended", spoken("Good evening.\nAnd hello – “you”."))
    rest.told.tell(CALL, 4.0, "caller_turn", {"text": "A table"})
    rest.told.tell(CALL, 4.1, "ignored", {"event": "MarkPlayed", "state": "listening"})
    rest.told.tell(CALL, 5.0, "caller_turn", {"text": "A table for two."})
    await asyncio.sleep(0.1)


async def end(rest, store):
    rest.told.tell(CALL, 9.0, "call_left", {"reason": "caller", "direction": "outbound"})
    await store.orders.change(ORDER, status="completed", ended=time.time())


BEGUN = ["queued", "dialling", "ringing", "in-progress", "agent_connected"]
SAID = ["Good evening.\nAnd hello – “you”.", "A table", "A table for two."]
WHOLE = [*BEGUN, *SAID, "caller", "completed"]


async def test_the_whole_life_of_a_call_first_what_was_and_then_what_is():
    async with ordering() as (rest, store):
        await talk(rest, store)
        async with followed(rest) as stream:
            assert await stream.block() == ["retry: 1000"]
            was = [await stream.event() for _ in range(len(BEGUN + SAID))]
            assert told(was) == BEGUN + SAID
            await end(rest, store)
            assert told(await stream.rest()) == ["caller", "completed"]
    for _, _, data in was:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", data["at"])
    (agent, begun, amended) = (data for _, name, data in was if name == "turn")
    assert (agent["role"], agent["seconds"], agent["response_latency"]) == ("agent", 2.5, 0.5)
    assert (begun["role"], begun["amended"], amended["amended"]) == ("caller", False, True)


async def test_both_ids_of_a_placed_call_lead_to_it_and_it_is_private():
    async with ordering() as (rest, store):
        await talk(rest, store)
        await end(rest, store)
        async with followed(rest) as ours, followed(rest, f"/v1/calls/{CALL}/events") as theirs:
            assert ours.response.headers["Cache-Control"] == "no-store"
            first, second = await ours.rest(), await theirs.rest()
        assert told(first) == WHOLE
        assert first == second
        assert (await rest.get(PATH, headers={})).status == 401


async def test_whoever_comes_back_gets_what_they_missed_and_nothing_twice():
    async with ordering() as (rest, store):
        await talk(rest, store)
        seen: list[Any] = []
        after: dict[str, str] = {}
        for _ in range(3):  # each connection is cut after two events
            async with followed(rest, **after) as stream:
                seen += [await stream.event() for _ in range(2)]
            after = {"Last-Event-ID": seen[-1][0]}
        await end(rest, store)
        async with followed(rest, f"{PATH}?after={seen[-1][0]}") as stream:
            seen += await stream.rest()
        async with followed(rest, f"{PATH}?after={seen[0][0]}", **{"Last-Event-ID": seen[-2][0]}) as stream:
            assert await stream.rest() == seen[-1:], "the header is newer than the address"
    assert told(seen) == WHOLE


async def test_whoever_has_all_of_a_call_that_is_over_is_not_to_ask_again():
    async with ordering() as (rest, store):
        await talk(rest, store)
        await end(rest, store)
        async with followed(rest) as stream:
            last = (await stream.rest())[-1][0]
        await asyncio.sleep(2 * LINGER)
        assert (await rest.get(PATH, headers=KEY | {"Last-Event-ID": last})).status == 204


async def test_the_last_words_are_waited_for_when_the_carrier_is_quicker():
    async with ordering() as (rest, store):
        await talk(rest, store)
        async with followed(rest) as stream:
            await store.orders.change(ORDER, status="completed", ended=time.time())
            await asyncio.sleep(1.5)
            rest.told.tell(CALL, 8.0, "turn_ended", spoken("Goodbye."))
            rest.told.tell(CALL, 9.0, "call_left", {"reason": "agent", "direction": "outbound"})
            assert told(await stream.rest())[-3:] == ["completed", "Goodbye.", "agent"]


async def test_a_call_whose_process_died_comes_to_an_end_all_the_same():
    async with ordering() as (rest, store):
        await talk(rest, store)
        async with followed(rest) as stream:
            for _ in BEGUN + SAID:
                await stream.event()
            await rest.book.change(ORDER, status="failed", ended=time.time(), problem="lost")
            (_, name, data), *more = await stream.rest()
            assert (name, data["status"], data["problem"]) == ("status", "failed", "lost")
            assert more == []


async def test_a_call_that_came_in_has_statuses_of_its_own():
    async with ordering() as (rest, store):
        await store.create_call(CallRecord(CALL, "front-desk", "inbound", Private(FROM), Private(TO)))
        async with followed(rest, f"/v1/calls/{CALL}/events") as stream:
            rest.told.tell(CALL, 0.0, "call_rings", {"direction": "inbound", "agent": "front-desk", "order": ""})
            for resumed, reason in ((False, "the connection was lost"), (True, "transfer")):
                rest.told.tell(CALL, 0.0, "call_started", {"agent": "front-desk", "resumed": resumed, "order": ""})
                rest.told.tell(CALL, 5.0, "call_left", {"reason": reason, "direction": "inbound"})
            rest.told.tell(CALL, 0.0, "call_over", {"status": "completed"})
            rest.told.tell(CALL, 0.0, "call_over", {"status": "completed"})
            seen = await stream.rest()
    again = ["agent_connected", "the connection was lost", "agent_connected", "transfer"]
    assert told(seen) == ["ringing", "in-progress", *again, "completed"]
    assert [data["resumed"] for _, name, data in seen if name == "agent_connected"] == [False, True]


async def test_a_silent_stream_says_that_it_is_still_there():
    async with ordering() as (rest, store):
        await store.orders.create(order())
        async with followed(rest) as stream:
            assert (await stream.event())[1] == "status"
            before = asyncio.get_running_loop().time()
            for _ in range(3):
                assert await stream.block() == [": still here"]
            assert asyncio.get_running_loop().time() - before == pytest.approx(3 * HEARTBEAT, abs=3)


@pytest.mark.parametrize("wrong", ["7", "1-", "-1", "a-b", "1-1-1", "٣-٣", "1" * 20 + "-0", "1-1\t2"])
async def test_an_id_that_is_none_is_told(wrong):
    async with ordering() as (rest, store):
        await store.orders.create(order())
        answers = [await rest.get(f"{PATH}?after={quote(wrong)}")]
        if wrong.isascii():
            answers.append(await rest.get(PATH, headers=KEY | {"Last-Event-ID": wrong}))
        for answer in answers:
            assert (answer.status, answer.problem["type"]) == (400, "urn:problem-type:phoneagent:malformed-event-id")


async def test_a_call_that_is_unknown_and_a_query_that_is_none():
    async with ordering() as (rest, store):
        await store.orders.create(order())
        for name in ("PC0", CALL, "%C3%BC"):
            answer = await rest.get(f"/v1/calls/{name}/events")
            assert (answer.status, answer.problem["type"]) == (404, "urn:problem-type:phoneagent:unknown-call")
        assert list((await rest.get(f"{PATH}?since=1-1")).misfits) == ["since"]
        assert (await rest.ask("HEAD", PATH)).status == 200
        assert (await rest.post(PATH)).status == 405


@pytest.mark.parametrize("limit", ["MOST_STREAMS", "MOST_STREAMS_OF_A_KEY"])
async def test_streams_are_bounded_and_make_room_when_they_are_closed(monkeypatch, limit):
    monkeypatch.setattr(streams, limit, 2)
    async with ordering() as (rest, store):
        await store.orders.create(order())
        async with followed(rest) as one, followed(rest) as two:
            for stream in (one, two):
                await stream.event()
            answer = await rest.get(PATH)
            assert (answer.status, answer.problem["title"]) == (429, "Too many streams")
            assert "with this key 2 are open" in answer.problem["detail"]
            assert int(answer.headers["Retry-After"]) > 0
        await asyncio.sleep(1.0)
        async with followed(rest) as stream:
            assert await stream.event()


async def test_a_server_that_ends_closes_its_streams_at_once():
    async with ordering() as (rest, store):
        await store.orders.create(order())
        async with followed(rest) as stream:
            await stream.event()
            rest.board.closing = True
            before = asyncio.get_running_loop().time()
            assert await stream.rest() == []
            assert asyncio.get_running_loop().time() - before < 1.0
        assert (await rest.get(PATH)).status == 503


async def test_a_client_that_does_not_read_is_given_up(monkeypatch):
    async with ordering() as (rest, store):
        await store.orders.create(order())
        reader, writer = await asyncio.open_connection("127.0.0.1", int(rest.url.rpartition(":")[2]), limit=1024)
        writer.write(f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {KEY['Authorization']}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        rest.told.tell(CALL, 0.0, "call_started", {"agent": "front-desk", "resumed": False, "order": ORDER})
        for _ in range(4000):
            rest.told.tell(CALL, 1.0, "turn_ended", spoken("Words. " * 1000))
        await asyncio.sleep(SLOW + 10)
        monkeypatch.setattr(streams, "MOST_STREAMS", 1)
        async with followed(rest) as stream:
            assert await stream.event()
        writer.transport.abort()


async def test_a_stream_outlives_a_store_that_is_away():
    async with ordering() as (rest, store):
        await talk(rest, store)
        reading, away = store.events.read, True

        async def read(log, **options):
            if away:
                raise StoreError("away")
            return await reading(log, **options)

        async with followed(rest) as stream:
            for _ in BEGUN + SAID:
                await stream.event()
            store.events.read = read  # type: ignore[method-assign]  # it goes away in the middle
            await asyncio.sleep(20)
            await end(rest, store)
            away = False
            assert told(await stream.rest()) == ["caller", "completed"]


async def test_the_commands_client_gets_everything_once_although_connections_are_cut(monkeypatch):
    async with ordering() as (rest, store):
        seen = []

        async def follow():
            async with connected(rest.url, API_KEY) as client:
                seen.extend([happening async for happening in client.events(ORDER)])

        await store.orders.create(order())
        following = asyncio.create_task(follow())
        for _ in range(3):
            await asyncio.sleep(1.0)
            rest.board.closing = True
            await asyncio.sleep(1.0)
            rest.board.closing = False
        await talk(rest, store)
        await end(rest, store)
        await following
    assert [happening.values.get("status") for happening in seen if happening.event == "status"] == [
        *("queued", "dialling", "ringing", "in-progress", "completed")
    ]
    assert len({happening.id for happening in seen}) == len(seen) == len(WHOLE)
