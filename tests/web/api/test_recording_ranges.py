"""Parts of a recording, asked for in every way that RFC 9110 allows, and in others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.web.api.problems import Problem
from phoneagent.web.api.recordings import _wanted

MANY = "9" * 5000


@pytest.mark.parametrize(
    ("ranges", "part"),
    [
        ("bytes=0-", (0, 100, 206)),
        ("bytes=10-19", (10, 20, 206)),
        ("bytes=-5", (95, 100, 206)),
        (f"bytes=0-{MANY}", (0, 100, 206)),
        (f"bytes=-{MANY}", (0, 100, 206)),
        (f"bytes={'0' * 5000}7-8", (7, 9, 206)),
        ("bytes=", (0, 100, 200)),
        ("bytes=-", (0, 100, 200)),
        ("bytes=0-1,5-6", (0, 100, 200)),
        ("bytes=٣-٤", (0, 100, 200)),
        ("bytes=²-", (0, 100, 200)),
        ("lines=0-1", (0, 100, 200)),
        ("", (0, 100, 200)),
    ],
)
def test_a_range_is_read(ranges, part):
    assert _wanted(ranges, 100) == part


@pytest.mark.parametrize("ranges", [f"bytes={MANY}-", f"bytes={MANY}-{MANY}", "bytes=100-", "bytes=20-10", "bytes=-0"])
def test_bytes_that_are_not_there_are_refused(ranges):
    with pytest.raises(Problem) as refused:
        _wanted(ranges, 100)
    assert refused.value.status_code == 416


@given(st.text() | st.from_regex(r"bytes=\d*-\d*"), st.integers(min_value=44, max_value=2**40))
def test_whatever_is_asked_for_lies_within_the_recording(ranges, total):
    try:
        start, end, _ = _wanted(ranges, total)
    except Problem:
        return
    assert 0 <= start < end <= total
