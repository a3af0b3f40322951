"""Keys that nobody may know: kept in memory for the tools that need them, and for no longer than the call."""

from __future__ import annotations

import re
from itertools import chain

from phoneagent.conversation.caller_turn import HIDDEN
from phoneagent.errors import ToolError
from phoneagent.private import Private

FEW = 6  # digits in a row that tell too much: the last four of a card may be printed on receipts (PCI DSS 3.4)
SHORT = 3  # digits; a code as short is looked for alone, for it is part of many a number, and a shorter one not at all
_NAME = re.compile(r"(?:\[keypad: [^][]*?)?\bkeypad[-_ ]?(\d+)\b\]?", re.IGNORECASE)
_RUN = re.compile(r"\d(?:[\s.,/_-]{0,2}\d)*")  # digits, also in groups


class Vault:
    """What one caller has typed in secret, by name. Leaves no trace: neither a log line nor its `repr` shows a key."""

    def __init__(self) -> None:
        self._loose: list[Private[str]] = []  # keys of entries that are not over
        self._kept: dict[str, Private[str]] = {}

    def put(self, key: str) -> None:
        """Keep a key of the entry that has begun."""
        self._loose.append(Private(key))

    def seal(self, name: str, keys: str) -> None:
        """The entry is over, see `SealKeys`: its keys get a name."""
        hidden = keys.count(HIDDEN)
        last = iter(self._loose[len(self._loose) - hidden :])
        self._kept[name] = Private("".join(next(last).reveal() if key == HIDDEN else key for key in keys))
        self._loose.clear()

    def fill(self, arguments: str) -> str:
        """A tool's arguments with the keys in the place of their names.

        Raises `ToolError` for a name that is not kept here: it may be of before the call was carried on elsewhere.
        """
        return _NAME.sub(self._reveal, arguments)

    def _reveal(self, found: re.Match[str]) -> str:
        name = f"keypad-{found[1]}"
        if (keys := self._kept.get(name)) is None:
            raise ToolError(f"What was typed as {name} is not known any more. Ask the caller to type it again.")
        return keys.reveal()

    def mask(self, text: str) -> str:
        """A text without what is kept: neither whole nor `FEW` digits in a row of it, however they are grouped."""
        parts = set(chain.from_iterable(_parts(keys.reveal()) for keys in self._kept.values()))
        return _RUN.sub(lambda run: _masked(run[0], parts), text) if parts else text

    def empty(self) -> None:
        """The call is over."""
        self._loose.clear()
        self._kept.clear()


def _parts(keys: str) -> set[str]:
    digits = "".join(filter(str.isdigit, keys))
    size = min(len(digits), FEW)
    return {digits[start : start + size] for start in range(len(digits) - size + 1)} if size >= SHORT else set()


def _masked(run: str, parts: set[str]) -> str:
    places = [place for place, character in enumerate(run) if character.isdigit()]
    digits = "".join(run[place] for place in places)
    shown = list(run)
    for part in parts:
        for start in range(len(digits) - len(part) + 1):
            if digits.startswith(part, start) and (len(part) > SHORT or len(part) == len(digits)):
                for place in places[start : start + len(part)]:
                    shown[place] = HIDDEN
    return "".join(shown)
