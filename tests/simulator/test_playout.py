"""Twilio's queue: vectors, and what holds for every sequence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.simulator.playout import QUEUE_LIMIT, Playout

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "vectors/twilio/playout.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vector(vector):
    """Each line: what happens, and the marks that come back at that moment (for `step` also the bytes played)."""
    playout = Playout()
    for action, argument, *expected in vector["steps"]:
        if action == "add":
            assert playout.add(b"\x11" * argument) == 0
        elif action == "mark":
            assert [[argument] if playout.mark(argument) else []] == expected
        elif action == "clear":
            assert [playout.clear()] == expected
        else:
            for _ in range(argument):
                played = playout.step()
            assert [len(played.audio), played.marks] == expected


def test_more_than_ten_minutes_is_discarded():
    playout = Playout()
    assert playout.add(b"\x11" * (QUEUE_LIMIT - 10)) == 0
    assert playout.add(b"\x22" * 15) == 5
    assert playout.queued == QUEUE_LIMIT


def test_a_frame_tells_when_the_latest_of_its_audio_came():
    playout = Playout()
    playout.add(b"\x11" * 200, at=1.0)
    playout.add(b"\x22" * 200, at=2.0)
    assert [playout.step().came for _ in range(4)] == [1.0, 2.0, 2.0, None]
    playout.add(b"\x33" * 800, at=3.0)
    playout.clear()
    playout.add(b"\x44" * 160, at=4.0)
    assert playout.step().came == 4.0


ACTIONS = st.one_of(
    st.tuples(st.just("add"), st.binary(min_size=1, max_size=700)),
    st.tuples(st.just("mark"), st.just(b"")),
    st.tuples(st.just("step"), st.just(b"")),
    st.tuples(st.just("clear"), st.just(b"")),
)


@given(st.lists(ACTIONS, max_size=60))
def test_audio_comes_out_as_it_came_in_and_every_mark_comes_back_once(actions):
    playout = Playout()
    heard = b""
    expected = b""  # what was sent and not cleared
    sent: list[str] = []
    returned: list[str] = []
    passed: dict[str, int] = {}  # bytes that have to be played before a mark
    for number, (action, audio) in enumerate(actions):
        if action == "add":
            playout.add(audio)
            expected += audio
        elif action == "mark":
            sent.append(str(number))
            passed[str(number)] = len(expected)
            if playout.mark(str(number)):
                assert len(heard) == len(expected)
                returned.append(str(number))
        elif action == "step":
            played = playout.step()
            for name in played.marks:
                assert passed[name] <= len(heard)
            returned += played.marks
            heard += played.audio
        else:
            returned += playout.clear()
            expected = heard
            assert returned == sent
    while playout.queued:
        played = playout.step()
        heard += played.audio
        returned += played.marks
    returned += playout.step().marks
    assert heard == expected
    assert returned == sent
