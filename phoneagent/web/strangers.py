"""How often somebody who is not the carrier is told so: a bucket for each address, of refusals only.

Who is refused too often gets 429 and no connection to go on with. The carrier never meets this, even where a proxy
makes one address of all: a request with a right signature is no refusal, whatever came before it.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import NamedTuple

from starlette.requests import HTTPConnection

BURST = 20  # refusals at once: an operator who tries things out
PER_SECOND = 1.0  # and from then on
SUBNET = 64  # bits of an IPv6 address that one customer of a provider has at least
MOST_ADDRESSES = 1_000  # that are remembered; of more the one refused longest ago is forgotten


class _Bucket(NamedTuple):
    left: float
    at: float


class Strangers:
    """Counts them."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def refuse(self, address: str, now: float) -> float:
        """One more from there was refused. 0, or after how many seconds another may be."""
        left, at = self._buckets.pop(address, _Bucket(BURST, now))
        left = min(BURST, left + (now - at) * PER_SECOND)
        self._buckets[address] = _Bucket(max(0.0, left - 1.0), now)
        if len(self._buckets) > MOST_ADDRESSES:
            self._buckets.popitem(last=False)
        return 0.0 if left >= 1.0 else (1.0 - left) / PER_SECOND


def address(connection: HTTPConnection) -> str:
    """Of who has no key. What proxies say of it is not asked: anybody can say it."""
    host = connection.client.host if connection.client else ""
    try:
        known = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(known if known.version == 4 else ipaddress.ip_network((known, SUBNET), strict=False))
