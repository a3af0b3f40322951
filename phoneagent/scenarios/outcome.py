"""What came of a call: what was heard, what the product recorded, and what it told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from phoneagent.conversation.transcript import Turn
from phoneagent.simulator.ear import Ear

from .heard import HeardWord
from .scenario import Run, Scenario


class Told(NamedTuple):
    """Something that an observer of the call was told, `at` seconds after it began."""

    at: float
    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A call that was played. All times are seconds since it began.

    `words` is the truth about the agent's words, found at the caller's ear; `turns` is what the product believes.
    """

    scenario: Scenario
    run: Run
    ear: Ear
    words: tuple[HeardWord, ...]
    turns: tuple[Turn, ...]
    told: tuple[Told, ...]
    ended_by: str
    states: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def of(self, name: str) -> list[Told]:
        """What was told of one kind, in order."""
        return [told for told in self.told if told.name == name]
