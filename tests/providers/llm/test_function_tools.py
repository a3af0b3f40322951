"""Tools as functions: whatever a schema is, the simulated OpenAI takes the request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from phoneagent.conversation.events import ReplyDone
from phoneagent.conversation.transcript import Turn
from phoneagent.providers.llm.function_tools import function_tools, left_out
from phoneagent.providers.llm.openai import OpenAiModel
from phoneagent.records import ToolSpec
from phoneagent.simulator.openai import OpenAiServer
from phoneagent.simulator.openai_request import RequestError, read_request
from phoneagent.simulator.openai_schema import refusal

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "openai" / "function_schemas.json").read_text())
MODEL = "gpt-6-luna"
TEXT = {"type": "string"}


def called(*schemas: Any, strict: bool = True) -> list[dict[str, Any]]:
    tools = [ToolSpec(f"tool_{number}", "Does it.", schema) for number, schema in enumerate(schemas)]
    return [tool["function"] for tool in function_tools(tools, strict=strict)]


def accepted(tools: list[dict[str, Any]]) -> None:
    """Raises `RequestError` if the simulated OpenAI refuses a request with these functions."""
    functions = [{"type": "function", "function": function} for function in tools]
    request = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Hi"}],
        "reasoning_effort": "none",
        **({"tools": functions} if functions else {}),
    }
    read_request(json.dumps(request).encode(), (MODEL,))


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def ref(number: int, **beside: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/D{number}"} | beside


def nested(levels: int, inner: Any) -> Any:
    for _ in range(levels):
        inner = {"type": "array", "items": inner}
    return inner


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_schemas_of_all_kinds_are_accepted(vector):
    (function,) = called(vector["schema"])
    accepted([function])
    assert vector["told"] in ("any", "strict" if function.get("strict") else "loose")
    (function,) = called(vector["schema"], strict=False)
    assert "strict" not in function
    accepted([function])


@pytest.mark.parametrize("vector", [each for each in VECTORS if each["told"] == "loose"], ids=lambda each: each["name"])
def test_what_is_not_strict_would_be_refused_as_it_is(vector):
    """Or loses something: that it is sent without strict mode is for a reason."""
    assert refusal(vector["schema"], strict=True)


@pytest.mark.parametrize(
    "schema",
    [
        obj(a=nested(200, TEXT)),
        obj(a={"type": "string", "enum": [f"v{number}" for number in range(1_001)]}),
        obj(a={"type": "string", "enum": ["x" * 60 + str(number) for number in range(251)]}),
        obj(**{"p" * 60 + str(number): TEXT for number in range(2_000)}),
        obj(**{f"p{number}": TEXT for number in range(1_200)}),
        obj(**{f"p{number}": {"$ref": "#"} for number in range(40)}),
        {
            **obj(a=ref(0)),
            "$defs": {f"D{n}": obj(a=ref(n + 1, title="a"), b=ref(n + 1, title="b")) for n in range(40)},
        },
        {
            **obj(a=ref(0, title="it doubles")),
            "$defs": {
                f"D{n}": obj(
                    a={"$ref": f"#/$defs/D{n + 1}", "title": "a"}, b={"$ref": f"#/$defs/D{n + 1}", "title": "b"}
                )
                for n in range(40)
            },
        },
        obj(
            a={"const": 10**400},
            b={"type": "integer", "maximum": 10**30},
            c={"type": "number", "minimum": float("nan")},
        ),
        obj(a={"description": "half a character: \ud83d", "default": {"b": {1, 2}}}),
        obj(a={"pattern": "(" * 300}, b={"pattern": "a" * 10_000}),
    ],
    ids=range(11),
)
def test_schemas_that_are_too_large_or_no_json_are_told_as_far_as_they_can_be(schema):
    (function,) = called(schema)
    accepted([function])
    assert len(json.dumps(function)) < 1_000_000


def test_a_free_form_object_stays_open():
    (function,) = called(obj(data={"type": "object"}, more={"type": "object", "properties": {}}))
    for name in ("data", "more"):
        jsonschema.validate({"data": {}, "more": {}} | {name: {"anything": 1}}, function["parameters"])


def test_what_a_root_combines_is_told_as_its_properties():
    (function,) = called({"type": "object", "oneOf": [obj(number=TEXT), obj(name=TEXT)], "properties": {"at": TEXT}})
    assert set(function["parameters"]["properties"]) == {"number", "name", "at"}
    (function,) = called({"allOf": [obj(number=TEXT), obj(name=TEXT)]})
    assert function["parameters"]["required"] == ["number", "name"]


def test_a_long_description_loses_its_middle():
    (tool,) = function_tools([ToolSpec("a", "Begin. " + "x" * 5_000 + " End.", {})], strict=True)
    assert tool["function"]["description"].startswith("Begin. ")
    assert tool["function"]["description"].endswith(" End.")
    accepted([tool["function"]])


@pytest.mark.parametrize(
    ("tool", "problem"),
    [
        (ToolSpec("bestätige", "", {}), "expected a name of at most 64 letters"),
        (ToolSpec("a" * 65, "", {}), "expected a name of at most 64 letters"),
        (ToolSpec("look up", "", {}), "got 'look up'"),
        (ToolSpec("", "", {}), "got ''"),
        (ToolSpec("look_up", "", {"type": "string"}), 'expected parameters with type = "object"'),
        (ToolSpec("look_up", "", {"$ref": "#/$defs/A", "$defs": {"A": {"type": "array"}}}), "got 'array'"),
        (ToolSpec("look_up", "", True), "expected parameters as a JSON schema, got True"),  # type: ignore[arg-type]
    ],
)
async def test_one_bad_tool_does_not_take_the_others_along(tool, problem):
    good = ToolSpec("book", "Book a table.", obj(people={"type": "integer"}))
    ((name, told),) = left_out([good, tool])
    assert name == tool.name
    assert problem in told
    async with OpenAiServer() as server:
        mind = OpenAiModel("k", base_url=server.base_url, model=MODEL, flavor="openai")
        turns = (Turn("caller", "Hello.", 1.0),)
        with capture_logs() as logs:
            for _ in range(2):
                thoughts = [each async for each in mind.reply(1, instructions="", turns=turns, tools=(good, tool))]
                assert thoughts[-1] == ReplyDone(1)
        await mind.aclose()
    (told_once,) = [each for each in logs if each["event"] == "llm_tool_left_out"]
    assert (told_once["tool"], told_once["problem"]) == (name, told)


def test_a_request_has_as_many_tools_as_are_taken():
    tools = [ToolSpec(f"tool_{number}", "", {}) for number in range(130)]
    accepted([tool["function"] for tool in function_tools(tools, strict=True)])
    assert [name for name, _ in left_out(tools)] == ["tool_128", "tool_129"]


# -- whatever there may be ---------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**20) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["a", "b", "größe", "x y", "$ref", "type"])
KINDS = st.sampled_from(["string", "number", "integer", "boolean", "null", "object", "array", "any"])
REFERENCES = st.sampled_from(
    ["#", "#/$defs/A", "#/$defs/B", "#/definitions/A", "#/properties/a", "#/nowhere", "x.json"]
)
PATTERNS = st.sampled_from(["^a+$", "(?=a)", "(?<!a)b", r"\p{L}", r"(a)\1", "[", "(?:a|b)*", "a*+", "(?i)a"])
FORMATS = st.sampled_from(["date", "uuid", "uri", "path", "email", "binary"])


def _keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named, some = st.dictionaries(NAMES, inner, max_size=3), st.lists(inner, max_size=3)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": KINDS | st.lists(KINDS, max_size=3) | JSON,
            "properties": named | JSON,
            "required": st.lists(NAMES, max_size=3) | JSON,
            "additionalProperties": st.booleans() | inner,
            "items": inner | st.booleans() | some,
            "prefixItems": some,
            "anyOf": some | JSON,
            "oneOf": some,
            "allOf": some,
            "not": inner,
            "enum": st.lists(JSON, max_size=4) | JSON,
            "const": JSON,
            "default": JSON,
            "description": st.just("what it is") | JSON,
            "pattern": PATTERNS | JSON,
            "format": FORMATS | JSON,
            "minimum": JSON,
            "exclusiveMinimum": st.booleans() | st.integers(),
            "multipleOf": JSON,
            "minItems": JSON,
            "nullable": st.booleans(),
            "$ref": REFERENCES,
            "$defs": st.dictionaries(st.sampled_from("AB"), inner, max_size=2),
            "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
            "x-own": JSON,
        },
    )


ANY = st.recursive(JSON | st.just({}), _keywords, max_leaves=12)
ROOTS = st.builds(lambda root, more: {**root, **more}, _keywords(ANY), st.just({}) | st.just({"type": "object"}))


@given(ROOTS, st.booleans())
def test_any_schema_at_all_gives_a_request_that_is_accepted(schema, strict):
    accepted(called(schema, strict=strict))


@st.composite
def _vendors_own(draw: st.DrawFn, depth: int = 3) -> tuple[dict[str, Any], st.SearchStrategy[Any]]:
    """A schema of the grammar that strict mode documents, and values that fit it."""
    kind = draw(
        st.sampled_from(
            ["string", "integer", "boolean", "enum", "nullable"] + ["array", "object", "anyOf"] * (depth > 0)
        )
    )
    match kind:
        case "string":
            return {"type": "string", "description": "a text"}, st.text(max_size=3)
        case "integer":
            return {"type": "integer", "minimum": 1, "maximum": 9}, st.integers(1, 9)
        case "boolean":
            return {"type": "boolean"}, st.booleans()
        case "enum":
            listed = draw(st.lists(st.sampled_from(["a", "b", 1, 2]), min_size=1, unique=True))
            return {"enum": listed}, st.sampled_from(listed)
        case "nullable":
            return {"type": ["string", "null"]}, st.none() | st.text(max_size=3)
        case "array":
            items, values = draw(_vendors_own(depth - 1))
            return {"type": "array", "items": items}, st.lists(values, max_size=2)
        case "anyOf":
            options = draw(st.lists(_vendors_own(depth - 1), min_size=1, max_size=2))
            return {"anyOf": [schema for schema, _ in options]}, st.one_of(*(values for _, values in options))
    members = draw(st.dictionaries(st.sampled_from("abc"), _vendors_own(depth - 1), min_size=1))
    schema = obj(**{name: one for name, (one, _) in members.items()})
    return schema, st.fixed_dictionaries({name: values for name, (_, values) in members.items()})


@given(st.data())
def test_what_strict_mode_documents_is_strict_and_takes_the_same_values(data):
    inner, values = data.draw(_vendors_own())
    schema = {**obj(a=inner, b={"$ref": "#/$defs/B", "description": "the same"}), "$defs": {"B": inner}}
    (function,) = called(schema)
    assert function["strict"] is True
    accepted([function])
    given_value = {"a": data.draw(values), "b": data.draw(values)}
    jsonschema.validate(given_value, function["parameters"])
    (function,) = called(schema, strict=False)
    jsonschema.validate(given_value, function["parameters"])


def test_the_simulated_openai_refuses_in_the_vendors_words():
    def refused(schema: Any, *, strict: bool = True) -> str:
        with pytest.raises(RequestError) as caught:
            accepted([{"name": "f", "parameters": schema, "strict": strict}])
        assert caught.value.param == "tools[0].function.parameters"
        assert caught.value.code == "invalid_function_parameters"
        return str(caught.value).removeprefix("Invalid schema for function 'f': ")

    closed = {"additionalProperties": False}
    assert refused({"type": "object"}, strict=False) == "In context=(), object schema missing properties."
    assert refused({}, strict=False) == "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."
    assert "array schema missing items" in refused(obj(a={"type": "array"}), strict=False)
    assert "is not a 'regex'" in refused(obj(a={"pattern": r"\p{L}"}), strict=False)
    assert "not have 'oneOf'/'anyOf'" in refused({**obj(a=TEXT), "anyOf": [{}]}, strict=False)
    uri = obj(a={"type": "string", "format": "uri"}) | closed
    assert refused(uri) == "In context=('properties', 'a'), 'uri' is not a valid format."
    assert "schema must have a 'type' key." in refused(obj(a={}) | closed)
    assert "'default' is not permitted." in refused(obj(a=TEXT | {"default": "x"}) | closed)
    assert "'additionalProperties' is required to be supplied and to be false" in refused(obj(a=TEXT))
    assert "Missing 'a'" in refused(obj(a=TEXT) | closed | {"required": []})
    reference = {**obj(a={"$ref": "#/$defs/A", "description": "x"}), **closed, "$defs": {"A": TEXT}}
    assert "$ref cannot have keywords {'description'}." in refused(reference)
    values = {"type": "string", "enum": [str(number) for number in range(1_001)]}
    assert "Expected at most 1000 enum values in total" in refused(obj(a=values) | closed)
