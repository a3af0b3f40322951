"""How long things are kept. The same in every store."""

from __future__ import annotations

import math
from dataclasses import dataclass

LIVE_TTL = 6 * 3600
"""Seconds that a call is kept after its last sign of life while it has no end; carriers end calls after 4 hours."""

ENDED_TTL = 24 * 3600
"""Seconds that a call is kept after its end, unless the operator says otherwise."""

VOICE_TTL = 7 * 24 * 3600
"""Seconds that a clip is kept after it was last used: a weekend, and then some."""

OPEN_ORDER_TTL = 7 * 24 * 3600
"""Seconds that an order is kept after its last change, or its planned time, while nobody has dialled it: whoever
comes back after a weekend without a server shall find it."""

KEY_TTL = 24 * 3600
"""Seconds for which an idempotency key is known, as with others; who asks again after that means another call."""

WAITING_TTL = 14 * 24 * 3600
"""Seconds that a message to an operator's system is kept after its last attempt, or without any. The schedule of
attempts takes three days, and a message may wait for others before it."""

DELIVERED_TTL = 24 * 3600
"""Seconds for which it is known that a message was delivered: so long the end of a call may be told once more."""

OVERDUE_TTL = 30 * 24 * 3600
"""Seconds for which it is known that a recording of the carrier is overdue: so long its interface may refuse us."""

PEOPLE_TTL = 400 * 24 * 3600
"""Seconds for which it is known who was in a call, by a hash, so that all of it can be found: longer than anything is
usually kept, a month more than a year."""


AUDIT_TTL = 365 * 24 * 3600
"""Seconds that it is known who has read and done what, unless the operator says otherwise."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds for which a store keeps what it is given, each at most `longest`. `ended`: what there is of a call, from
    its end.
    """

    ended: float = ENDED_TTL
    longest: float = math.inf

    @property
    def of_ended(self) -> float:
        return min(self.ended, self.longest)

    @property
    def of_clips(self) -> float:
        """From when they were last used."""
        return min(VOICE_TTL, self.longest)

    @property
    def of_open_orders(self) -> float:
        """From their planned time, or their last change, while nobody has dialled them."""
        return min(OPEN_ORDER_TTL, self.longest)

    @property
    def of_waiting(self) -> float:
        """Of messages to operators' systems, from the last attempt."""
        return min(WAITING_TTL, self.longest)

    @property
    def of_people(self) -> float:
        """Of who was in a call: as long as there may be anything of it."""
        return PEOPLE_TTL if math.isinf(self.longest) else self.longest


USUAL = Lifetimes()
