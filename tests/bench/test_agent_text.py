"""Eager turns on or off, in the text of an agent file."""

from __future__ import annotations

import tomllib

import pytest

from phoneagent.agent_file import BUILT_IN
from phoneagent.bench.agent_text import with_eager_turns

KNOB_IN_ANOTHER = 'name = "a"\n[turn_taking]\nidle_after = 2.0\n[other]\neager_turns = 7\n'


@pytest.mark.parametrize("eager", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        BUILT_IN.read_text(),
        'name = "a"\n',
        'name = "a"\n[turn_taking] # knobs\neager_turns = true # yes\nidle_after = 2.0\n',
        KNOB_IN_ANOTHER,
    ],
)
def test_the_knob_is_set_and_nothing_else(text, eager):
    before, after = tomllib.loads(text), tomllib.loads(with_eager_turns(text, eager))
    assert after["turn_taking"].pop("eager_turns") is eager
    before.setdefault("turn_taking", {}).pop("eager_turns", None)
    assert after == before


def test_left_as_it_is():
    assert with_eager_turns(KNOB_IN_ANOTHER, None) == KNOB_IN_ANOTHER
