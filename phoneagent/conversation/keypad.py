"""Keys that the caller presses: what makes an entry of them, and who may see it."""

from __future__ import annotations

import re

from .deadlines import Reason
from .endpointing import found
from .events import KeysExpected
from .floor import Floor

SENSITIVE_REACH = 4  # the agent's turns; "take your time" and idle prompts come between a question and its keys


class Keypad:
    """Knows when an entry is complete. The keys themselves are part of the caller's turn."""

    def __init__(self, floor: Floor) -> None:
        self.expected = KeysExpected()
        self._floor = floor

    @property
    def idle(self) -> bool:
        """No further key is waited for."""
        return self._floor.deadlines.get(Reason.KEYPAD) is None

    def complete(self, keys: str) -> bool:
        """Whether the last of these keys ends the entry, or is its last digit."""
        expected, policy = self.expected, self._floor.policy
        if expected.choices:
            open_choices = {choice for choice in expected.choices if choice.startswith(keys)}
            return open_choices <= {keys} or self._ends(keys[-1])
        length = expected.length or policy.keypad_length
        return self._ends(keys[-1]) or 0 < length <= len(keys)

    def _ends(self, key: str) -> bool:
        end = self.expected.end
        return key == (self._floor.policy.keypad_end if end is None else end)

    def await_more(self, at: float) -> None:
        """The entry has a pause of its own, whatever ended the words before it."""
        self._floor.deadlines.drop(Reason.END_OF_TURN)
        self._floor.deadlines.set(Reason.KEYPAD, at + self._floor.policy.keypad_pause)

    def shown(self, text: str) -> str:
        """What those who watch see of a turn: not the keys that were pressed after a sensitive question."""
        if not found(self._floor.policy.sensitive, self._floor.last_said(SENSITIVE_REACH)):
            return text
        return re.sub(r"(?<=\[keypad: )[^]]*", lambda keys: "•" * len(keys[0]), text)
