"""What is read of a request's body, and how it is said what is wrong with it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from starlette.requests import Request

from phoneagent.web.api.bodies import MOST_MISFITS, Body, bounded, parse, query, read
from phoneagent.web.api.problems import Problem
from phoneagent.web.doors import BODY


class Order(Body):
    to: str = Field(min_length=1, description="a phone number")
    ring_timeout: int = Field(30, ge=5, le=60, description="seconds from 5 to 60")
    variables: dict[str, str] = Field(default_factory=dict, description="an object of texts")


def said(body: bytes) -> tuple[int, dict[str, str]]:
    with pytest.raises(Problem) as problem:
        parse(body, Order)
    return problem.value.status_code, {error.field: error.detail for error in problem.value.errors}


CASES = {
    b"{}": {"to": "missing; expected a phone number"},
    b'{"to": 5}': {"to": "expected a phone number; got 5"},
    b'{"to": ""}': {"to": "expected a phone number; got a text of 0 characters"},
    b'{"to": "+1", "ring_timeout": 900}': {"ring_timeout": "expected seconds from 5 to 60; got 900"},
    b'{"to": "+1", "ring_timout": 9}': {"ring_timout": "unknown field; did you mean 'ring_timeout'?"},
    b'{"to": "+1", "surprise": 9}': {"surprise": "unknown field; expected one of to, ring_timeout, variables"},
    b'{"to": "+1", "variables": {"name": null}}': {"variables.name": "expected an object of texts; got null"},
    b'{"to": [], "ring_timeout": {}}': {
        "to": "expected a phone number; got a list of 0",
        "ring_timeout": "expected seconds from 5 to 60; got an object of 0",
    },
    b"[]": {"": "expected a JSON object, got a list of 0"},
    b'"+15005550100"': {"": "expected a JSON object, got a text of 12 characters"},
}


@pytest.mark.parametrize("body", CASES)
def test_each_field_is_told_what_was_expected(body):
    assert said(body) == (422, CASES[body])


@pytest.mark.parametrize(
    "body", [b"", b"{", b"hello", b'{"to": "+1"} x', b'{"to": "\xff"}', b'{"to": "\\ud800"}', b"[" * 5000, b"\x00"]
)
def test_what_is_no_json_is_not_a_matter_of_fields(body):
    status, fields = said(body)
    assert (status, fields) == (400, {})


def test_a_text_in_the_wrong_place_is_not_repeated():
    with pytest.raises(Problem) as problem:
        parse(b'{"to": "+1", "ring_timeout": "sk-a-secret"}', Order)
    assert "sk-a-secret" not in problem.value.detail


@given(
    st.binary(max_size=200) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(repr).map(str.encode)
)
def test_whatever_comes_it_is_read_or_it_is_a_problem(body):
    assert outcome(body) in ("read", 400, 422)


def outcome(body: bytes) -> str | int:
    try:
        parse(body, Order)
    except Problem as problem:
        return problem.status_code
    return "read"


def request(*pieces: bytes, media_type: str = "application/json", query: str = "") -> Request:
    waiting = [*pieces]

    async def receive():
        piece = waiting.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    headers = [(b"content-type", media_type.encode())] if media_type else []
    return Request({"type": "http", "headers": headers, "query_string": query.encode()}, receive)


async def test_a_body_in_pieces_is_read_as_one():
    assert (await read(request(b'{"t', b'o": "', b'+1"}'), Order)).to == "+1"


async def test_a_body_that_never_ends_is_not_read_to_its_end():
    pieces = [b"x" * 1024] * (BODY // 1024 + 10)
    endless = request(*pieces)
    with pytest.raises(Problem) as problem:
        await bounded(endless)
    assert problem.value.status_code == 413


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_what_a_page_could_send_from_a_browser_is_not_taken(media_type):
    with pytest.raises(Problem) as problem:
        await read(request(b'{"to": "+1"}', media_type=media_type), Order)
    assert problem.value.status_code == 415


async def test_a_media_type_may_have_parameters():
    assert (await read(request(b'{"to": "+1"}', media_type="Application/JSON; charset=utf-8"), Order)).to == "+1"


class Window(Body):
    limit: int = Field(20, ge=1, le=100, description="a number from 1 to 100")


def test_a_query_is_read_like_a_body():
    assert query(request(b"", query="limit=7"), Window).limit == 7
    for wrong, field in (("limit=0", "limit"), ("limit=x", "limit"), ("lmit=5", "lmit"), ("limit=1&limit=2", "limit")):
        with pytest.raises(Problem) as problem:
            query(request(b"", query=wrong), Window)
        assert [error.field for error in problem.value.errors] == [field]


def test_of_thousands_of_unknown_fields_few_are_looked_at_and_told():
    status, told = said(json.dumps({f"{number:05}" + "x" * 60: 1 for number in range(700)}).encode())
    assert (status, len(told)) == (422, MOST_MISFITS)
    status, told = said(b'{"' + b"r" * 60_000 + b'": 1}')
    assert list(told) == ["to", "r" * 40] or list(told) == ["r" * 40, "to"]


def test_more_mistakes_than_anybody_reads_are_counted_and_not_listed():
    status, told = said(json.dumps({f"{number:05}": 1 for number in range(5000)}).encode())
    assert (status, told) == (
        422,
        {"": "expected an object with to, ring_timeout, variables; got 5001 mistakes, which are too many to name"},
    )
