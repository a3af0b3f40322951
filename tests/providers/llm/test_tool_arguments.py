"""Arguments as a model meant them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.providers.llm.tool_arguments import arguments_as_meant

SCHEMA = {
    "type": "object",
    "properties": {
        "people": {"type": "integer"},
        "price": {"type": "number"},
        "outside": {"type": "boolean"},
        "time": {"type": "string"},
        "names": {"type": "array", "items": {"type": "string"}},
        "address": {"type": "object", "properties": {"street": {"type": "string"}, "floor": {"type": "integer"}}},
        "note": {"type": ["string", "null"]},
    },
    "required": ["people"],
}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", {}),
        (" ", {}),
        ("null", {}),
        (None, {}),
        ("[]", {}),
        ('{"people": 2}', {"people": 2}),
        ({"people": 2}, {"people": 2}),
        ('"{\\"people\\": 2}"', {"people": 2}),
        ('"\\"{\\\\\\"people\\\\\\": 2}\\""', {"people": 2}),
        ('```json\n{"people": 2}\n```', {"people": 2}),
        ('{"people": 2}\n</tool_call>', {"people": 2}),
        ('{"people": 2}<|im_end|>', {"people": 2}),
        ('{"people": 2}\n```', {"people": 2}),
        ('{"people": 2,}', {"people": 2}),
        ("{'people': 2, 'time': '7 pm'}", {"people": 2, "time": "7 pm"}),
        ('{people: 2, "outside": True}', {"people": 2, "outside": True}),
        ('[{"people": 2}]', {"people": 2}),
        ('{"arguments": {"people": 2}}', {"people": 2}),
        ('{"name": "book", "parameters": {"people": 2}}', {"people": 2}),
        # null is how models leave out what they may
        ('{"people": 2, "time": null, "other": null}', {"people": 2}),
        ('{"people": null, "note": null}', {"people": None, "note": None}),
        # other types that can be told without loss
        ('{"people": 2.0}', {"people": 2}),
        ('{"people": "2"}', {"people": 2}),
        ('{"people": "two"}', {"people": "two"}),
        ('{"people": 2.5}', {"people": 2.5}),
        ('{"people": 2, "price": "3.50"}', {"people": 2, "price": 3.5}),
        ('{"people": 2, "outside": "False"}', {"people": 2, "outside": False}),
        ('{"people": 2, "time": 7}', {"people": 2, "time": "7"}),
        ('{"people": 2, "names": "[\\"Ana\\"]"}', {"people": 2, "names": ["Ana"]}),
        ('{"people": 2, "names": [1, "Ana"]}', {"people": 2, "names": ["1", "Ana"]}),
        ('{"people": 2, "address": {"floor": "3", "x": null}}', {"people": 2, "address": {"floor": 3}}),
    ],
)
def test_what_can_only_be_meant_in_one_way_is_read_so(written, meant):
    assert json.loads(arguments_as_meant(written, SCHEMA)) == meant


@pytest.mark.parametrize(
    "written", ['{"people": 1', '{"people', "book it", "[1, 2]", "7", '{"people": 1} or {"people": 2']
)
def test_everything_else_is_left_for_the_tool_to_complain_of(written):
    assert arguments_as_meant(written, SCHEMA) == written


def test_what_fits_is_sent_on_byte_for_byte():
    assert arguments_as_meant('{"people":2,  "time":"7"}', SCHEMA) == '{"people":2,  "time":"7"}'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(JSON | st.text() | st.text(alphabet='{}[]",:\\ 1a`<>|'), JSON)
def test_whatever_is_written_becomes_text_that_can_be_sent(written, schema):
    schema = schema if isinstance(schema, dict) else {}
    arguments_as_meant(written, schema).encode()


@pytest.mark.parametrize("written", ["{" * 5_000 + "}", "[{" * 5_000 + "}]", '{"a":' * 5_000 + "}" * 5_000])
def test_what_is_broken_without_end_is_not_mended(written):
    """The library would take a second for it, in which no call goes on."""
    assert arguments_as_meant(written, SCHEMA) == written
