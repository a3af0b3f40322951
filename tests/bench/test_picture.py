"""A run as a picture."""

from __future__ import annotations

import dataclasses
from xml.etree import ElementTree as ET

import pytest

from phoneagent.bench.picture import REST, STAGES, picture
from phoneagent.bench.turns import MeasuredTurn, Stages

from .made_up import made_up

USUAL = Stages(ears=0.12, end_of_turn=0.26, first_token=0.25, phrase=0.04, first_audio=0.09)


def drawn(*turns):
    root = ET.fromstring(picture(dataclasses.replace(made_up(), each_turn=turns, turns=len(turns))))  # noqa: S314  # ours

    def rects(kind):
        return [rect.attrib for rect in root.iter("{http://www.w3.org/2000/svg}rect") if rect.get("class") == kind]

    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    return rects("bin"), rects("stage"), words


def test_bins_are_as_high_as_there_are_turns_in_them():
    bins, _, words = drawn(*(MeasuredTurn("Anna", 1, latency) for latency in (0.520, 0.525, 0.529, 0.540)))
    heights = [float(rect["height"]) for rect in bins]
    assert heights == [pytest.approx(160.0), pytest.approx(160.0 / 3, abs=0.1)]
    assert {"p50 525 ms", "p95 540 ms"} <= set(words)


def test_the_parts_of_an_answer_add_up_to_its_latency():
    _, stages, words = drawn(MeasuredTurn("Anna", 1, 0.56, eager=True, stages=USUAL))
    median = stages[: len(stages) // 2]
    assert [rect["fill"] for rect in median] == [*(colour for _, _, colour in STAGES), REST[1]]
    widths = [float(rect["width"]) for rect in median]
    scale = widths[0] / 0.12
    assert [width / scale for width in widths] == pytest.approx([0.12, 0.25, 0.04, 0.09, 0.06], abs=0.001)
    assert "p50, eager" in words


def test_turns_whose_parts_are_not_known_are_counted_all_the_same():
    bins, stages, _ = drawn(MeasuredTurn("Anna", 1, 0.5))
    assert len(bins) == 1
    assert stages == []


def test_nothing_measured_is_drawn_as_nothing():
    assert drawn()[:2] == ([], [])
