"""Is it known who has answered? The corpus of openings, played through conversations.

`pytest -s tests/conversation/test_who_answered.py` prints the tables.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from functools import cache

import pytest

from phoneagent.conversation.openings import Clues, weigh
from phoneagent.conversation.policy import Policy
from tests.openings import FOLDER, Opening, held_out, later, seen

from .opening_call import OpeningCall, Who

MISSED_AT_MOST = 0.03  # of the machines
HELD_OUT_MACHINES = 8  # calls, of 92: two machines, each played four times
LATER_MACHINES = 24  # calls, of 172: six notices that something is closed, which people say too
HEARD_WITHIN = 0.3  # seconds after the end of a person's first sentence
WAYS = (("hang_up", True), ("voicemail", False))  # what machines get, and whether the carrier has a say in it


def bare(said: str) -> str:
    """As ears write that know no punctuation."""
    return " ".join(re.sub(r"[.,;:!?¿¡](?!\d+\|)", " ", said.lower()).split())


@cache
def played(opening: Opening, machine: str, verdicts: bool, punctuation: bool) -> OpeningCall:
    call = OpeningCall(machine)  # type: ignore[arg-type]  # one of WAYS
    call.play(opening.said if punctuation else bare(opening.said), verdicts=verdicts)
    return call


def calls(openings: list[Opening]) -> list[tuple[Opening, OpeningCall]]:
    return [
        (opening, played(opening, machine, verdicts, punctuation))
        for opening in openings
        for machine, verdicts in WAYS
        for punctuation in (True, False)
    ]


def table(openings: list[Opening], *by: str) -> str:
    """Who answered, and whom they were taken for."""
    counts: dict[tuple[str, ...], Counter[str]] = {}
    for opening, call in calls(openings):
        row = tuple(getattr(opening, name) for name in (*by, "who"))
        counts.setdefault(row, Counter())[call.taken_for] += 1
    columns = ("person", "machine", "screener")
    lines = [f"{'':40}" + "".join(f"{column:>10}" for column in columns)]
    return "\n".join(
        lines
        + [f"{' · '.join(row):40}" + "".join(f"{counts[row][who]:>10}" for who in columns) for row in sorted(counts)]
    )


def tally(openings: list[Opening]) -> tuple[Counter[tuple[Who, Who]], int]:
    """How many were taken for what, and how many people waited too long: numbers alone, for what is held out must stay
    unknown.
    """
    taken = Counter((opening.who, call.taken_for) for opening, call in calls(openings))
    slow = sum(call.waited > HEARD_WITHIN for opening, call in calls(openings) if opening.who == "person")
    return taken, slow


def judge(taken: Counter[tuple[Who, Who]], slow: int) -> None:
    machines = sum(count for (who, _), count in taken.items() if who == "machine")
    assert taken["person", "machine"] == 0
    assert taken["machine", "person"] <= MISSED_AT_MOST * machines
    assert slow == 0


def test_the_openings_that_the_rules_were_written_against():
    sys.stdout.write(f"\n{table(seen(), 'language', 'kind')}\n")
    judge(*tally(seen()))


def test_the_openings_that_were_held_out():
    """What nobody looked at shows what the rules are worth: it must not get worse. See docs/answering-machines.md."""
    sys.stdout.write(f"\n{table(held_out())}\n")
    taken, slow = tally(held_out())
    assert taken["person", "machine"] == 0
    assert taken["machine", "person"] <= HELD_OUT_MACHINES
    assert slow == 0


def test_the_openings_that_were_written_later():
    """A sentence and then silence, without a beep: people are never hung up on for it, some machines are talked to."""
    sys.stdout.write(f"\n{table(later())}\n")
    taken, slow = tally(later())
    assert taken["person", "person"] == sum(count for (who, _), count in taken.items() if who == "person")
    assert taken["machine", "person"] <= LATER_MACHINES
    assert slow == 0


@pytest.mark.parametrize(
    "opening", [opening for opening in seen() if opening.who == "screener"], ids=lambda o: o.said[:30]
)
def test_screeners_get_their_answer(opening):
    assert {played(opening, *way, True).taken_for for way in WAYS} == {"screener"}


def sentences(who: str) -> list[str]:
    rows = [line.split("\t") for line in (FOLDER / "sentences.tsv").read_text(encoding="utf-8").splitlines()]
    return [row[1] for row in rows if row[0] == who]


@pytest.mark.parametrize("write", [str, bare], ids=["punctuated", "bare"])
def test_no_sentence_of_a_person_is_enough_for_a_machine_not_even_with_a_wrong_verdict(write):
    wrong = [said for said in sentences("person") if weigh(write(said), Clues(verdict="machine_start")).machine]
    assert wrong == []


@pytest.mark.parametrize("write", [str, bare], ids=["punctuated", "bare"])
def test_machines_and_screeners_are_known_by_their_words(write):
    assert [said for said in sentences("machine") if not weigh(write(said)).machine] == []
    assert [said for said in sentences("screener") if not weigh(write(said)).screener] == []


def test_what_counts_beside_the_words():
    said = "Hi, this is Ana, speak to me."
    assert not weigh(said).machine
    assert weigh(said, Clues(beep=True)).machine
    assert not weigh(said, Clues(verdict="machine_start")).machine, "it is wrong about people who talk long"
    assert weigh(f"{said} You know what to do.", Clues(8.0, 3, "machine_end_beep")).machine
    assert not weigh("Hello?", Clues(beep=True)).machine, "music and kitchens beep as well"


def test_patterns_of_ones_own_count_beside_the_built_in_ones():
    policy = Policy(machine_words=("quack",), person_words=("moo",), screener_words=("baa",))
    assert weigh("Quack quack.", policy=policy).machine
    assert weigh("Moo.", policy=policy).person
    assert weigh("Baa.", policy=policy).screener
    assert weigh("Leave a message after the tone.", policy=policy).machine
    assert not weigh("Quack quack.", policy=policy, said="I say quack quack to ducks.").machine, "the line returns it"
