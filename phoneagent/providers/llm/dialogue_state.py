"""Where a scripted dialogue stands, and what it says next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from phoneagent.records import Intent


class Asked(Enum):
    """Which question is open."""

    OPEN = "what the caller wants"
    SLOT = "a slot of the current intent"
    CONFIRM = "whether it is right so"
    CHANGE = "what to change, after a no"
    MORE = "whether there is anything else"
    PERSON = "whether to connect a person"
    MODEL = "whatever the language model asks: it has the conversation"


FILLING = (Asked.SLOT, Asked.CONFIRM, Asked.CHANGE)
"""Questions at which slots can be filled and corrected."""

CHOOSING = (Asked.OPEN, Asked.MORE, Asked.PERSON)
"""Questions at which keys choose from the menu."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a dialogue stands. `slot` is the one asked for, `menu` the one that keys choose from.

    `intent` is the one whose slots are being filled, or for which the model has the conversation.
    """

    asked: Asked = Asked.OPEN
    intent: Intent | None = None
    slot: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    misses: int = 0
    said: str = ""
    menu: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say, and the tool to ask for afterwards. `first` is said before, and heard to its end.

    `by_model`: the language model is to say it.
    """

    text: str = ""
    tool: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    first: str = ""
    by_model: bool = False

    @property
    def whole(self) -> str:
        """All that is said."""
        return f"{self.first} {self.text}".strip()


BY_MODEL = Answer(by_model=True)
