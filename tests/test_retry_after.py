"""When others want to be asked again: whatever they write, the answer is a time that can be waited."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.retry_after import LONGEST_WAIT, retry_after

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 120 ", 120.0),
        ("007", 7.0),
        ("1.5", 1.5),  # OpenAI's
        (".5", 0.5),
        ("30, 60", 60.0),  # two proxies, joined as one field
        ("9" * 20, LONGEST_WAIT),
        ("9" * 5000, LONGEST_WAIT),
        ("0" * 90 + "3", 3.0),
        ("Mon, 30 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 30 Nov 2026 12:00:30 -0000", 30.0),
        ("Mon, 30 Nov 2026 11:59:00 GMT", 0.0),
        ("Monday, 30-Nov-26 12:00:30 GMT", 30.0),  # RFC 850's form, which RFC 9110 still wants read
        ("Mon Nov 30 12:00:30 2026", 30.0),  # asctime's
        ("Mon, 30 Nov 2026 14:00:30 +0200", 30.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Mon, 01 Jan 0001 00:00:00 +1400", 0.0),
    ],
)
def test_a_time_to_wait_is_read_and_bounded(header, seconds):
    assert retry_after(header, now=NOON.timestamp()) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "header",
    [
        None, "", " ", "soon", "-1", "+1", "-0.5", "nan", "inf", "-inf", "infinity", "1e3", "1e400", "0x10", "1_000",
        "²", "٣", "１２", "1,", ",", "1, soon", "1;2", "1 2", "1..", "\x00", "\ud83d",
        f"Fri, 31 Dec {'9' * 20} 23:59:59 GMT", f"Fri, 31 Dec {'9' * 5000} 23:59:59 GMT",
        "Fri, 31 Dec 10000 23:59:59 GMT", "Fri, 99 Dec 2026 23:59:59 GMT", "Fri, 31 Dec ² 23:59:59 GMT",
        f"Fri, 31 Dec 2026 {'9' * 30}:59:59 GMT", f"Fri, 31 Dec 2026 23:59:59 +{'9' * 30}",
        "Fri, 31 Dec 2026", "Fri", "Dec", ":", "0 0 0 0", "a" * 100_000, "," * 100_000, "1," * 100_000,
    ],
)  # fmt: skip
def test_what_says_no_time_is_as_if_it_were_not_there(header):
    assert retry_after(header, now=NOON.timestamp()) is None


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,30} [A-Z][a-z]{2} \d{1,30} \d+:\d+:\d+ ?([+-]?\d+|[A-Z]*)"))
def test_nothing_that_anybody_writes_is_an_error(header):
    seconds = retry_after(header, now=NOON.timestamp())
    assert seconds is None or (math.isfinite(seconds) and 0 <= seconds <= LONGEST_WAIT)


FIRST = datetime(1970, 1, 1)  # noqa: DTZ001  # the zone is drawn beside it


@given(st.datetimes(FIRST, timezones=st.sampled_from([UTC, timezone(timedelta(hours=9))])))
def test_every_date_that_is_written_properly_is_read(at):
    seconds = retry_after(format_datetime(at), now=NOON.timestamp())
    wanted = (at.replace(microsecond=0) - NOON).total_seconds()
    assert seconds == pytest.approx(min(max(wanted, 0.0), LONGEST_WAIT))


@given(st.integers(min_value=0))
def test_every_whole_number_is_read(seconds):
    assert retry_after(str(seconds), now=NOON.timestamp()) == min(float(seconds), LONGEST_WAIT)
