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


@pytest.mark.parametrize(
    ("answer", "decision"),
    [
        ({"varibles": {"name": "Ana"}}, Decision()),
        (
            {"variables": {"age": 41, "vip": True, "rate": 1.5, "note": None}},
            {"age": "41", "vip": "true", "rate": "1.5"},
        ),
        ({"variables": {"note": "a\x00b\x1b\ud83d\ude0a\ud83d"}}, {"note": "ab\U0001f60a"}),
        ({"agent": None, "refuse": None, "say": None, "metadata": None}, Decision()),
        ({"refuse": False}, Decision()),
        ({"refuse": ""}, Decision()),
        ({"refuse": True}, Decision(refuse="reject")),
        ({"refuse": "Reject", "say": 7}, Decision(refuse="reject", say="7")),
        ({"refuse": "busy", "say": "x" * 501}, Decision(refuse="busy", say="x" * 500)),
        ({"refuse": "busy", "say": {"en": "Closed."}}, Decision(refuse="busy")),
        ({"refuse": "busy", "variables": {str(n): "" for n in range(60)}}, Decision(refuse="busy")),
    ],
)
def test_answers_are_taken_as_they_are_meant(answer, decision):
    understood = _read(json.dumps(answer).encode())
    assert understood == (decision if isinstance(decision, Decision) else Decision(variables=decision))


@given(refuse=st.sampled_from(["busy", "reject"]), others=FIELDS | st.dictionaries(st.text(), JSON))
def test_nothing_beside_it_turns_a_refusal_into_an_answer(refuse, others):
    assert _read(json.dumps({**others, "refuse": refuse}).encode()).refuse == refuse


@pytest.mark.parametrize(
    "body", ['{"refuse": "busy", "name": "José"}'.encode("cp1252"), b'\xef\xbb\xbf{"refuse": "busy"}']
)
def test_nor_does_its_encoding(body):
    assert _read(body).refuse == "busy"


def test_what_is_about_the_caller_is_not_quoted():
    with pytest.raises(IncomingUndecided) as raised:
        _read(b'{"variables": {"name": ["Ana Moreno"]}}')
    assert "variables.name" in str(raised.value)
    assert "Moreno" not in str(raised.value)
