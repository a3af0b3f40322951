"""Weighs what is known of whoever has answered a call: a person or a machine?

No single sign decides, but for words that only machines say. Points speak for a machine, negative ones for a person;
from `MACHINE` on it is one, from `PERSON` down nobody but a person talks so, and in between the agent speaks and
listens on. Pure: words and numbers in, a number out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from typing import Literal, TypeAlias

from .opening_words import OPENING_WORDS
from .opening_words.words import OpeningWords
from .policy import Policy
from .search import LOOKED_AT, found

MACHINE = 10  # points
PERSON = -10

ONLY_MACHINES = 10  # points: "after the tone"
LIKELY = 5  # "you have reached"
EITHER = 2  # "not available", however often: with a verdict that is wrong it must not be enough
PEOPLE = -10  # a question to the caller, an offer, what somebody has heard or is doing
CHAT = -5  # "my husband", "I'm driving"
CHAT_AT_MOST = 2  # times
GREETING = -2  # "hello?"
BEEP = 10
VERDICT = 2  # of the carrier: right in 85 to 90 of 100 cases, and wrong about people who talk long
VERDICT_BEEP = 4
LONG = 7.0  # seconds without a pause; people who answer stop sooner, and wait
LENGTH = 2
OVER_AGENT = 2  # for each answer of the agent's that was talked over, but the first: people stop, and listen
OVER_AGENT_AT_MOST = 4

Finds: TypeAlias = Callable[[tuple[str, ...], str], bool]
Kind = Literal["", "recorder", "menu", "queue", "notice"]
_KINDS: tuple[Kind, ...] = ("recorder", "menu", "queue", "notice")


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known beside the words. `stretch`: seconds of voice without a pause. `talked_over`: answers of the
    agent's. `verdict`: the carrier's.
    """

    stretch: float = 0.0
    talked_over: int = 0
    verdict: str = ""
    beep: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """`points` for a machine, or against it; `kind` of machine, as far as its words tell; `screener`: it wants to know
    who is calling and why.
    """

    points: int
    kind: Kind = ""
    screener: bool = False

    @property
    def machine(self) -> bool:
        """It is one, beyond doubt, and no screener."""
        return self.points >= MACHINE and not self.screener

    @property
    def person(self) -> bool:
        """Nobody else talks like this."""
        return self.points <= PERSON and not self.screener


def weigh(
    text: str, clues: Clues = Clues(), policy: Policy | None = None, *, said: str = "", finds: Finds = found
) -> Finding:
    """What to think of whoever has said `text` since they answered. `policy`: patterns of the operator's own count as
    well, looked for by `finds`. `said`: by the agent; the line may return it.

    >>> weigh("Please leave a message after the tone.").machine
    True
    >>> weigh("She is not available right now, sorry. Would you like to leave a message?").machine
    False
    """
    words, agent = _plain(text[-LOOKED_AT:]), _plain(said)
    counts = max(
        (_counts(table, words, agent) for table in _tables()), key=lambda counts: (counts.total(), abs(_points(counts)))
    )
    if policy is not None:
        counts["recorder"] += finds(policy.machine_words, text) and not finds(policy.machine_words, said)
        counts["person"] += finds(policy.person_words, text)
        counts["screener"] += finds(policy.screener_words, text)
    kind = max(_KINDS, key=lambda kind: counts[kind])
    screener = counts["screener"] >= max(1, counts["recorder"])  # they begin with "the person you are calling", too
    points = _points(counts) + GREETING * words.endswith("?") + _weight(clues)
    return Finding(points, kind if counts[kind] else "", screener)


def _points(counts: Counter[str]) -> int:
    """What the words alone are worth."""
    only = sum(counts[kind] for kind in _KINDS)
    either, chat = bool(counts["either"]), min(counts["chat"], CHAT_AT_MOST)
    return ONLY_MACHINES * only + LIKELY * counts["likely"] + EITHER * either + PEOPLE * counts["person"] + CHAT * chat


def holds(text: str, policy: Policy, *, finds: Finds = found) -> bool:
    """Whether a screener says this while it asks whoever is called."""
    words = _plain(text)
    return finds(policy.screener_holds, text) or any(table["holds"].search(words) for table in _tables())


def _weight(clues: Clues) -> int:
    over = min(OVER_AGENT * max(0, clues.talked_over - 1), OVER_AGENT_AT_MOST)
    points = over + BEEP * clues.beep + LENGTH * (clues.stretch >= LONG)
    if clues.verdict == "machine_end_beep":
        points += VERDICT_BEEP
    elif clues.verdict.startswith("machine"):
        points += VERDICT
    return points


_MARKS = re.compile(r"[^\w\s'?-]+")


def _plain(text: str) -> str:
    """Lower case, single blanks, no punctuation but question marks."""
    return " ".join(_MARKS.sub(" ", text.lower().replace("’", "'")).replace(" ?", "?").split())


@cache
def _tables() -> tuple[dict[str, re.Pattern[str]], ...]:
    """One a language, all patterns of a sort in one: many small searches would cost more."""
    sorts = [field.name for field in fields(OpeningWords)]
    return tuple({sort: re.compile("|".join(getattr(words, sort))) for sort in sorts} for words in OPENING_WORDS)


def _counts(table: dict[str, re.Pattern[str]], words: str, agent: str) -> Counter[str]:
    """How many different phrases of each sort there are; not those of the agent's."""
    return Counter(
        {
            sort: len({match[0] for match in pattern.finditer(words) if match[0] not in agent})
            for sort, pattern in table.items()
            if sort != "holds"
        }
    )
