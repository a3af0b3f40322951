"""Whom a count without a key is of."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from phoneagent.web.strangers import address


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_one_customer_is_one_address_and_what_proxies_say_is_not_asked(host, counted):
    headers = [(b"x-forwarded-for", b"198.51.100.1")]
    assert address(HTTPConnection({"type": "http", "client": (host, 1), "headers": headers})) == counted


def test_who_comes_through_a_unix_socket_has_none():
    assert address(HTTPConnection({"type": "http", "client": None, "headers": []})) == ""
