"""Lines that anybody can cause: few of each kind, none of them long, and a count of the others."""

from __future__ import annotations

import asyncio
import io
import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.telemetry import logs
from phoneagent.telemetry.few import LINES, LONGEST, MOST_KINDS, WINDOW
from phoneagent.telemetry.presentable import presentable

from .test_logs import _leave_logging_as_it_was  # noqa: F401 - a fixture

log = structlog.get_logger()


@pytest.fixture
def written():
    """What was logged so far, decoded."""
    stream = io.StringIO()
    logs.configure(json=True, stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


async def test_of_many_lines_about_strangers_few_pass_and_the_others_are_counted(written):
    for number in range(1_000):
        log.warning("webhook_refused", number=number, stranger=True)
    assert [line["number"] for line in written()] == list(range(LINES))
    assert "stranger" not in written()[0]
    await asyncio.sleep(WINDOW + 1)
    told = written()[-1]
    assert (told["event"], told["kind"], told["count"]) == ("lines_left_out", "webhook_refused", 1_000 - LINES)
    log.warning("webhook_refused", number=-1, stranger=True)
    assert written()[-1]["number"] == -1, "a new window has begun"
    assert len(written()) == LINES + 2


async def test_kinds_do_not_take_each_others_lines_and_ours_are_never_left_out(written):
    for _ in range(2 * LINES):
        log.warning("webhook_refused", stranger=True)
        log.warning("api_refused", stranger=True)
        log.info("turn_ended")
    kinds = [line["event"] for line in written()]
    assert (kinds.count("webhook_refused"), kinds.count("api_refused"), kinds.count("turn_ended")) == (
        LINES,
        LINES,
        2 * LINES,
    )


async def test_what_uvicorn_complains_of_is_about_strangers(written):
    for _ in range(100):
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    assert len(written()) == LINES


async def test_kinds_that_somebody_invents_are_bounded(written):
    for number in range(10 * MOST_KINDS):
        logging.getLogger("uvicorn.error").warning(f"Invalid {number}")  # noqa: G004 - as somebody may do it
    assert len(written()) == MOST_KINDS + LINES


def test_a_path_of_strangers_is_cut_and_steers_no_terminal(written):
    log.warning("api_refused", path="/\x1b[2J\r\n\u202e" + "x" * 100_000, stranger=True)
    [line] = written()
    assert line["path"].startswith("/\\x1b[2J\\r\\n\\u202exxx")
    assert line["path"].endswith("… (100008 characters)")
    assert len(line["path"]) < LONGEST + 30


@pytest.mark.parametrize("json", [True, False])
def test_no_text_breaks_a_line_or_makes_it_long(json):
    stream = io.StringIO()
    logs.configure(json=json, stream=stream)
    log.info("call_status", status="\n\x1b[31m\x85" * 1_000, inner={"deep": ["\x07" * 5_000]})
    logging.getLogger("redis").warning("away\r\n%s", "x" * 100_000)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() and len(line) < 4_000 for line in lines)


@given(st.text(), st.integers(1, 300))
def test_what_is_presentable_is_one_short_line(text, longest):
    shown = presentable(text, longest)
    assert shown.isprintable()
    assert len(shown) <= longest + len("… ( characters)") + len(str(len(text)))
    if text.isprintable() and len(text) <= longest:
        assert shown == text
