"""What a voice has spoken of what it was given, whatever it tells."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from phoneagent.conversation.words import SAMPLE_RATE, Word
from phoneagent.providers.tts.spoken_text import MISSING_LETTERS, SpokenText, can_be_spoken, holds, letters

PHRASES = ("We are open from nine.", "Ja.", "On Mondays we are closed.", "...", "See you!")
WORDS = [word for phrase in PHRASES for word in phrase.split() if word != "..."]
EACH = 3000  # samples a word

told_words = [Word(word, number * EACH, number * EACH + 2500) for number, word in enumerate(WORDS)]


def text_of(*phrases: str) -> SpokenText:
    text = SpokenText()
    for phrase in phrases:
        text.expect(phrase)
    return text


@given(st.integers(0, len(WORDS)))
def test_a_text_is_whole_when_its_last_phrase_is(count):
    text = text_of(*PHRASES)
    text.tell(told_words[:count])
    assert text.whole is (count == len(WORDS))
    assert text.last_begun is (count > len(WORDS) - 2)


@given(st.lists(st.integers(1, 4), max_size=20), st.integers(0, 3))
def test_words_come_in_order_and_once_however_often_they_are_told(steps, back):
    """Each piece repeats a few words of the piece before."""
    text = text_of(*PHRASES)
    heard: list[Word] = []
    at = 0
    for step in [*steps, len(WORDS)]:
        heard += text.tell(told_words[max(0, at - back) : at + step])
        at = min(at + step, len(WORDS))
    heard += text.finish(len(WORDS) * EACH)
    assert [word.text for word in heard if word.text != "..."] == WORDS
    assert all(earlier.start <= later.start for earlier, later in itertools.pairwise(heard))


@pytest.mark.parametrize("lost", range(len(PHRASES)))
def test_a_phrase_that_is_passed_over_is_missed(lost):
    text = text_of(*PHRASES)
    known = SpokenText()
    known.expect(" ".join(PHRASES))
    words = [word for index, phrase in enumerate(PHRASES) if index != lost for word in phrase.split()]
    told = text.tell(Word(word, number * EACH, number * EACH + 2500) for number, word in enumerate(words))
    assert text.whole is (PHRASES[lost] == "...")
    if not text.whole:
        assert text.phrases_spoken == lost
        assert [word.text for word in told] == " ".join(PHRASES[:lost]).split()


@given(st.permutations([phrase for phrase in PHRASES if phrase != "..."]), st.integers(0, 3), st.booleans())
def test_phrases_that_share_words_are_told_apart(phrases, number, lost):
    """If "On Mondays we are closed." is missing, the "are" of "We are open" is not its own."""
    # A word that is not recognised leaves room: behind "Ja." the "we are" may be either phrase's.
    ambiguous = phrases[number : number + 2] == ["On Mondays we are closed.", "Ja."]
    assume(not (lost and ambiguous))
    text = text_of(*phrases)
    words = [word for phrase in phrases if not (lost and phrase == phrases[number]) for word in phrase.split()]
    told = text.tell(Word(word, number * EACH, number * EACH + 1500) for number, word in enumerate(words))
    assert text.whole is not lost
    if lost:
        assert text.phrases_spoken in (number, None)
        assert [word.text for word in told] == " ".join(phrases[:number]).split()


@given(st.floats(0.2, 4.0))
def test_without_words_only_the_length_tells(seconds):
    text = text_of("We are open from nine to five.")
    samples = int(seconds * SAMPLE_RATE)
    words = text.guess(0, samples)
    missing = letters("We are open from nine to five.") - holds(samples)
    assert text.whole is (missing <= 0) or 0 < missing <= MISSING_LETTERS
    assert all(0 <= word.start <= word.end <= samples for word in words)


@pytest.mark.parametrize(
    ("text", "heard", "spoken"),
    [
        ("Ja.", 2, True),
        ("...", 0, False),
        ("\N{THUMBS UP SIGN}!", 0, False),
        ("\N{EM DASH}", 0, False),
        ("[laughs] Ja.", 2, True),
        ('<break time="1s"/> Ja.', 2, True),
        ("\u4f60\u597d", 2, True),
        ("5 %", 1, True),
        ("\N{EURO SIGN}", 0, True),
    ],
)
def test_what_makes_a_sound(text, heard, spoken):
    assert letters(text) == heard
    assert can_be_spoken(text) is spoken
