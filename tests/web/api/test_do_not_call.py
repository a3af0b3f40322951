"""The do-not-call list over REST, and what becomes of calls to who is on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from phoneagent.call.business_hours import calling_hours
from phoneagent.call.calling_rules import AT_ANY_TIME
from phoneagent.do_not_call import DoNotCall
from phoneagent.private import Private

from .client import KEY
from .ordering import ordering

ANA, BEN = "+15005550100", "+15005550101"
LIST = "/v1/do-not-call"


async def test_a_number_is_added_looked_up_and_removed_however_it_is_written():
    async with ordering() as (rest, _):
        unknown = await rest.post(f"{LIST}/lookup", {"number": ANA})
        added = await rest.post(LIST, {"number": "+1 (500) 555-0100"})
        again = await rest.post(LIST, {"number": ANA})
        found = await rest.post(f"{LIST}/lookup", {"number": "+1.500.555.0100"})
        removed = await rest.post(f"{LIST}/remove", {"number": ANA})
        gone = await rest.post(f"{LIST}/remove", {"number": ANA})
    assert (unknown.status, unknown.problem["type"].rpartition(":")[2]) == (404, "not-listed")
    assert added.json.keys() == {"number", "added_at", "source", "call"}
    assert (added.json["number"], added.json["source"]) == (ANA, "operator")
    assert added.json == again.json == found.json
    assert (removed.status, removed.text) == (204, "")
    assert gone.status == 404


async def test_a_list_comes_in_the_bad_lines_are_named_and_nothing_is_lost():
    async with ordering() as (rest, _):
        body = {"numbers": [ANA, "+1 500 555 0101", "15005550102", ANA, "+1500555O1O3", "nobody", "+15005550104"]}
        answer = await rest.post(f"{LIST}/import", body)
        pages, cursor = [], ""
        while True:
            page = (await rest.get(f"{LIST}?limit=2{cursor}")).json
            pages.append([entry["number"] for entry in page["items"]])
            if page["next_cursor"] is None:
                break
            assert "5550" not in page["next_cursor"]
            cursor = f"&cursor={page['next_cursor']}"
    assert (answer.status, answer.json["added"], answer.json["already"]) == (200, 3, 1)
    assert [each["field"] for each in answer.json["refused"]] == ["numbers.2", "numbers.4", "numbers.5"]
    assert [len(page) for page in pages] == [2, 1]
    assert {number for page in pages for number in page} == {ANA, BEN, "+15005550104"}


async def test_what_is_no_number_is_refused_by_its_field():
    async with ordering() as (rest, _):
        for path in ("", "/lookup", "/remove"):
            assert list((await rest.post(LIST + path, {"number": "+1500555O1OO"})).misfits) == ["number"]
            assert list((await rest.post(LIST + path, {})).misfits) == ["number"]
        assert list((await rest.post(f"{LIST}/import", {"numbers": []})).misfits) == ["numbers"]
        assert list((await rest.post(f"{LIST}/import", {"numbers": [ANA] * 1001})).misfits) == ["numbers"]
        assert list((await rest.get(f"{LIST}?cursor={ANA}")).misfits) == ["cursor"]


async def test_nobody_is_called_who_is_on_the_list():
    async with ordering() as (rest, store):
        key = KEY | {"Idempotency-Key": "k1"}
        before = await rest.post("/v1/calls", {"to": BEN}, headers=key)
        await rest.post(f"{LIST}/import", {"numbers": [ANA, BEN]})
        refused = await rest.post("/v1/calls", {"to": "+1 500 555 0100"})
        again = await rest.post("/v1/calls", {"to": BEN}, headers=key)
        assert len((await store.orders.page()).orders) == 1
        await rest.post(f"{LIST}/remove", {"number": ANA})
        taken = await rest.post("/v1/calls", {"to": ANA})
    assert (refused.status, refused.problem["type"].rpartition(":")[2]) == (409, "do-not-call")
    assert [error["field"] for error in refused.problem["errors"]] == ["to"]
    assert "5550100" not in refused.text
    assert again.json["id"] == before.json["id"], "what was taken before is known by its key"
    assert taken.status == 201


async def test_who_has_said_so_in_a_call_is_listed_with_it():
    async with ordering() as (rest, store):
        await store.do_not_call.add([DoNotCall(Private(ANA), 1_790_000_000.0, "callee", "CA1")])
        (entry,) = (await rest.get(LIST)).json["items"]
    assert entry == {"number": ANA, "added_at": "2026-09-21T14:13:20.000Z", "source": "callee", "call": "CA1"}


async def test_our_own_number_is_not_called():
    async with ordering() as (rest, _):
        shown = await rest.post("/v1/calls", {"to": "+15005550006"})
        chosen = await rest.post("/v1/calls", {"to": ANA, "from": ANA})
    assert [list(answer.misfits) for answer in (shown, chosen)] == [["to"], ["to"]]
    assert "our own" in shown.misfits["to"]


# -- hours -------------------------------------------------------------------------------------------


def closed_now(zone_ahead=0):
    """An hour of the day that is not now, for eleven hours to come."""
    there = datetime.now(UTC) + timedelta(hours=zone_ahead + 12)
    return f"mon-sun {there:%H}:00-{there:%H}:59"


async def test_a_call_at_night_waits_and_says_until_when():
    body = {"to": ANA, "timezone": "UTC", "calling_hours": closed_now()}
    async with ordering() as (rest, store):
        placed = await rest.post("/v1/calls", body)
        shown = (await rest.get(f"/v1/calls/{placed.json['id']}")).json
        at_once = await rest.post("/v1/calls", body | {"calling_hours": "any"})
        order = await store.orders.load(placed.json["id"])
        assert order is not None
        assert order.due == order.waits_until
    assert placed.status == 201
    waits = datetime.fromisoformat(shown["waits_until"])
    assert timedelta(hours=11) <= waits - datetime.now(UTC) <= timedelta(hours=12)
    assert waits.minute == 0
    assert at_once.json["waits_until"] is None


async def test_the_server_has_hours_and_an_order_only_a_zone():
    hours = calling_hours(closed_now(), timezone="UTC")
    async with ordering(hours=hours) as (rest, _):
        waiting = await rest.post("/v1/calls", {"to": ANA})
        elsewhere = await rest.post("/v1/calls", {"to": ANA, "timezone": "Etc/GMT-12"})
    assert waiting.json["waits_until"] is not None
    assert elsewhere.json["waits_until"] is None, "it is twelve hours later there"


async def test_a_call_that_must_come_before_its_hours_is_refused():
    hour = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    body = {"to": ANA, "timezone": "UTC", "calling_hours": closed_now(), "not_after": hour}
    async with ordering() as (rest, store):
        answer = await rest.post("/v1/calls", body)
        assert (await store.orders.page()).orders == ()
    assert list(answer.misfits) == ["not_after"]
    assert "callee's hours begin" in answer.misfits["not_after"]


async def test_of_a_list_of_other_things_the_first_is_told():
    async with ordering() as (rest, _):
        answer = await rest.post(f"{LIST}/import", {"numbers": [7] * 20_000})
    assert (answer.status, list(answer.misfits)) == (422, ["numbers.0", "numbers"])


async def test_hours_that_are_none():
    bad: list[tuple[dict[str, Any], str]] = [
        ({"calling_hours": ""}, "calling_hours"),
        ({"calling_hours": ["mon-fri 08:00-21:00"]}, "calling_hours"),
        ({"calling_hours": "daytime"}, "calling_hours"),
        ({"calling_hours": "8-21"}, "calling_hours"),
        ({"calling_hours": ",".join(["mon-sun 08:00-21:00"] * 20)}, "calling_hours"),
        ({"timezone": "Berlin"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": ""}, "timezone"),
    ]
    async with ordering() as (rest, _):
        for changes, field in bad:
            answer = await rest.post("/v1/calls", {"to": ANA, **changes})
            assert list(answer.misfits) == [field], changes
            assert "expected" in answer.misfits[field]


async def test_hours_are_part_of_what_is_meant():
    async with ordering(hours=AT_ANY_TIME) as (rest, _):
        key = KEY | {"Idempotency-Key": "k1"}
        await rest.post("/v1/calls", {"to": ANA}, headers=key)
        other = await rest.post("/v1/calls", {"to": ANA, "calling_hours": "mon-fri 08:00-21:00"}, headers=key)
    assert other.status == 409
