"""What is known of how long a mind takes, although many were not waited for."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.providers.llm.first_words import ENOUGH, WINDOW, FirstWords


def known(*seconds: float) -> FirstWords:
    words = FirstWords()
    for each in seconds:
        words.took(each)
    return words


def test_of_too_few_nothing_is_said():
    words = known(*range(ENOUGH - 1))
    for _ in range(50):
        words.took_longer_than(0.1)
    assert words.quantile(0.9) is None
    words.took(0.5)
    assert words.quantile(0.9) is not None


@given(st.lists(st.floats(0, 9), min_size=ENOUGH, max_size=WINDOW))
def test_if_all_are_known_a_tenth_is_slower(seconds):
    quantile = known(*seconds).quantile(0.9)
    assert quantile in seconds
    assert sum(each > quantile for each in seconds) <= len(seconds) / 10 + 1e-6
    assert sum(each >= quantile for each in seconds) > len(seconds) / 10 - 1e-6


def test_only_the_last_count():
    words = known(*[9.0] * WINDOW, *[0.2] * WINDOW)
    assert words.quantile(0.9) == 0.2


def test_the_slow_ones_that_were_overtaken_stay_slow():
    words = known(*[0.2] * 80, *[0.4] * 10)
    for _ in range(10):
        words.took_longer_than(0.5)
    assert words.quantile(0.9) == 0.4


def test_those_that_were_cut_off_at_any_time_do_not_make_it_faster_or_slower():
    """Callers who go on speaking cut off half of the replies, and more of the slow ones."""
    chance = random.Random(7)
    found, found_without = [], []
    for _ in range(200):
        words, without = FirstWords(), FirstWords()
        for _ in range(WINDOW):
            seconds, cut = chance.expovariate(1 / 0.4), chance.expovariate(1 / 0.8)
            if seconds <= cut:
                words.took(seconds)
                without.took(seconds)
            else:
                words.took_longer_than(cut)
        found.append(words.quantile(0.9) or 0)
        found_without.append(without.quantile(0.9) or 0)
    truth = 0.921  # seconds: the exponential distribution's p90, ln(10) times its mean
    assert sum(found) / 200 == pytest.approx(truth, rel=0.05)
    assert sum(found_without) / 200 < 0.75 * truth  # what leaving them out would make of it
