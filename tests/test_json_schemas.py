"""What is a JSON schema, and what fits it. Nothing is fetched for either."""

from __future__ import annotations

import datetime as dt

import pytest

from phoneagent.json_schemas import misfits, schema_problem

TABLE = {
    "type": "object",
    "properties": {
        "people": {"type": "integer", "minimum": 1},
        "names": {"type": "array", "items": {"$ref": "#/$defs/name"}},
    },
    "required": ["people"],
    "additionalProperties": False,
    "$defs": {"name": {"type": "string", "minLength": 2}},
}


def test_a_schema_is_one():
    assert schema_problem(TABLE) is None
    assert schema_problem({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}) is None
    assert schema_problem({"properties": {"$ref": {"type": "string"}}}) is None, "a property may be called that"
    assert schema_problem({"enum": [{"$ref": "nowhere"}]}) is None, "a value is no schema"


@pytest.mark.parametrize(
    ("schema", "path", "told"),
    [
        ({"type": "strng"}, ("type",), "expected one of the types array, boolean"),
        ({"properties": {"a": {"type": "nothing"}}}, ("properties", "a", "type"), "expected one of the types"),
        ({"required": "people"}, ("required",), "'people' is not of type 'array'"),
        ({"properties": {"a": {"pattern": "("}}}, ("properties", "a", "pattern"), "is not a 'regex'"),
        ({"$ref": "#/$defs/none"}, ("$ref",), "expected a reference to a part of this schema"),
        ({"anyOf": [{"$ref": "https://example.com/x.json"}]}, ("anyOf", 0, "$ref"), "got 'https://example.com/x.json'"),
        ({"$ref": "http://169.254.169.254/latest"}, ("$ref",), "expected a reference to a part of this schema"),
        ({"default": dt.date(2026, 1, 1)}, (), "date is not JSON serializable"),
        ({"minimum": float("nan")}, (), "not JSON compliant"),
    ],
)
def test_what_is_none_is_told_with_its_place(schema, path, told):
    problem = schema_problem(schema)
    assert problem is not None
    assert problem.path == path
    assert told in problem.text


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"people": 2}, ()),
        ({"people": 2, "names": ["Ana"]}, ()),
        ({"people": "two"}, ("people: 'two' is not of type 'integer'",)),
        ({}, ("the whole: 'people' is a required property",)),
        ({"people": 2, "names": ["Ana", "B"]}, ("names[1]: 'B' is too short",)),
        ([], ("the whole: [] is not of type 'object'",)),
        (None, ("the whole: None is not of type 'object'",)),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(value, told):
    assert misfits(TABLE, value) == told


def test_a_model_that_wrote_nonsense_is_not_told_all_of_it():
    told = misfits({"type": "array", "items": {"type": "integer"}}, ["x" * 1000] * 1000)
    assert len(told) == 10
    assert all(len(each) < 320 for each in told)


def test_a_schema_that_never_ends_fits_nothing():
    assert schema_problem({"$ref": "#"}) is None
    assert misfits({"$ref": "#"}, 1) == ("the whole: the value, or the schema, refers to itself without end",)


# -- patterns of other people: Python's engine would take exponential time -------------------------------

SLOW, TEXT = "^(a|aa)+$", "a" * 200 + "!"


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"properties": {"a": {"pattern": SLOW}}}, ("properties", "a", "pattern")),
        ({"anyOf": [{"patternProperties": {SLOW: {}}}]}, ("anyOf", 0, "patternProperties", SLOW)),
    ],
)
def test_a_schema_with_a_pattern_that_may_take_for_ever_is_refused(schema, path):
    problem = schema_problem(schema)
    assert problem is not None
    assert problem.path == path
    assert "takes too long on long texts" in problem.text


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"items": {"pattern": SLOW}}, [TEXT] * 100),
        ({"patternProperties": {SLOW: {}}}, {TEXT: 1}),
        ({"patternProperties": {SLOW: {}}, "additionalProperties": False}, {TEXT: 1}),
        ({"properties": {"b": {"patternProperties": {SLOW: {}}}}, "unevaluatedProperties": False}, {"b": {TEXT: 1}}),
    ],
)
def test_what_takes_too_long_to_be_judged_does_not_fit(schema, value):
    assert misfits(schema, value) == ("the whole: it takes too long to be compared with the patterns of its schema",)


def test_the_properties_of_a_pattern_are_judged_by_it_and_no_others_are_allowed():
    schema = {
        "properties": {"name": {"type": "string"}},
        "patternProperties": {"^x-": {"type": "integer"}},
        "additionalProperties": False,
    }
    assert misfits(schema, {"name": "Ana", "x-a": 1}) == ()
    assert misfits(schema, {"x-a": "1"}) == ("x-a: '1' is not of type 'integer'",)
    assert misfits(schema, {"y": 1}) == ("the whole: Additional properties are not allowed ('y' was unexpected)",)
    assert misfits({**schema, "additionalProperties": {"type": "null"}}, {"y": 1, "x-a": 2}) == (
        "y: 1 is not of type 'null'",
    )


def test_additional_properties_without_patterns_are_told_as_ever():
    assert misfits(TABLE, {"people": 1, "peple": 2}) == (
        "the whole: Additional properties are not allowed ('peple' was unexpected)",
    )
