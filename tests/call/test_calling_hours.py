"""When people may be called, by the clock on their own wall."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.agent_file import parse_agent
from phoneagent.call.business_hours import HORIZON, all_open, calling_hours, is_open
from phoneagent.call.calling_rules import AT_ANY_TIME, CallingRules
from phoneagent.call.phone_numbers import NumberRules, time_zones
from phoneagent.errors import OrderRefused, SettingsError
from phoneagent.private import Private
from phoneagent.records import BusinessHours, CallingHours, Order
from phoneagent.store.memory import MemoryStore

DAILY = calling_hours("mon-sun 08:00-21:00")
NEW_YORK, LOS_ANGELES, TOLL_FREE = "+12125550123", "+12135550123", "+18005550123"
BERLIN, RUSSIAN_MOBILE, AUSTRALIAN_MOBILE = "+4930123456", "+79161234567", "+61412345678"


def at(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def when(stamp, zone="UTC"):
    return f"{datetime.fromtimestamp(stamp, ZoneInfo(zone)):%a %Y-%m-%d %H:%M %Z}"


def opens(number, moment, hours=DAILY, *, of_the_order=None):
    order = Order("PC1", Private(number), Private("+15005550006"), "a", created=moment, hours=of_the_order)
    return CallingRules(NumberRules(), MemoryStore().do_not_call, hours=hours).opens(order, moment)


@pytest.mark.parametrize(
    ("number", "now", "first"),
    [
        (NEW_YORK, "2026-11-23 12:59", "Mon 2026-11-23 13:00 UTC"),  # 7:59 there
        (NEW_YORK, "2026-11-23 13:00", "Mon 2026-11-23 13:00 UTC"),
        (NEW_YORK, "2026-11-24 01:59", "Tue 2026-11-24 01:59 UTC"),  # 20:59 there
        (NEW_YORK, "2026-11-24 02:00", "Tue 2026-11-24 13:00 UTC"),
        (LOS_ANGELES, "2026-11-23 13:00", "Mon 2026-11-23 16:00 UTC"),
        (BERLIN, "2026-11-23 06:59", "Mon 2026-11-23 07:00 UTC"),
        (BERLIN, "2026-11-23 20:00", "Tue 2026-11-24 07:00 UTC"),
        # all zones of the number, from Kaliningrad to Kamchatka, from the Cocos Islands to Lord Howe Island
        (RUSSIAN_MOBILE, "2026-11-23 10:00", "Tue 2026-11-24 06:00 UTC"),
        (RUSSIAN_MOBILE, "2026-11-23 07:00", "Mon 2026-11-23 07:00 UTC"),
        (AUSTRALIAN_MOBILE, "2026-11-22 22:00", "Mon 2026-11-23 01:30 UTC"),
        (AUSTRALIAN_MOBILE, "2026-11-23 10:00", "Tue 2026-11-24 01:30 UTC"),
    ],
)
def test_by_the_clocks_of_the_number(number, now, first):
    assert when(opens(number, at(now))) == first


@pytest.mark.parametrize(
    ("hours", "now", "first"),
    [
        ("mon-fri 09:00-18:00", "2026-11-27 18:00", "Mon 2026-11-30 09:00 EST"),  # a Friday
        ("mon-fri 09:00-18:00, sat 10:00-14:00", "2026-11-27 18:00", "Sat 2026-11-28 10:00 EST"),
        ("mon-sat 08:00-21:00", "2026-11-29 12:00", "Mon 2026-11-30 08:00 EST"),  # a Sunday
        ("mon-fri 09:00-12:00, mon-fri 14:00-18:00", "2026-11-23 12:30", "Mon 2026-11-23 14:00 EST"),
        ("sat 20:00-02:00", "2026-11-29 01:00", "Sun 2026-11-29 01:00 EST"),
        # the clocks go back on 1 November and forward on 8 March
        ("mon-sun 08:00-21:00", "2026-10-31 22:00", "Sun 2026-11-01 08:00 EST"),
        ("mon-sun 08:00-21:00", "2027-03-13 22:00", "Sun 2027-03-14 08:00 EDT"),
    ],
)
def test_weekdays_and_summer_time(hours, now, first):
    zone = "America/New_York"
    assert when(opens(NEW_YORK, at(now, zone), calling_hours(hours)), zone) == first


def test_days_that_are_closed():
    hours = calling_hours("mon-sun 08:00-21:00", closed=["12-25", "2026-12-26"])
    assert when(opens(BERLIN, at("2026-12-24 21:00", "Europe/Berlin"), hours), "Europe/Berlin") == (
        "Sun 2026-12-27 08:00 CET"
    )


def test_an_order_goes_by_hours_and_a_zone_of_its_own():
    night = at("2026-11-23 03:00", "America/New_York")
    assert opens(NEW_YORK, night, of_the_order=AT_ANY_TIME) == night
    there = opens(NEW_YORK, night, of_the_order=CallingHours(DAILY.open, timezone="Asia/Tokyo"))
    assert there == night, "it is five in the afternoon there"


def test_a_number_of_no_place_needs_a_zone():
    with pytest.raises(OrderRefused, match="time zone") as refused:
        opens("+80012345678", at("2026-11-23 12:00"))
    assert refused.value.field == "timezone"
    assert opens("+80012345678", at("2026-11-23 12:00"), AT_ANY_TIME) == at("2026-11-23 12:00")


def test_hours_that_never_come_together_are_refused():
    with pytest.raises(OrderRefused, match="zones") as refused:
        opens(RUSSIAN_MOBILE, at("2026-11-23 12:00"), calling_hours("mon-fri 09:00-10:00"))
    assert refused.value.field == "calling_hours"


@pytest.mark.parametrize("number", [NEW_YORK, TOLL_FREE, RUSSIAN_MOBILE, AUSTRALIAN_MOBILE, "+447400123456"])
@given(hour=st.integers(0, 24 * 400))
def test_the_first_time_is_within_the_hours_of_all_zones_and_none_is_earlier(number, hour):
    now = at("2026-01-01 00:00") + hour * 3600
    zones = time_zones(number)
    first = all_open(DAILY, zones, now)
    assert first is not None
    assert now <= first < now + HORIZON * 24 * 3600
    everywhere = [BusinessHours(zone, DAILY.open) for zone in zones]
    assert all(is_open(each, first) for each in everywhere)
    for earlier in range(int(now), int(first), 900):
        assert not all(is_open(each, earlier) for each in everywhere)


FILE = """
name = "a"
[calling_hours]
"""


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ('open = "any"', AT_ANY_TIME),
        ('open = ["mon-fri 09:00-17:00"]', calling_hours("mon-fri 09:00-17:00")),
        (
            'open = ["mon-fri 09:00-12:00", "sat 10:00-11:00"]\nclosed = ["12-25"]\ntimezone = "Europe/Berlin"',
            calling_hours("mon-fri 09:00-12:00,sat 10:00-11:00", closed=["12-25"], timezone="Europe/Berlin"),
        ),
    ],
)
def test_in_an_agent_file(table, expected):
    assert parse_agent(FILE + table, "a.toml").calling_hours == expected


@pytest.mark.parametrize(
    "table", ["", "open = []", 'open = "daily"', 'open = ["8-21"]', 'open = "any"\ntimezone = "CET5"']
)
def test_in_an_agent_file_that_is_wrong(table):
    with pytest.raises(SettingsError, match="calling_hours"):
        parse_agent(FILE + table, "a.toml")
