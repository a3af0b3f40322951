"""Is the corpus of openings fit to judge by?"""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.openings import held_out, seen

LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pl", "pt")
OPENINGS = [*seen(), *held_out()]


def test_there_are_enough_and_no_two_are_alike():
    assert len({(opening.language, opening.said) for opening in OPENINGS}) == len(OPENINGS) >= 300
    assert len(held_out()) == pytest.approx(len(OPENINGS) / 5, rel=0.05)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_people_machines_and_screeners(language):
    who = Counter(opening.who for opening in OPENINGS if opening.language == language)
    assert who["person"] >= 0.4 * who.total(), who
    assert min(who.values()) >= 2, who
    assert set(who) == {"person", "machine", "screener"}


def test_each_is_written_in_the_notation():
    for opening in OPENINGS:
        said = re.sub(r"\|\d\.\d\||<beep>|<ced>", "", opening.said)
        assert not set("<>|") & set(said), opening
        assert ("<" in opening.said) <= (opening.who != "person"), opening
