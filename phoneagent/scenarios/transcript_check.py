"""What the product recorded, laid beside what was said and heard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from phoneagent.conversation.transcript import Turn

from .heard import HeardWord

CUT = " —"
ANY_WORDS = "…"


def plain(text: str) -> list[str]:
    """Words to compare by: without capitals and punctuation."""
    return ["".join(filter(str.isalnum, word)) for word in text.casefold().split() if any(map(str.isalnum, word))]


@dataclass(slots=True)
class SpokenTurn:
    """A turn of the agent in the transcript. `began`: when its first word was heard, None if none was.

    `kind` is what the product told of it; `errors` is by how many words its text differs from what was heard.
    """

    turn: Turn
    kind: str = ""
    began: float | None = None
    errors: int = 0


@dataclass(slots=True)
class _Recorded:
    words: list[str] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)  # the turn of each word


def spoken_turns(
    turns: Sequence[Turn], heard: Sequence[HeardWord], kinds: Iterable[tuple[str, str]]
) -> list[SpokenTurn]:
    """The agent's turns with when they began and how true they are. `kinds`: text and kind of replies, in order.

    Words that were heard and stand nowhere count against the turn before them.
    """
    spoken = [SpokenTurn(turn) for turn in turns if turn.role == "agent" and turn.text.strip()]
    _name(spoken, kinds)
    recorded = _Recorded()
    for number, one in enumerate(spoken):
        words = plain(one.turn.text)
        recorded.words += words
        recorded.owners += [number] * len(words)
    truth = [(word, one.at) for one in heard for word in plain(one.text)]
    if not spoken:
        return [SpokenTurn(Turn("agent", "", 0.0), errors=len(truth))] if truth else []
    matcher = SequenceMatcher(None, recorded.words, [word for word, _ in truth], autojunk=False)
    for what, first, last, heard_first, heard_last in matcher.get_opcodes():
        if what == "equal":
            for offset in range(last - first):
                one, at = spoken[recorded.owners[first + offset]], truth[heard_first + offset][1]
                one.began = at if one.began is None else one.began
            continue
        for number in recorded.owners[first:last]:
            spoken[number].errors += 1
        surplus = (heard_last - heard_first) - (last - first)
        if surplus > 0:
            owner = recorded.owners[max(0, first - 1)] if recorded.owners else 0
            spoken[owner].errors += surplus
    return spoken


def _name(spoken: list[SpokenTurn], kinds: Iterable[tuple[str, str]]) -> None:
    remaining = list(spoken)
    for text, kind in kinds:
        found = next((one for one in remaining if one.turn.text == text), None)
        if found is not None:
            found.kind = kind
            del remaining[: remaining.index(found) + 1]


def missing_words(said: Sequence[str], turns: Sequence[Turn]) -> list[str]:
    """Words of the caller that stand in no turn of theirs."""
    recorded = [word for turn in turns if turn.role == "caller" for word in plain(turn.text)]
    matcher = SequenceMatcher(None, said, recorded, autojunk=False)
    opcodes = [(what, first, last) for what, first, last, _, _ in matcher.get_opcodes()]
    return [word for what, first, last in opcodes if what in ("delete", "replace") for word in said[first:last]]


def keys_of(turns: Sequence[Turn]) -> str:
    """All keys that the transcript has, in order."""
    return "".join(
        re.sub(r"\s", "", found) for turn in turns for found in re.findall(r"\[keypad: ([^\]]*)\]", turn.text)
    )


def dialogue(turns: Sequence[Turn]) -> list[str]:
    """The transcript in lines; tools are left out."""
    spoken = [turn for turn in turns if turn.role != "tool"]
    return [f"{turn.role}: {turn.text}{CUT if turn.interrupted else ''}" for turn in spoken]


def differences(expected: Sequence[str], turns: Sequence[Turn]) -> Iterator[str]:
    """Where the dialogue is not what was expected: the first place, and what should be there."""
    lines = dialogue(turns)
    for number in range(max(len(expected), len(lines))):
        wanted = expected[number] if number < len(expected) else None
        got = lines[number] if number < len(lines) else None
        if wanted is None:
            yield f"turn {number + 1} is one too many: “{got}”"
            return
        if got is None:
            yield f"turn {number + 1} is missing: “{wanted}”"
            return
        if not _fits(wanted, got):
            yield f"turn {number + 1} is “{got}”, expected “{wanted}”"
            return


def _fits(wanted: str, got: str) -> bool:
    if wanted.endswith(CUT) != got.endswith(CUT):
        return False
    parts = [" ".join(plain(part)) for part in wanted.split(ANY_WORDS)]
    pattern = r"(?: .*)?".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern, " ".join(plain(got))) is not None
