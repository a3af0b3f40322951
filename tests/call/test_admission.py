"""Calls are refused before those in progress suffer, and welcome again when it is calm."""

from __future__ import annotations

import pytest

from phoneagent.call.admission import CALM, FILES_A_CALL, MOST_CALLS, SLOW, SPARE_FILES, Admission, most_calls


@pytest.mark.parametrize(("calls", "closed"), [(0, ""), (9, ""), (10, "full"), (11, "full")])
def test_there_is_room_for_so_many_calls(calls, closed):
    assert Admission(10).closed(calls) == closed


def test_a_late_loop_takes_no_further_call_until_it_is_calm():
    lags = iter([0.0, SLOW - 0.001, SLOW, SLOW - 0.001, CALM + 0.001, CALM, SLOW - 0.001])
    admission = Admission(10, lambda: next(lags))
    assert [admission.closed(5) for _ in range(7)] == ["", "", "slow", "slow", "slow", "", ""]


def test_without_calls_a_call_is_welcome_however_late_the_loop_is():
    assert Admission(10, lambda: 1.0).closed(0) == ""


def test_where_no_number_is_set_the_lag_decides_alone():
    """A hundred calls one after the other, on a loop that is a little later with each."""
    calls = 0
    admission = Admission(most_calls(), lambda: calls * SLOW / 80)
    while not admission.closed(calls):
        calls += 1
    assert calls == 80
    assert admission.closed(calls) == "slow"


def test_a_limit_that_is_set_stays_one_however_calm_it_is():
    assert Admission(7, lambda: 0.0).closed(7) == "full"


def test_open_files_bound_what_nobody_has_limited():
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        assert 1 <= most_calls() <= MOST_CALLS
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert soft >= min(hard if hard != resource.RLIM_INFINITY else MOST_CALLS, SPARE_FILES + FILES_A_CALL)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
