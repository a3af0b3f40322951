"""Business hours, by the clock on the wall of those who keep them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from phoneagent.agent_file import parse_agent
from phoneagent.call.business_hours import closed_now, is_open
from phoneagent.call.equipped import greeting

DESK = """
name = "desk"
greeting = "Good day."
[hours.office]
timezone = "Europe/Berlin"
open = ["mon-fri 09:00-12:00", "mon-fri 13:00-17:30", "sat 20:00-02:00"]
closed = ["12-25", "2026-05-14"]
[closed]
hours = "office"
greeting = "We are closed."
"""
AGENT = parse_agent(DESK, "desk.toml")


def at(text, zone="Europe/Berlin"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("when", "there"),
    [
        ("2026-03-02 08:59", False),  # a Monday
        ("2026-03-02 09:00", True),
        ("2026-03-02 12:00", False),
        ("2026-03-06 17:29:59", True),
        ("2026-03-06 17:30", False),
        ("2026-03-07 10:00", False),
        ("2026-03-07 23:59", True),
        ("2026-03-08 01:59", True),  # of the night before
        ("2026-03-08 02:00", False),
        ("2026-03-02 01:00", False),  # Sunday's night is none
        ("2026-05-14 10:00", False),  # a holiday, once
        ("2027-05-14 10:00", True),
        ("2026-12-25 10:00", False),  # and one of every year
        ("2028-12-25 10:00", False),
    ],
)
def test_when_somebody_is_there(when, there):
    assert is_open(AGENT.hours["office"], at(when)) is there


def test_the_clock_is_that_of_the_place_in_summer_and_winter():
    assert is_open(AGENT.hours["office"], at("2026-03-02 08:00", "UTC"))
    assert not is_open(AGENT.hours["office"], at("2026-07-06 06:59", "UTC"))
    assert is_open(AGENT.hours["office"], at("2026-07-06 07:00", "UTC"))


def test_the_greeting_is_another_when_nobody_is_there():
    assert greeting(AGENT, at("2026-03-02 10:00")) == "Good day."
    assert greeting(AGENT, at("2026-03-02 18:00")) == "We are closed."
    assert closed_now(AGENT.hours, at("2026-03-02 18:00")) == {"office"}
