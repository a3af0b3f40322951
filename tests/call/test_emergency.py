"""Emergency numbers are known in every disguise, and ordinary numbers are not taken for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.call.emergency import dialled, is_emergency

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "numbers" / "emergency.json").read_text())


@pytest.mark.parametrize("address", VECTORS["emergency"])
def test_an_emergency_number_is_known_however_it_is_written(address):
    assert is_emergency(address)


@pytest.mark.parametrize("address", VECTORS["ordinary"])
def test_an_ordinary_number_is_not_taken_for_one(address):
    assert not is_emergency(address)


@pytest.mark.parametrize(
    ("address", "country"), [("100", "GR"), ("sip:100@pbx.example", "IN"), ("111", "NZ"), ("15", "FR"), ("190", "BR")]
)
def test_the_short_ones_of_a_country_count_there(address, country):
    assert is_emergency(address, {country})
    assert is_emergency(address, {"US", country})
    assert not is_emergency(address, {"US"})


@given(st.text() | st.from_regex(r"(sip:|tel:|)\+?[0-9*#%;@]{0,30}"))
def test_whatever_is_written_it_is_decided(address):
    is_emergency(address, {"US"})
    assert len(dialled(address)) <= 200


@pytest.mark.parametrize(
    "address", ["+" * 100_000, "9" * 100_000, "sip:" * 50_000, "%39" * 50_000, "-" * 100_000 + "911"]
)
def test_only_the_beginning_of_what_is_very_long_is_looked_at(address):
    assert not is_emergency(address)
