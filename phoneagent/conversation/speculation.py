"""Replies begun before the caller's turn is certain to be over: what they save, and what they cost."""

from __future__ import annotations

from .floor import Floor
from .reply import Reply

LOST_IN_TURN = 3  # replies; who pauses so often in one turn tells a story, and will do it again in it


class Speculation:
    """Keeps the account of one call, and ends it when too much was lost."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._lost = 0
        self._lost_in_turn = 0

    @property
    def pays(self) -> bool:
        """Whether to go on with it."""
        policy = self._floor.policy
        return policy.eager_turns and self._lost < policy.eager_budget and self._lost_in_turn < LOST_IN_TURN

    def turn_ended(self) -> None:
        """The caller's next turn is another one."""
        self._lost_in_turn = 0

    def paid(self, reply: Reply, at: float) -> None:
        """The words were the last: what the model and the voice have done by now is saved time."""
        self._lost = max(0, self._lost - 1)
        self._floor.emit("speculation_paid", reply=reply.id, seconds=round(at - reply.began, 4))

    def lost(self, reply: Reply) -> None:
        """The words were not the last: what was written is wasted, and what was given to the voice."""
        self._lost += 1
        self._lost_in_turn += 1
        self._floor.emit("speculation_lost", reply=reply.id, tokens=reply.tokens, characters=len(reply.playout.text))
