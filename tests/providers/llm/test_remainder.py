"""An answer that broke off goes on without a word lost or doubled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.providers.llm.remainder import Remainder

ANSWER = "We are open from Tuesday to Sunday. On Mondays we are closed."


def gone_on(said: str, pieces: list[str]) -> str:
    remainder = Remainder(said)
    return said + "".join(map(remainder.feed, pieces)) + remainder.flush()


def cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@given(st.integers(0, len(ANSWER)), st.integers(1, 7), st.sampled_from(["whole", "rest", "next"]))
def test_whatever_was_cut_and_however_the_mind_goes_on_the_answer_is_whole(end, size, manner):
    said = ANSWER[:end]
    heard = Remainder(said).whole_words
    rest = ANSWER[len(heard) :].lstrip() if said.strip() else ANSWER
    going_on = {"whole": ANSWER, "rest": rest, "next": f" {rest}"}[manner]
    assert gone_on(said, cut(going_on, size)).split() == ANSWER.split()


@pytest.mark.parametrize(
    ("said", "pieces", "whole"),
    [
        ("We are op", ["open."], "We are open."),
        ("We are open", ["from nine."], "We are open from nine."),
        ("We are open", [", from nine."], "We are open, from nine."),
        ("We are ", ["open."], "We are open."),
        ("", ["We"], "We"),
        ("We are closed.", [], "We are closed."),
        ("We are closed.", ["We are closed."], "We are closed."),
    ],
)
def test_how_it_goes_on(said, pieces, whole):
    assert gone_on(said, pieces) == whole


def test_the_mind_is_told_whole_words_only():
    assert Remainder("We are op").whole_words == "We are"
    assert Remainder("We are ").whole_words == "We are"
    assert Remainder("We").whole_words == ""
