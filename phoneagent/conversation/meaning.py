"""What speech over the agent means: a backchannel, an interruption, or nothing yet."""

from __future__ import annotations

import re
from enum import Enum, auto

from .policy import Policy

_NOT_WORDS = re.compile(r"[^\w\s'-]+")


class Meaning(Enum):
    """What a caller wants with what they said while the agent speaks."""

    NOTHING = auto()  # no words (yet)
    BACKCHANNEL = auto()  # "mm-hm": go on, I am listening
    INTERRUPTION = auto()  # words to be answered


def normalised(text: str) -> str:
    """Lower case, without punctuation, single spaces: what two transcripts of the same words have in common."""
    return " ".join(_NOT_WORDS.sub(" ", text.lower()).split())


def meaning(text: str, policy: Policy, *, asked: bool, final: bool = False) -> Meaning:
    """What `text`, said over the agent, means.

    `asked`: the agent has just put a question, which "yeah" may answer. `final`: the caller has finished, so that too
    few words to interrupt are an answer all the same: a single "seven" must not be lost.
    """
    words = normalised(text)
    if not words:
        return Meaning.NOTHING
    if not asked and words not in policy.interrupting and _only_backchannels(words, policy.backchannels):
        return Meaning.BACKCHANNEL
    if final or asked or words in policy.interrupting or len(words.split()) >= policy.barge_in_words:
        return Meaning.INTERRUPTION
    return Meaning.NOTHING


def _only_backchannels(words: str, backchannels: tuple[str, ...]) -> bool:
    """Whether nothing is left when every backchannel is taken away ("okay yeah right")."""
    rest = words
    for phrase in sorted(map(normalised, backchannels), key=len, reverse=True):
        rest = re.sub(rf"(?<!\S){re.escape(phrase)}(?!\S)", " ", rest)
    return not rest.strip()
