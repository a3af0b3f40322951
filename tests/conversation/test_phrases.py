"""Phrases: the first early, the others whole, and nothing cut that belongs together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.conversation.phrases import Phrases
from phoneagent.conversation.policy import Policy


def spoken(*pieces: str, policy: Policy | None = None) -> list[str]:
    phrases = Phrases(policy or Policy())
    return [phrase for piece in pieces for phrase in phrases.feed(piece)] + phrases.flush()


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("We open every day at nine. Do you want a table?", ["We open every day at nine.", "Do you want a table?"]),
        ("Sure, when would you like to come?", ["Sure, when would you like to come?"]),
        ("Of course. For how many people?", ["Of course.", "For how many people?"]),
        ("Yes. It is 3.50 euros, Mr. Smith. Thank you.", ["Yes.", "It is 3.50 euros, Mr. Smith.", "Thank you."]),
        ("Dr. Jones is in at 9 a.m. on Monday. Bye.", ["Dr. Jones is in at 9 a.m. on Monday.", "Bye."]),
        ("Write to ana@example.com please. Thanks.", ["Write to ana@example.com please.", "Thanks."]),
        ("It is at", ["It is at"]),
        ("", []),
    ],
)
def test_a_text_in_one_piece(text, phrases):
    assert spoken(text) == phrases


def test_the_first_words_do_not_wait_for_their_sentence_but_no_phrase_ends_in_the_air():
    pieces = "We are open from Tuesday to Sunday, from noon to eleven.".replace(" ", "| ").split("|")
    assert spoken(*pieces) == ["We are open", "from Tuesday to Sunday, from noon to eleven."]
    pieces = "It is on the left of the old theatre.".replace(" ", "| ").split("|")
    assert spoken(*pieces) == ["It is on the left", "of the old theatre."]


def test_the_first_sentence_does_not_wait_for_the_space_after_it():
    phrases = Phrases(Policy())
    assert phrases.feed("One moment please") == []
    assert phrases.feed(".") == ["One moment please."]


@pytest.mark.parametrize("beginning", ["Ask Mr.", "It is 3.", "At 9 a.m."])
def test_what_may_go_on_after_a_full_stop_waits(beginning):
    assert Phrases(Policy(first_phrase_words=9)).feed(beginning) == []


def test_a_sentence_without_end_is_spoken_in_parts():
    parts = spoken("word " * 200, policy=Policy(phrase_characters=100))
    assert max(map(len, parts)) <= 100


@given(st.lists(st.text(alphabet="ab .,!?3@\n", max_size=8), max_size=40))
def test_nothing_is_lost_or_added_however_it_arrives(pieces):
    words = "".join("".join(pieces).split())
    assert "".join("".join(spoken(*pieces)).split()) == words


@given(st.text(alphabet="abc .,?2", max_size=80))
def test_no_phrase_is_empty(text):
    assert all(phrase.strip() for phrase in spoken(*text))
