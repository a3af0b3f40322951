"""What the caller said in a call, put together: the thoughts, each in one go or with hesitations in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from phoneagent.simulator.ear import Ear, Noised, Pressed, Said

from .scenario import Line, Meant

KEYS_TOGETHER = 2.5  # seconds; keys with a longer pause between them are two entries
HANG_UP_SPOILS = 0.5  # seconds before the end of the call in which words may not be understood any more


@dataclass(frozen=True, slots=True)
class Part:
    """Words said in one go. `whole`: the call did not end in the middle of them."""

    said: Said
    line: Line
    whole: bool


@dataclass(frozen=True, slots=True)
class Thought:
    """One thing that the caller wanted to say, or a row of keys; `begin` and `end` are its first and last sound."""

    begin: float
    end: float
    meant: Meant
    parts: tuple[Part, ...] = ()
    keys: str = ""

    @property
    def text(self) -> str:
        return " … ".join(part.line.text for part in self.parts) or f"keys {self.keys}"

    @property
    def whole(self) -> bool:
        """Said to its end, before anybody hung up."""
        return not self.parts or (self.parts[-1].line.last and self.parts[-1].whole)

    @property
    def split(self) -> bool:
        return any(part.line.split for part in self.parts)


def thoughts(ear: Ear, lines: Sequence[Line]) -> list[Thought]:
    """All thoughts of a call, in order."""
    limit = ear.duration - HANG_UP_SPOILS
    said = ear.caller_speech()
    parts = [Part(fact, line, fact.end < limit) for fact, line in zip(said, lines, strict=False)]
    spoken = [tuple(group) for _, group in groupby(parts, key=lambda part: part.line.thought)]
    found = [Thought(group[0].said.at, group[-1].said.end, group[0].line.meant, group) for group in spoken]
    return sorted([*found, *_entries(ear.facts(Pressed))], key=lambda thought: thought.begin)


def _entries(pressed: Sequence[Pressed]) -> list[Thought]:
    entries: list[list[Pressed]] = []
    for key in pressed:
        if entries and key.at - entries[-1][-1].at < KEYS_TOGETHER and entries[-1][-1].digit != "#":
            entries[-1].append(key)
        else:
            entries.append([key])
    return [Thought(keys[0].at, keys[-1].at, "answer", keys="".join(key.digit for key in keys)) for keys in entries]


def meant_at(moment: float, ear: Ear, everything: Sequence[Thought]) -> Meant | None:
    """What the caller's latest sound before a moment was meant to be; None if there was none."""
    sounds: list[tuple[float, Meant]] = [(noise.at, "nothing") for noise in ear.facts(Noised)]
    sounds += [(part.said.at, thought.meant) for thought in everything for part in thought.parts]
    sounds += [(thought.begin, "answer") for thought in everything if thought.keys]
    before = [sound for sound in sounds if sound[0] <= moment]
    return max(before)[1] if before else None
