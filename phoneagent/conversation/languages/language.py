"""What an agent says by itself, and understands without a model, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Moments:
    """How callers ask for a moment. All but `whole` are regular expressions, found in a clause in lower case.

    `whole`: phrases that ask for it if nothing else is said ("wait": but not "wait, that is wrong"). `soft` words may
    stand around them. `clauses`: what asks for it wherever it is said. `long`: those whose wait is longer, such as "I
    will connect you". `minutes`: a number of them, in the group `count`, which
    mean the same as a `minute`, only longer; `counts` are numbers as they are said.
    `not_if`: with one of these a clause is no request.
    """

    whole: tuple[str, ...]
    soft: str
    clauses: str
    long: str
    minute: str
    minutes: str
    counts: Mapping[str, float]
    not_if: str


@dataclass(frozen=True, slots=True)
class Dictation:
    """What numbers, codes, names, addresses and dates are made of, and which questions ask for them.

    All are alternatives of a regular expression, in lower case, found as whole words. `numbers`: other than digits.
    `letters`: names of letters, known as such only where letters were asked for. `like`: stands between a letter and a
    word that begins with it ("B as in Bravo"). `dates`: months, and what stands for days ("the twelfth"). `joined`:
    what is said between digits ("dash", "plus"). `whole_phone`: a pattern for a telephone number that is complete, in
    which `D` is a digit.
    """

    digits: str
    numbers: str
    letters: str
    like: str
    alphabet: str
    dates: str
    joined: str
    whole_phone: str
    asks_phone: str
    asks_code: str
    asks_spelling: str
    asks_name: str
    asks_address: str
    asks_date: str
    asks_amount: str
    asks_story: str
    states: str
    no_answer: str


@dataclass(frozen=True, slots=True)
class Language:
    """One language. `phrases`, `transfer_phrases` and `dialogue`: the tables of an agent file, where it has no words of
    its own; an English one needs none, for the records begin with them. `introduction`: what a call that is placed
    begins with, with `{agent}` and `{purpose}`.

    `backchannels`, `closings` and `interrupting` are those of `Policy`. `yes` says yes or no; a question with one of
    `open_questions` in it, or that does not match `closed_question`, wants more than that. `fragments`: words with
    which nobody ends a thought.
    """

    name: str
    greeting: str
    introduction: str
    busy: str
    queued: str
    broken: str
    backchannels: tuple[str, ...]
    closings: tuple[str, ...]
    interrupting: tuple[str, ...]
    yes_or_no: str
    closed_question: str
    open_questions: str
    fragments: str
    moments: Moments
    dictation: Dictation
    phrases: Mapping[str, Any] = field(default_factory=dict)
    transfer_phrases: Mapping[str, str] = field(default_factory=dict)
    dialogue: Mapping[str, Any] = field(default_factory=dict)


def listed(phrases: str) -> tuple[str, ...]:
    """`one|another` as a tuple."""
    return tuple(phrase.strip() for phrase in phrases.split("|"))
