"""Requests go to a host that answers, whatever the environment says of regions and edges."""

from __future__ import annotations

import itertools

import pytest
from twilio.rest import Client

from phoneagent.simulator.api_hosts import RETIRED_HOSTS
from phoneagent.telephony.twilio.control import TwilioControl
from phoneagent.telephony.twilio.regions import FORMER_REGIONS, REGIONS, api_place


def host(region, edge):
    place = api_place(region, edge)
    return Client("AC1", "token", region=place.region, edge=place.edge).get_hostname("https://api.twilio.com")


@pytest.mark.parametrize(
    ("region", "edge", "url"),
    [
        ("", "", "https://api.twilio.com"),
        ("ie1", "", "https://api.dublin.ie1.twilio.com"),
        ("IE1", "", "https://api.dublin.ie1.twilio.com"),
        ("au1", "", "https://api.sydney.au1.twilio.com"),
        ("us1", "", "https://api.ashburn.us1.twilio.com"),
        ("ie1", "frankfurt", "https://api.frankfurt.ie1.twilio.com"),
        ("", "umatilla", "https://api.umatilla.us1.twilio.com"),
        ("de1", "", "https://api.twilio.com"),
        ("gll", "", "https://api.twilio.com"),
    ],
)
def test_where_the_interface_is(region, edge, url):
    assert host(region, edge) == url


def test_no_setting_leads_to_a_host_that_was_retired():
    regions, edges = [*REGIONS, *FORMER_REGIONS, ""], [*REGIONS.values(), *FORMER_REGIONS.values(), ""]
    for region, edge in itertools.product(regions, edges):
        assert host(region, edge).removeprefix("https://") not in RETIRED_HOSTS


def test_a_region_that_nobody_knows_needs_its_edge():
    with pytest.raises(ValueError, match="xx9"):
        api_place("xx9", "")
    assert api_place("xx9", "yonder")[:2] == ("xx9", "yonder")


async def test_the_environment_alone_decides_nothing(monkeypatch):
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    for place, url in (
        ({}, "https://api.twilio.com"),
        ({"region": "ie1", "edge": "dublin"}, "https://api.dublin.ie1.twilio.com"),
    ):
        control = TwilioControl("AC1", "AC1", "token", **place)
        client = control._account()._version.domain.twilio
        assert client.get_hostname("https://api.twilio.com") == url
        await control.aclose()
