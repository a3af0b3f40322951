"""Which addresses everybody can reach: the same on every Python, whose own tables are as old as it is.

From IANA's registries of special-purpose addresses, as of 2025-10. What these call globally reachable but is nobody's
server (relays, sinks of reverse look-ups) is refused too. Dates are those of the allocations.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

SPECIAL_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # "this network", RFC 791, 1981
        "10.0.0.0/8",  # private, RFC 1918, 1996
        "100.64.0.0/10",  # shared by a carrier's customers, RFC 6598, 2012
        "127.0.0.0/8",  # loopback, RFC 1122, 1989
        "169.254.0.0/16",  # link-local, and clouds' metadata, RFC 3927, 2005
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols, RFC 6890, 2010; one cloud's metadata are at 192.0.0.192
        "192.0.2.0/24",  # documentation, RFC 5737, 2010
        "192.31.196.0/24",  # AS112, RFC 7535, 2014
        "192.52.193.0/24",  # AMT relays, RFC 7450, 2014
        "192.88.99.0/24",  # 6to4 relays, RFC 7526, 2001 to 2015
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112, RFC 7534, 1996
        "198.18.0.0/15",  # benchmarks, RFC 2544, 1999
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast, RFC 5771
        "240.0.0.0/4",  # reserved, RFC 1112, 1989; its last one is the broadcast
    )
)

GLOBAL_V6 = IPv6Network("2000::/3")
"""All that is given out for unicast (IANA, "Internet Protocol Version 6 Address Space")."""

SPECIAL_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocols, RFC 2928, 2000; Teredo too
        "2001:db8::/32",  # documentation, RFC 3849, 2004
        "2620:4f:8000::/48",  # AS112, RFC 7534, 2011
        "3fff::/20",  # documentation, RFC 9637, 2024
    )
)

MAPPED = IPv6Network("::ffff:0:0/96")
NAT64 = IPv6Network("64:ff9b::/96")
"""Both have an IPv4 address in their last 32 bits, where packets arrive (RFC 4291, RFC 6052). A network's own prefix
for that (RFC 8215) is not public.
"""


def is_public(address: Address) -> bool:
    """Whether everybody can reach it: not private, loopback, link-local, multicast, reserved, nor a way around that."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in SPECIAL_V4)
    if address in MAPPED or address in NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if (hidden := address.sixtofour) is not None and not is_public(hidden):
        return False
    return address in GLOBAL_V6 and not any(address in network for network in SPECIAL_V6)
