"""Lists of words to expect, cut to what a provider takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.catalogue.deepgram import KEYTERM_CHARACTERS, KEYTERM_TOKENS, KEYTERMS_AT_MOST
from phoneagent.providers.stt.keyterms import FittedKeyterms, KeytermLimits, fit, tokens_in
from phoneagent.simulator.deepgram_keyterms import refusal

LIMITS = KeytermLimits(KEYTERMS_AT_MOST, KEYTERM_CHARACTERS, KEYTERM_TOKENS)


def test_blanks_are_dropped_and_repetitions_sent_once():
    fitted = fit(["", "  ", "Aurelia", "\u200b", "Aurelia ", "\x00", "-", "Chef  Salad", "Chef\tSalad"], LIMITS)
    assert fitted.terms == ("Aurelia", "Chef Salad")
    assert fitted.left_out == ()


def test_the_same_word_in_other_letters_is_a_repetition():
    assert fit(["iPhone", "IPHONE", "Gro\u0308ße", "Größe"], LIMITS).terms == ("iPhone", "Größe")


def test_control_characters_are_removed():
    assert fit(["Aure\x07lia", "A\ud800b", "x\u202ey", "Chef\nSalad"], LIMITS).terms == (
        "Aurelia",
        "Ab",
        "xy",
        "Chef Salad",
    )
    assert fit(["می\u200cخواهم"], LIMITS).terms == ("می\u200cخواهم",), "a joiner is part of the spelling"


def test_a_hundred_terms_in_the_order_given():
    names = [f"n{number}" for number in range(120)]
    fitted = fit(names, LIMITS)
    assert fitted.terms == tuple(names[:100])
    assert fitted.left_out == tuple(names[100:])


@pytest.mark.parametrize("length", [100, 101, 5000])
def test_a_term_of_more_than_a_hundred_characters_is_left_out(length):
    fitted = fit(["Aurelia", "a" * length, "Meier"], LIMITS)
    assert fitted.terms == (("Aurelia", "a" * length, "Meier") if length == 100 else ("Aurelia", "Meier"))


def test_words_are_not_tokens():
    """Long words, numbers and other alphabets have several; the list is over its limit long before 500 words."""
    for term in ("Donaudampfschifffahrt", "OK-LBA 7341", "Ωμέγα", "東京都"):
        assert tokens_in(term) > len(term.split())
    menu = [f"Quattro Stagioni Number {number}" for number in range(100)]
    fitted = fit(menu, LIMITS)
    assert 20 < len(fitted.terms) < 100
    assert fitted.terms + fitted.left_out == tuple(menu)


def test_a_list_of_a_hundred_ordinary_names_fits():
    names = [
        f"{first}{last}"
        for first in "ABCDEFGHIJ"
        for last in "anna berg cole dahl ende fuchs gross haas iden jung".split()
    ]
    assert len(fit(names, LIMITS).terms) == 100


def test_what_is_too_long_makes_room_for_what_follows():
    fitted = fit([*(f"{letter}{'7' * 98}" for letter in "abcdef"), "Meier"], LIMITS)
    assert fitted.terms[-1] == "Meier"
    assert len(fitted.left_out) == 1


@given(st.lists(st.text(max_size=130) | st.text("aA1é東 -", max_size=130), max_size=130))
def test_what_is_sent_is_taken(terms):
    fitted = fit(terms, LIMITS)
    assert refusal(fitted.terms) is None
    assert fit(fitted.terms, LIMITS) == FittedKeyterms(fitted.terms)
