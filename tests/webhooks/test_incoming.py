"""Whatever an operator's system answers about a call is a decision, or a clear word on why it is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.call.incoming import Decision
from phoneagent.errors import IncomingUndecided
from phoneagent.webhooks.incoming import _read

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = st.dictionaries(st.sampled_from(["agent", "variables", "metadata", "refuse", "say"]), JSON)


def understood(body):
    """Raises whatever is neither."""
    try:
        assert isinstance(_read(body), Decision)
    except IncomingUndecided:
        return


@given(answer=JSON | FIELDS)
def test_any_json_is_understood_or_refused(answer):
    understood(json.dumps(answer).encode())


@given(body=st.binary())
def test_any_bytes_are_understood_or_refused(body):
    understood(body)


def test_what_is_about_the_caller_is_not_quoted():
    with pytest.raises(IncomingUndecided) as raised:
        _read(b'{"variables": {"name": ["Ana Moreno"]}}')
    assert "variables.name" in str(raised.value)
    assert "Moreno" not in str(raised.value)
