"""What holds for deliveries in every store."""

from __future__ import annotations

from .expiry import DELIVERED_TTL

REPEATED_WITHIN = 600.0  # seconds

MOST_WAITING = 10_000
"""For one webhook, about 1 kB each: what a receiver misses in an hour of a hundred calls. Past that no more are taken
for it, so that one that is gone for good does not fill Redis, where calls are."""

MOST_DEAD = 10_000
"""Of all webhooks; past that the one that died first goes."""


def known_for(kind: str) -> float:
    """Seconds for which it is known that a message of this type was delivered.

    How a call began and ended may be told by several processes, and by the carrier much later; anything else is only
    told twice by a process that was not answered.
    """
    return DELIVERED_TTL if kind.startswith("call.") else REPEATED_WITHIN


def own_lane(delivery: str) -> str:
    """The lane of one that nobody waits for; no call has such a name."""
    return f"!{delivery}"
