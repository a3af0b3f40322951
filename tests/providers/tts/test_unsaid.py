"""What a voice that broke off has not said yet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.providers.tts.unsaid import SAMPLES_A_CHARACTER, unsaid

PHRASES = ["We are open", "from nine, to five.", "On Mondays we are closed!"]
WORDS = " ".join(PHRASES).split()


@given(st.integers(0, len(WORDS)), st.booleans())
def test_what_was_said_and_what_is_left_are_the_whole(count, plain):
    said = WORDS[:count]
    told = [word.strip(".,!").lower() for word in said] if plain else said
    assert " ".join([*said, *unsaid(PHRASES, told, 100_000 if told else 0)]) == " ".join(PHRASES)


def test_phrases_stay_apart():
    assert unsaid(PHRASES, ["We", "are", "open", "from"], 0) == ["nine, to five.", PHRASES[2]]


def test_a_word_that_was_cut_is_said_again():
    assert unsaid(["We are open."], ["We", "are", "op"], 0) == ["open."]


@pytest.mark.parametrize(
    ("characters", "rest"), [(0, ["We are open."]), (2, ["We are open."]), (5, ["are open."]), (12, ["open."])]
)
def test_a_voice_that_tells_no_words_is_measured(characters, rest):
    assert unsaid(["We are open."], [], characters * SAMPLES_A_CHARACTER) == rest
