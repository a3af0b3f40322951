"""From spoken to written words: whatever a voice tells, none is lost and none comes twice."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from phoneagent.conversation.words import Word
from phoneagent.speakable import Speakable, WrittenWords

ENGLISH = Speakable("en")


def told(*texts: str) -> list[Word]:
    """Words of 100 samples each, without pauses."""
    return [Word(text, number * 100, number * 100 + 100) for number, text in enumerate(texts)]


def written(text: str, *spoken: str, speakable: Speakable = ENGLISH) -> list[tuple[str, int, int]]:
    words = WrittenWords()
    words.expect(speakable.render(text).units)
    heard = [word for each in told(*spoken) for word in words.translate([each])]
    return [(word.text, word.start, word.end) for word in [*heard, *words.finish(100 * len(spoken))]]


@pytest.mark.parametrize(
    "spoken",
    [
        ["It", "is", "twenty-one", "dollars."],
        ["It", "is", "twenty", "one", "dollars", "."],
        ["it", "is", "twentyone", "dollars"],
        ["It is", "twenty-one dollars."],
        ["It is twenty-one dollars."],
        list("It is twenty-one dollars."),
    ],
)
def test_a_voice_may_split_and_join_its_words(spoken):
    heard = written("It is $21.", *spoken)
    assert [text for text, _, _ in heard] == ["It", "is", "$21."]
    assert heard[0][1] == 0
    assert heard[-1][2] >= 100 * len(spoken) - 100  # a full stop of its own is no word


def test_a_word_spans_all_that_is_spoken_for_it():
    assert written("For $3.50 today", "For", "three", "dollars", "and", "fifty", "cents", "today") == [
        ("For", 0, 100),
        ("$3.50", 100, 600),
        ("today", 600, 700),
    ]


def test_a_word_is_told_when_its_last_spoken_word_is():
    words = WrittenWords()
    words.expect(ENGLISH.render("$3.50 each").units)
    assert words.translate(told("three", "dollars", "and", "fifty")) == ()
    assert words.translate([Word("cents", 400, 500)]) == (Word("$3.50", 0, 500),)


def test_a_voice_that_says_it_in_its_own_words_is_understood_by_what_follows():
    heard = written("Room A4 is on the left", "Room", "ay", "quatre", "is", "on", "the", "left")
    assert heard == [
        ("Room", 0, 100),
        ("A4", 100, 300),
        ("is", 300, 400),
        ("on", 400, 500),
        ("the", 500, 600),
        ("left", 600, 700),
    ]


def test_what_a_voice_leaves_out_takes_no_time():
    assert written("one, well, two hundred", "one", "two", "hundred") == [
        ("one,", 0, 100),
        ("well,", 100, 100),
        ("two", 100, 200),
        ("hundred", 200, 300),
    ]


def test_what_is_not_told_at_the_end_is_what_was_spoken_last():
    assert written("Good bye now", "Good") == [("Good", 0, 100), ("bye", 100, 100), ("now", 100, 100)]
    words = WrittenWords()
    words.expect(ENGLISH.render("Good night").units)
    assert words.translate(told("Good")) == (Word("Good", 0, 100),)
    assert words.finish(600) == (Word("night", 100, 600),)


def test_a_voice_without_times_is_left_to_the_conversation():
    words = WrittenWords()
    words.expect(ENGLISH.render("It is $3").units)
    assert words.finish(800) == ()


TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            "$3.50 12 EUR **bold** - # 7:30pm +1 (555) 000-5006 AB12C Dr. [a](b.com) & e.g. 1/2 \n😀 | ana@example.com "
            "don't 20–25 °C 1,200 St. Nov 22, ... ** _x_".split(" ")
        ),
        max_size=12,
    ).map(" ".join),
)


@given(TEXTS, st.lists(st.integers(1, 9), max_size=80), st.integers(0, 4))
@example("**", [], 0)
@example("- $3 \n😀", [1], 3)
def test_written_words_come_back_in_order_and_complete(text, cuts, chunk):
    """For any text, and however the voice cuts what it says into words and chunks."""
    rendering = ENGLISH.render(text)
    pieces, rest = [], rendering.spoken
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    voice = told(*(piece for piece in [*pieces, rest] if piece))
    words = WrittenWords()
    words.expect(rendering.units)
    heard: list[Word] = []
    for at in range(0, len(voice), chunk + 1):
        heard += words.translate(voice[at : at + chunk + 1])
    heard += words.finish(100 * len(voice))
    if voice:
        assert " ".join(word.text for word in heard).split() == text.split()
    assert all(word.start <= word.end for word in heard)
    assert [word.start for word in heard] == sorted(word.start for word in heard)
    assert [word.end for word in heard] == sorted(word.end for word in heard)


@given(TEXTS, st.lists(st.text(max_size=8), min_size=1, max_size=20))
def test_whatever_a_voice_tells_nothing_is_lost(text, spoken):
    heard = written(text, *spoken)
    assert " ".join(word for word, _, _ in heard).split() == text.split()
