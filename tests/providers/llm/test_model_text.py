"""The one door between what a model writes and everybody else."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.providers.llm.model_text import ModelText
from phoneagent.records import ToolSpec

CASES = tomllib.loads((Path(__file__).parents[2] / "vectors" / "model_output" / "text.toml").read_text())["case"]
NO_PARAMETERS = {"type": "object", "properties": {}}
BOOKING = {"type": "object", "properties": {"people": {"type": "integer"}, "time": {"type": "string"}}}
TOOLS = (
    ToolSpec("book_table", "Book a table", BOOKING),
    ToolSpec("opening_hours", "When it is open", NO_PARAMETERS, safe=True),
    ToolSpec("transfer", "Connect the caller", {"type": "object", "properties": {"to": {"type": "string"}}}),
    ToolSpec("end_call", "Hang up", NO_PARAMETERS),
)
MARKS = [
    *"{ } [ ] ( ) < > / 1 é ``` json assistant user analysis final to=functions.book_table end_call end_call()".split(),
    *"book_table( transfer functions. print( seed: antml: Hello <think> </think> [THINK] [/THINK] ◁think▷".split(),
    *"◁/think▷ <answer> <tool_call> </tool_call> <function=book_table> </function> <|im_end|> <|im_start|>".split(),
    *"<|channel|> <|message|> <|start|> <|python_tag|> [TOOL_CALLS] [ARGS] </s>".split(),
    *(" ", ". ", "\n", '"', '{"name": "book_table", "arguments": {"people": 2}}'),
]


def read(pieces, **options):
    text = ModelText(TOOLS, **options)
    said = [text.feed(piece) for piece in pieces]
    said.append(text.end())
    return "".join(said), [(call.name, call.arguments) for call in text.calls]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_comes_of_it(case):
    said, calls = read([case["text"]], thinks_first=case.get("thinks_first", False))
    assert said.strip() == case.get("said", "")
    assert [[name, json.loads(arguments)] for name, arguments in calls] == case.get("calls", [])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_however_it_is_cut(case):
    thinks_first = case.get("thinks_first", False)
    whole = read([case["text"]], thinks_first=thinks_first)
    assert read(case["text"], thinks_first=thinks_first) == whole
    for at in range(len(case["text"])):
        assert read([case["text"][:at], case["text"][at:]], thinks_first=thinks_first) == whole


@given(st.lists(st.sampled_from(MARKS), max_size=14).map("".join), st.data())
def test_whatever_is_written_however_it_is_cut(text, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    thinks_first = data.draw(st.booleans())
    assert read(pieces, thinks_first=thinks_first) == read([text], thinks_first=thinks_first)


def test_a_model_that_thinks_first_is_known_by_its_first_answer():
    text = ModelText(TOOLS)
    text.feed("The caller asks for the hours.\n</think>We are open.")
    assert text.thought_first


@pytest.mark.parametrize(
    ("text", "at_once"),
    [
        ("We are open from noon", "We are open from noon"),
        ("It costs < 5", "It costs < 5"),
        ("Say <emph", "Say <emph"),
        ("an apple { or", "an apple { or"),
        ("I will book", "I will "),  # perhaps book_table(
        ("I will book a", "I will book a"),
        ("so <thi", "so "),
        ("so <this", "so <this"),
    ],
)
def test_nothing_waits_longer_than_it_must(text, at_once):
    door = ModelText(TOOLS)
    assert "".join(door.feed(character) for character in text) == at_once


def test_an_emoji_in_two_halves_is_one():
    assert read(["You are welcome ", "\ud83d", "\ude0a", " anytime."])[0] == "You are welcome 😊 anytime."
    assert read(["You are welcome ", "\ud83d", " anytime."])[0] == "You are welcome  anytime."
