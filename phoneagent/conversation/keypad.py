"""Keys that the caller presses: what makes an entry of them, and which of them nobody may know.

Of a secret entry not even the conversation knows the keys, so that no journal, transcript or request can have them: it
is told `HIDDEN` for each, and whoever holds them is told under which name to keep them (`SealKeys`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .caller_turn import HIDDEN, CallerTurn
from .commands import SealKeys
from .deadlines import Reason
from .events import KeysExpected
from .floor import Floor
from .replies import Replies
from .search import found
from .transcript import Turn

SENSITIVE_REACH = 4  # the agent's turns; "take your time" and idle prompts come between a question and its keys

PLAIN = (
    r"\bpress (?:\d|zero|one|two|three|four|five|six|seven|eight|nine)\b",
    r"\b(?:phone|telephone|mobile|cell|order|booking|reservation|extension) number\b|\b(?:zip|postal|post) ?code\b",
)
"""Questions whose answer is no secret, though a sensitive one came before; a sensitive word in them counts more.

Any other keeps what follows secret: "that was too short, once more please" asks for the card number as well.
"""

_NOTHING = KeysExpected()
_KEPT = re.compile(r"kept as keypad-(\d+)")


@dataclass(slots=True)
class _Asked:
    """What the agent said, as far as keys follow from it: worked out once, for it is wanted with every event."""

    question: str = ""
    sensitive: bool = False  # the question
    plain: bool = False
    lately_sensitive: bool = False  # one of the last questions
    known_by: tuple[int, int, int] = field(default=(-1, -1, -1))


class Keypad:
    """Knows when an entry is complete, and whether it is secret. The keys themselves are part of the caller's turn."""

    def __init__(self, floor: Floor, replies: Replies) -> None:
        self.expected = _NOTHING
        self._floor = floor
        self._replies = replies
        self._said = _Asked()
        self._sealed = max((int(number) for turn in floor.turns for number in _KEPT.findall(turn.text)), default=0)
        self._cut_by_pause = False  # the last secret entry: what is pressed next may still belong to it

    # -- what makes an entry ------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """No further key is waited for."""
        return self._floor.deadlines.get(Reason.KEYPAD) is None

    def complete(self, keys: str) -> bool:
        """Whether the last of these keys ends the entry, or is its last digit."""
        hidden = HIDDEN in keys
        # Secret keys that come where none are wanted belong to the entry before, of which only the pause was too short.
        wanted = _NOTHING if hidden and not self.secret("") else self._wanted
        if self.ends(keys[-1]) and keys not in wanted.choices:
            return True
        if wanted.choices and hidden:  # they cannot be compared
            return len(keys) >= max(map(len, wanted.choices))
        if wanted.choices:
            return {choice for choice in wanted.choices if choice.startswith(keys)} <= {keys}
        return 0 < (wanted.length or self._floor.policy.keypad_length) <= len(keys)

    def ends(self, key: str) -> bool:
        """Whether this key ends an entry."""
        end = self._wanted.end
        return key == (self._floor.policy.keypad_end if end is None else end)

    def await_more(self, at: float) -> None:
        """The entry has a pause of its own, whatever ended the words before it."""
        self._floor.deadlines.drop(Reason.END_OF_TURN)
        self._floor.deadlines.set(Reason.KEYPAD, at + self._floor.policy.keypad_pause)

    @property
    def _wanted(self) -> KeysExpected:
        """What is to be typed now: as the mind says, or as a rule has it for the agent's question."""
        if self.expected != _NOTHING:
            return self.expected
        question = self._asked.question
        for rule in self._floor.policy.keypad:
            if self._floor.finds((rule.agent,), question):
                return KeysExpected(rule.length, rule.end, rule.choices, rule.secret)
        return _NOTHING

    # -- what nobody may know -----------------------------------------------------------------------

    def secret(self, keys: str) -> bool:
        """Whether a key that follows `keys`, those of the entry so far, must not be known."""
        wanted, asked = self._wanted, self._asked
        if HIDDEN in keys or wanted.secret:
            return True
        if wanted.choices:
            return False  # what a menu has on offer is known to everybody
        if asked.sensitive:
            return True
        return wanted == _NOTHING and not asked.plain and asked.lately_sensitive

    def belated(self, at: float) -> bool:
        """Whether a key comes after an entry that only its pause has ended: it was secret, so is the rest of it."""
        unheard = self._replies.reply is None or self._replies.nothing_heard(at)
        return self._cut_by_pause and bool(self._floor.unanswered) and unheard

    def seal(self, turn: CallerTurn) -> None:
        """The entry is over. If it was secret, have it kept under a name."""
        if HIDDEN not in turn.keys:
            return
        self._sealed += 1
        keys = turn.keys[:-1] if self.ends(turn.keys[-1]) else turn.keys
        turn.kept = f"keypad-{self._sealed}"
        self._cut_by_pause = not self.complete(turn.keys)
        turn.keys = keys
        self._floor.want(SealKeys(turn.kept, keys))
        self._floor.emit("keys_sealed", kept=turn.kept, keys=len(keys))

    @property
    def _asked(self) -> _Asked:
        """What the agent asks now, or asked last, and what it said before that; also what was cut off.

        Whoever calls often types before the question is over.
        """
        reply, turns = self._replies.reply, self._floor.turns
        speaks = reply is not None and not reply.speculative and reply.kind not in ("idle", "keys", "apology")
        text = reply.text if reply is not None and speaks else ""
        known_by = (len(turns), 0 if reply is None else reply.id, len(text))
        if known_by != self._said.known_by:
            before = [_whole(turn) for turn in turns if turn.role == "agent"][-SENSITIVE_REACH:]
            said = [_whole(turn) for turn in turns if turn.role == "agent" and not self._is_prompt(turn)]
            question = text.strip() or (said[-1] if said else "")
            sensitive = self._floor.policy.sensitive
            self._said = _Asked(
                question,
                self._floor.finds(sensitive, question),
                found(PLAIN, question),
                self._floor.finds(sensitive, " ".join([*before, text])),
                known_by,
            )
        return self._said

    def _is_prompt(self, turn: Turn) -> bool:
        """Such as "are you still there?": the question before that is still open."""
        return _whole(turn) in (*self._floor.phrasing.idle_prompts, self._floor.phrasing.apology)


def _whole(turn: Turn) -> str:
    return turn.generated or turn.text
