"""Asking for calls: what becomes of a good wish, and what is said about each bad one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from phoneagent.agent_file import builtin_agent
from phoneagent.private import Private
from phoneagent.records import CallRecord

from .client import KEY
from .ordering import OTHER_KEY, ordering

TO = "+15005550100"


def reminder():
    made = builtin_agent()
    phrasing = replace(made.phrasing, greeting="Hello {name}.", voicemail="Call us back, {name}.")
    return replace(made, name="reminder", phrasing=phrasing, instructions="Remind of {what}.")


def later(**ahead):
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


async def test_a_wish_becomes_an_order_with_all_that_was_said():
    async with ordering(builtin_agent(), reminder()) as (rest, store):
        when = later(hours=1)
        body = {
            "to": "+1 500 555 0100",
            "from": "+15005550007",
            "agent": "reminder",
            "variables": {"name": "Ana", "what": "the dentist"},
            "metadata": {"case": "17"},
            "machine_detection": "voicemail",
            "ring_timeout": 20,
            "max_duration": 120,
            "not_before": when,
            "not_after": later(hours=2),
        }
        answer = await rest.post("/v1/calls", body)
        order = await store.orders.load(answer.json["id"])
        shown = await rest.get(answer.headers["Location"])
    assert order is not None
    assert answer.status == 201
    assert answer.headers["Location"] == f"/v1/calls/{answer.json['id']}"
    assert shown.json == answer.json
    assert (shown.json["status"], shown.json["direction"]) == ("queued", "outbound")
    assert (shown.json["from"], shown.json["to"]) == ("+15005550007", TO)
    assert (shown.json["variables"], shown.json["metadata"]) == (body["variables"], body["metadata"])
    assert order.to.reveal() == TO
    assert order.not_before == pytest.approx(datetime.fromisoformat(when).timestamp())
    assert (order.machine, order.ring_for, order.max_duration) == ("voicemail", 20, 120)


async def test_little_is_needed():
    async with ordering() as (rest, _):
        answer = await rest.post("/v1/calls", {"to": TO})
    assert answer.status == 201
    assert (answer.json["agent"], answer.json["from"]) == (builtin_agent().name, "+15005550006")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no number": ({}, "to"),
    "a number of nobody": ({"to": "hello"}, "to"),
    "a number as a number": ({"to": 15005550100}, "to"),
    "a forbidden destination": ({"to": "+442079460018"}, "to"),
    "a number with a letter in it": ({"to": "+1500555O1OO"}, "to"),
    "a variable with a NUL": ({"variables": {"name": "Ana\x00"}}, "variables.name"),
    "a variable with an escape sequence": ({"variables": {"name": "\x1b[2JAna"}}, "variables.name"),
    "a variable with a C1 control": ({"variables": {"name": "Ana\x9b2J"}}, "variables.name"),
    "a variable whose name has a line": ({"variables": {"na\nme": "Ana"}}, "variables.na\nme"),
    "metadata with a bell": ({"metadata": {"case": "17\x07"}}, "metadata.case"),
    "a message with an escape": ({"machine_detection": "voicemail", "voicemail_message": "\x1b"}, "voicemail_message"),
    "a caller id that is none": ({"from": "me"}, "from"),
    "an agent that is not there": ({"agent": "sales"}, "agent"),
    "variables that are a list": ({"variables": ["a"]}, "variables"),
    "a variable that is a number": ({"variables": {"name": 5}}, "variables.name"),
    "a variable that is too long": ({"variables": {"name": "x" * 2001}}, "variables.name"),
    "too many variables": ({"variables": {f"v{n}": "" for n in range(51)}}, "variables"),
    "metadata without a name": ({"metadata": {"": "x"}}, "metadata."),
    "an unknown treatment of machines": ({"machine_detection": "shout"}, "machine_detection"),
    "ringing for an hour": ({"ring_timeout": 3600}, "ring_timeout"),
    "ringing as text": ({"ring_timeout": "30"}, "ring_timeout"),
    "a call without end": ({"max_duration": 10**9}, "max_duration"),
    "a time without zone": ({"not_before": "2030-01-31T09:00:00"}, "not_before"),
    "a time as a number": ({"not_before": 1900000000}, "not_before"),
    "next year": ({"not_before": later(days=365)}, "not_before"),
    "too late already": ({"not_after": later(hours=-1)}, "not_after"),
    "a window that closes before it opens": ({"not_before": later(hours=2), "not_after": later(hours=1)}, "not_after"),
    "a field that nobody knows": ({"agnet": "x"}, "agnet"),
}


@pytest.mark.parametrize("case", BAD)
async def test_what_is_wrong_is_named_and_nothing_is_written_down(case):
    changes, field = BAD[case]
    async with ordering() as (rest, store):
        answer = await rest.post("/v1/calls", {"to": TO, **changes} if changes else {})
        assert (await store.orders.page()).orders == ()
    assert list(answer.misfits) == [field]
    assert "expected" in answer.misfits[field] or "did you mean" in answer.misfits[field]


async def test_every_variable_that_is_missing_is_named():
    async with ordering(reminder()) as (rest, _):
        answer = await rest.post("/v1/calls", {"to": TO, "variables": {"other": "x"}})
    assert list(answer.misfits) == ["variables.name", "variables.what"]


async def test_a_message_for_machines_brings_its_variables_or_names_them():
    async with ordering(reminder()) as (rest, store):
        body = {"to": TO, "variables": {"what": "the dentist", "name": "Ana"}, "machine_detection": "voicemail"}
        taken = await rest.post("/v1/calls", {**body, "voicemail_message": "Call us, {name}."})
        missing = await rest.post("/v1/calls", {**body, "voicemail_message": "Call us before {when}."})
        order = await store.orders.load(taken.json["id"])
    assert order is not None
    assert (order.machine, order.voicemail) == ("voicemail", "Call us, {name}.")
    assert (taken.json["answered_by"], taken.json["outcome"]) == ("", "")
    assert list(missing.misfits) == ["variables.when"]


@pytest.mark.parametrize(
    "body", [{"machine_detection": "voicemail"}, {"machine_detection": "hang_up", "voicemail_message": "Call us."}]
)
async def test_a_message_without_words_or_without_a_machine_is_refused(body):
    async with ordering() as (rest, store):
        refused = await rest.post("/v1/calls", {"to": TO, **body})
        assert (await store.orders.page()).orders == ()
    assert refused.status == 422
    assert list(refused.misfits) == ["voicemail_message"]
    assert "expected" in refused.misfits["voicemail_message"]


async def test_without_any_number_to_show_one_must_be_given():
    async with ordering(caller_id="") as (rest, _):
        refused = await rest.post("/v1/calls", {"to": TO})
        taken = await rest.post("/v1/calls", {"to": TO, "from": "+15005550007"})
    assert list(refused.misfits) == ["from"]
    assert taken.status == 201


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 60_000])
async def test_what_is_no_json(raw):
    async with ordering() as (rest, _):
        answer = await rest.post("/v1/calls", raw=raw)
    assert answer.status == 400
    assert answer.problem["type"].endswith(":malformed-json")


async def test_a_body_that_is_too_large():
    async with ordering() as (rest, _):
        answer = await rest.post("/v1/calls", {"to": TO, "metadata": {"x": "y" * 70_000}})
    assert answer.status == 413
    assert answer.problem


async def test_a_form_is_not_taken():
    async with ordering() as (rest, store):
        headers = KEY | {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await rest.post("/v1/calls", raw=b"to=%2B15005550100", headers=headers)
        assert (await store.orders.page()).orders == ()
    assert answer.status == 415


# -- once, however often it is asked for -------------------------------------------------------------


def keyed(key, headers=KEY):
    return dict(headers) | {"Idempotency-Key": key}


async def test_the_same_wish_with_the_same_key_is_one_call():
    async with ordering() as (rest, store):
        wishes = [rest.post("/v1/calls", {"to": TO, "ring_timeout": 30}, headers=keyed("k1")) for _ in range(5)]
        answers = await asyncio.gather(*wishes)
        spelled_otherwise = await rest.post("/v1/calls", raw=b'{"to":"+15005550100"}', headers=keyed("k1"))
        orders = (await store.orders.page()).orders
    assert [answer.status for answer in (*answers, spelled_otherwise)] == [201] * 6
    assert len({answer.text for answer in (*answers, spelled_otherwise)}) == 1
    assert len(orders) == 1


async def test_a_wish_is_the_same_however_it_is_written():
    hour = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    made = {
        "to": TO,
        "from": "+15005550006",
        "variables": {"name": "Ana", "what": "the dentist"},
        "metadata": {"a": "1", "b": "2"},
        "not_before": hour.isoformat(),
        "not_after": (hour + timedelta(hours=1)).isoformat(),
    }
    berlin = timezone(timedelta(hours=1))
    otherwise: list[dict[str, Any]] = [
        {"to": "+1 (500) 555-0100"},
        {"from": "+1.500.555.0006"},
        {"variables": {"what": "the dentist", "name": "Ana"}},
        {"metadata": {"b": "2", "a": "1"}},
        {"not_before": hour.astimezone(berlin).isoformat()},
        {"not_before": hour.isoformat().replace("+00:00", ".000Z")},
        {"not_after": (hour + timedelta(hours=1)).astimezone(berlin).isoformat()},
        {"max_duration": 3600, "machine_detection": "ignore", "agent": None},
        {"agent": "reminder"},
    ]
    async with ordering(reminder()) as (rest, store):
        first = await rest.post("/v1/calls", made, headers=keyed("k1"))
        again = [await rest.post("/v1/calls", made | each, headers=keyed("k1")) for each in otherwise]
        assert len((await store.orders.page()).orders) == 1
        del made["from"]
        without = await rest.post("/v1/calls", made, headers=keyed("k1"))
    assert [answer.status for answer in (first, *again, without)] == [201] * (len(otherwise) + 2)
    assert {answer.json["id"] for answer in (*again, without)} == {first.json["id"]}


@pytest.mark.parametrize(
    "other",
    [
        {"from": "+15005550007"},
        {"variables": {"name": "the dentist", "what": "Ana"}},
        {"variables": {"name": "Ana", "what": "the dentist "}},
        {"metadata": {"name": "Ana"}},
        {"ring_timeout": 31},
        {"max_duration": 60},
        {"not_before": later(hours=1)},
        {"not_after": later(hours=1)},
        {"machine_detection": "hang_up"},
    ],
)
async def test_a_wish_that_differs_in_one_thing_is_another(other):
    made: dict[str, Any] = {"to": TO, "variables": {"name": "Ana", "what": "the dentist"}}
    async with ordering(reminder()) as (rest, _):
        await rest.post("/v1/calls", made, headers=keyed("k1"))
        answer = await rest.post("/v1/calls", made | other, headers=keyed("k1"))
    assert (answer.status, answer.problem["type"].rpartition(":")[2]) == (409, "key-reused")


async def test_another_wish_with_the_same_key_is_refused():
    async with ordering() as (rest, store):
        await rest.post("/v1/calls", {"to": TO}, headers=keyed("k1"))
        answer = await rest.post("/v1/calls", {"to": "+15005550101"}, headers=keyed("k1"))
        assert len((await store.orders.page()).orders) == 1
    assert answer.status == 409
    assert answer.problem["type"].endswith(":key-reused")


async def test_without_a_key_and_with_others_each_wish_is_a_call():
    async with ordering() as (rest, store):
        for headers in (KEY, KEY, keyed("k1"), keyed("k2"), keyed("k1", OTHER_KEY)):
            assert (await rest.post("/v1/calls", {"to": TO}, headers=headers)).status == 201
        assert len((await store.orders.page()).orders) == 5


@pytest.mark.parametrize("key", ["", "x" * 256, "\u00e4"])
async def test_a_key_that_is_none(key):
    async with ordering() as (rest, _):
        answer = await rest.post("/v1/calls", {"to": TO}, headers=keyed(key))
    assert list(answer.misfits) == ["Idempotency-Key"]


# -- what was asked for ------------------------------------------------------------------------------


async def test_pages_show_each_call_once_the_newest_first():
    async with ordering() as (rest, _):
        placed = [(await rest.post("/v1/calls", {"to": TO})).json["id"] for _ in range(5)]
        seen: list[str] = []
        query = "limit=2"
        while True:
            page = (await rest.get(f"/v1/calls?{query}")).json
            seen += [call["id"] for call in page["items"]]
            assert len(page["items"]) <= 2
            if page["next_cursor"] is None:
                break
            query = f"limit=2&cursor={page['next_cursor']}"
    assert seen == placed[::-1]


async def test_a_filter_finds_what_lies_pages_behind():
    async with ordering(builtin_agent(), reminder()) as (rest, _):
        variables = {"name": "Ana", "what": "it"}
        wanted = await rest.post("/v1/calls", {"to": TO, "agent": "reminder", "variables": variables})
        for _ in range(7):
            await rest.post("/v1/calls", {"to": TO})
        page = (await rest.get("/v1/calls?limit=2&agent=reminder")).json
        canceled = (await rest.get("/v1/calls?status=canceled")).json
    assert [call["id"] for call in page["items"]] == [wanted.json["id"]]
    assert page["next_cursor"] is None
    assert canceled["items"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=many", "cursor=guessed", "lmit=5"])
async def test_a_query_that_cannot_be_meant(query):
    async with ordering() as (rest, _):
        answer = await rest.get(f"/v1/calls?{query}")
    assert list(answer.misfits) == [query.partition("=")[0]]


async def test_a_call_is_found_by_either_id_with_the_conversation_that_came_of_it():
    async with ordering() as (rest, store):
        order = (await rest.post("/v1/calls", {"to": TO})).json["id"]
        call = "CA" + "1" * 32
        await store.orders.change(order, status="in-progress", call=call)
        record = CallRecord(call, "front-desk", "outbound", Private(TO), Private(TO), ended_reason="agent")
        await store.create_call(record)
        by_ours, by_theirs = await rest.get(f"/v1/calls/{order}"), await rest.get(f"/v1/calls/{call}")
        transcript = await rest.get(f"/v1/calls/{order}/transcript")
    assert by_ours.json == by_theirs.json
    assert (by_ours.json["id"], by_ours.json["carrier_id"]) == (order, call)
    assert by_ours.json["ended_reason"] == "agent"
    assert transcript.json == {"call": order, "status": "in-progress", "turns": []}


# -- cancelling --------------------------------------------------------------------------------------


async def test_what_was_not_dialled_can_be_canceled_twice():
    async with ordering() as (rest, _):
        order = (await rest.post("/v1/calls", {"to": TO, "not_before": later(hours=1)})).json["id"]
        first = await rest.post(f"/v1/calls/{order}/cancel")
        second = await rest.post(f"/v1/calls/{order}/cancel")
    assert (first.status, second.status) == (200, 200)
    assert first.json["status"] == "canceled"
    assert first.json == second.json


async def test_what_rings_is_canceled_when_the_carrier_says_so():
    async with ordering() as (rest, store):
        order = (await rest.post("/v1/calls", {"to": TO})).json["id"]
        await store.orders.change(order, status="ringing")
        answer = await rest.post(f"/v1/calls/{order}/cancel")
    assert (answer.status, answer.json["status"]) == (202, "ringing")


@pytest.mark.parametrize("status", ["in-progress", "completed", "busy", "failed"])
async def test_what_was_answered_or_is_over_cannot_be_canceled(status):
    async with ordering() as (rest, store):
        order = (await rest.post("/v1/calls", {"to": TO})).json["id"]
        await store.orders.change(order, status=status)
        answer = await rest.post(f"/v1/calls/{order}/cancel")
    assert answer.status == 409
    assert status in answer.problem["detail"]


async def test_what_was_never_asked_for_cannot_be_canceled():
    async with ordering() as (rest, _):
        answer = await rest.post("/v1/calls/PC0/cancel")
    assert answer.status == 404
    assert answer.problem["type"].endswith(":unknown-call")
