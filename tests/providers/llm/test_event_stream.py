"""Server-sent events as servers really write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.providers.llm.event_stream import EventStream

LINES = st.sampled_from(
    [
        b"data: {}",
        b"data:{}",
        b"data:  x",
        b"data",
        b"data:",
        b": keep-alive",
        b"event: delta",
        b"id: 7",
        b"retry: 9",
        b"",
    ]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


def read(*pieces: bytes, **limits: int) -> list[bytes]:
    stream = EventStream(**limits)
    return [event for piece in pieces for event in stream.feed(piece)] + stream.end()


def by_the_book(body: bytes) -> list[bytes]:
    """https://html.spec.whatwg.org/multipage/server-sent-events.html, 9.2.6; the last event need not be complete."""
    events: list[bytes] = []
    data: list[bytes] = []
    for line in [*re.split(rb"\r\n|\n|\r", body), b""]:
        if not line:
            events.append(b"\n".join(data))
            data = []
        else:
            name, _, value = line.partition(b":")
            if name == b"data":
                data.append(value.removeprefix(b" "))
    return [event for event in events if event]


@given(st.lists(st.tuples(LINES, ENDS), max_size=12), st.booleans(), st.data())
def test_wherever_a_stream_is_cut_its_events_are_the_same(lines, marked, data):
    body = b"\xef\xbb\xbf" * marked + b"".join(line + end for line, end in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert read(*pieces) == by_the_book(body.removeprefix(b"\xef\xbb\xbf"))


def test_events_that_are_there_come_out_at_once():
    stream = EventStream()
    assert stream.feed(b'data: {"a": 1}\n\ndata: {"b": 2}\n\n: still here\n\ndata: {"c"') == [b'{"a": 1}', b'{"b": 2}']
    assert stream.feed(b": 3}\n\n") == [b'{"c": 3}']


def test_an_event_may_have_several_lines():
    assert read(b"data: {\ndata: }\n\n") == [b"{\n}"]


def test_the_last_event_counts_without_an_empty_line():
    assert read(b"data: 1\n\ndata: 2") == [b"1", b"2"]


def test_a_document_is_one_event():
    assert read(b' \n{"choices":', b"\n\n []}") == [b'{"choices":\n\n []}']


def test_nothing_is_nothing():
    assert read() == read(b"", b"  \n") == read(b"\xef\xbb") == []


def test_a_page_for_people_is_no_answer():
    with pytest.raises(ValueError, match=r"an HTML page \(Sign in\), no event stream"):
        read(b"<!doctype html><html><head><title>Sign in</title>", b"</head></html>")


@pytest.mark.parametrize(
    "pieces",
    [
        [b"data: " + b"x" * 50] * 3,
        [b"data: " + b"x" * 40 + b"\n"] * 3,
        [b"x" * 50] * 3,
        [b"{" + b"x" * 50] * 3,
        [b" " * 50] * 3,
        [b"data: " + b"x" * 101 + b"\n\n"],
    ],
    ids=["line", "lines", "no field", "document", "blank", "whole"],
)
def test_an_event_without_end_is_cut_off(pieces):
    with pytest.raises(ValueError, match="longer than an answer"):
        read(*pieces, longest_event=100)


def test_so_is_a_body_without_end():
    with pytest.raises(ValueError, match="more than an answer"):
        read(*[b": keep-alive\n\n"] * 100, longest_body=1000)
