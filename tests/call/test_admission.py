"""Calls are refused before those in progress suffer, and welcome again when it is calm."""

from __future__ import annotations

import pytest

from phoneagent.call.admission import CALM, SLOW, Admission


@pytest.mark.parametrize(("calls", "closed"), [(0, ""), (9, ""), (10, "full"), (11, "full")])
def test_there_is_room_for_so_many_calls(calls, closed):
    assert Admission(10).closed(calls) == closed


def test_a_late_loop_takes_no_further_call_until_it_is_calm():
    lags = iter([0.0, SLOW - 0.001, SLOW, SLOW - 0.001, CALM + 0.001, CALM, SLOW - 0.001])
    admission = Admission(10, lambda: next(lags))
    assert [admission.closed(5) for _ in range(7)] == ["", "", "slow", "slow", "slow", "", ""]


def test_without_calls_a_call_is_welcome_however_late_the_loop_is():
    assert Admission(10, lambda: 1.0).closed(0) == ""
