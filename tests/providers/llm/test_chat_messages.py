"""Turns as chat messages: whatever happened in the call, the next request is one that OpenAI accepts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionFunctionToolParam, ChatCompletionMessageParam
from pydantic import TypeAdapter

from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.providers.llm.chat_messages import chat_messages, closed_schema, function_tools
from phoneagent.records import ToolSpec
from phoneagent.simulator.openai_request import read_request


def caller(text):
    return Turn("caller", text, 1.0)


def agent(text, *, interrupted=False, over=""):
    return Turn("agent", text, 1.0, interrupted=interrupted, generated="...", over=over)


def tool(result, identity="call_1"):
    return Turn("tool", result, 1.0, tool=ToolCall(identity, "book", '{"people":2}'))


def roles(*turns):
    return [(message["role"], message.get("content")) for message in chat_messages("Be brief.", turns)]


def test_who_said_what():
    assert roles(agent("Hello."), caller("Hi."), agent("Yes?")) == [
        ("system", "Be brief."),
        ("assistant", "Hello."),
        ("user", "Hi."),
        ("assistant", "Yes?"),
    ]


def test_turns_of_one_party_in_a_row_are_one_message():
    assert roles(caller("I would like"), caller("a table."), agent("Sure."), agent("Still there?"))[1:] == [
        ("user", "I would like a table."),
        ("assistant", "Sure. Still there?"),
    ]


@pytest.mark.parametrize("broken", ["", '{"people":', "two", "[2]", "null"])
def test_broken_arguments_are_not_sent_back(broken):
    turn = Turn("tool", "the arguments must be a JSON object", 1.0, tool=ToolCall("call_1", "book", broken))
    [message] = [message for message in chat_messages("", [caller("Book."), turn]) if "tool_calls" in message]
    assert message["tool_calls"][0]["function"]["arguments"] == "{}"


def test_an_interruption_is_told_on_both_sides():
    assert roles(agent("We open at", interrupted=True), caller("on Sunday"))[1:] == [
        ("assistant", "We open at —"),
        ("user", "[interrupting] on Sunday"),
    ]


def test_an_operators_note_is_told_on_the_users_side():
    turns = [Turn("agent", "Hello.", 1.0), Turn("operator", "We are full.", 2.0), Turn("caller", "A table?", 3.0)]
    assert [message["content"] for message in chat_messages("", turns)] == [
        "Hello.",
        "[operator's note: We are full.] A table?",
    ]


def test_a_reply_of_which_nothing_was_heard_was_not_said():
    assert roles(caller("I would like"), agent("", interrupted=True), caller("a table."))[1:] == [
        ("user", "I would like [interrupting] a table."),
    ]


def test_what_was_said_over_the_agent_is_a_note_before_the_callers_next_words():
    said = (agent("We open at nine.", over="mm-hm"), caller("And on Sunday?"), agent("At ten."), caller("Thanks."))
    assert roles(*said)[1:] == [
        ("assistant", "We open at nine."),
        ("user", '[while you spoke: "mm-hm"] And on Sunday?'),
        ("assistant", "At ten."),
        ("user", "Thanks."),
    ]


def test_everything_said_over_the_agent_since_the_last_turn_is_told_and_then_the_interruption():
    said = (agent("One moment.", over="okay"), tool("table 4"), agent("I have", interrupted=True, over="right"))
    assert roles(*said, caller("no"))[-1] == ("user", '[while you spoke: "okay", "right"] [interrupting] no')


def test_what_was_said_over_the_last_words_of_the_agent_is_not_told_before_the_caller_speaks():
    assert roles(agent("We open at nine.", over="mm-hm")) == roles(agent("We open at nine."))


def test_a_caller_who_goes_on_speaking_only_adds_to_what_was_sent_before():
    before = (agent("What may I do?", over="uh"), caller("I would like a table"))
    after = (before[0], caller("I would like a table for two"))
    *earlier, was = chat_messages("Be brief.", before)
    *same, now = chat_messages("Be brief.", after)
    assert same == earlier
    assert str(now["content"]).startswith(str(was["content"]))


def test_a_tool_call_stands_before_its_result():
    said, result = chat_messages("", (caller("two"), agent("One moment."), tool("table 4")))[1:]
    assert said["role"] == "assistant"
    assert said["content"] == "One moment."
    (call,) = said["tool_calls"]
    assert call == {"id": "call_1", "type": "function", "function": {"name": "book", "arguments": '{"people":2}'}}
    assert result == {"role": "tool", "tool_call_id": "call_1", "content": "table 4"}


def test_ids_that_a_server_uses_twice_are_made_different():
    messages = chat_messages("", (tool("one"), caller("again"), tool("two")))
    ids = [message["tool_call_id"] for message in messages if message["role"] == "tool"]
    assert len(set(ids)) == 2


def test_turns_are_only_appended_to_what_was_sent_before():
    turns = (
        agent("Hello.", over="hi"),
        caller("two"),
        agent("One moment.", over="mm-hm"),
        tool("table 4"),
        agent("Booked.", over="great"),
        caller("Thanks."),
    )
    before = json.dumps(chat_messages("Be brief.", turns[:4]))
    after = json.dumps(chat_messages("Be brief.", turns))
    assert after.startswith(before[:-1])


TURNS = st.lists(
    st.one_of(
        st.builds(caller, st.sampled_from(["yes", "no", ""])),
        st.builds(
            agent, st.sampled_from(["Sure.", "We", ""]), interrupted=st.booleans(), over=st.sampled_from(["", "mm-hm"])
        ),
        st.builds(tool, st.just("ok"), st.sampled_from(["", "call_0", "call_1"])),
    ),
    max_size=12,
)


@given(TURNS)
def test_every_conversation_is_accepted(turns):
    body = json.dumps({"model": "gpt-4.1", "messages": chat_messages("Be brief.", turns)})
    read_request(body.encode(), ("gpt-4.1",))


# --- tools ------------------------------------------------------------------------------------------

PEOPLE = {"type": "object", "properties": {"people": {"type": "integer"}}, "required": ["people"]}


def test_a_schema_is_closed_and_strict_where_it_can_be():
    (function,) = function_tools((ToolSpec("book", "Book a table", PEOPLE),), strict=True)
    assert function["function"]["strict"] is True
    assert function["function"]["parameters"] == PEOPLE | {"additionalProperties": False}
    (function,) = function_tools((ToolSpec("book", "Book a table", PEOPLE),), strict=False)
    assert function["function"] == {"name": "book", "description": "Book a table", "parameters": PEOPLE}


def test_inner_objects_are_closed_too():
    schema = {
        "type": "object",
        "properties": {"guests": {"type": "array", "items": PEOPLE}, "by": {"anyOf": [PEOPLE, {"type": "null"}]}},
        "required": ["guests", "by"],
    }
    closed = closed_schema(schema)
    assert closed is not None
    assert closed["properties"]["guests"]["items"]["additionalProperties"] is False
    assert closed["properties"]["by"]["anyOf"][0]["additionalProperties"] is False


@pytest.mark.parametrize(
    "schema",
    [
        PEOPLE | {"required": []},
        PEOPLE | {"additionalProperties": True},
        {"type": "object", "properties": {"a": {"type": "string", "default": "x"}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"type": "object", "additionalProperties": {}}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"allOf": [PEOPLE]}}, "required": ["a"]},
    ],
)
def test_a_schema_that_cannot_be_strict_is_sent_as_it_is(schema):
    (function,) = function_tools((ToolSpec("book", "", schema),), strict=True)
    assert "strict" not in function["function"]
    assert function["function"]["parameters"] == schema


# --- by the SDK's own types -------------------------------------------------------------------------


def test_messages_are_of_the_types_of_openais_sdk():
    turns = (
        agent("Hello."),
        caller("Four."),
        agent("One moment."),
        tool("done"),
        agent("It", interrupted=True),
        caller("No"),
    )
    messages = chat_messages("Be brief.", turns)
    known = TypeAdapter(list[ChatCompletionMessageParam]).validate_python(messages)
    assert [set(message) for message in known] == [
        set(message) for message in messages
    ]  # it drops what it does not know


def test_so_are_tools():
    tools = [ToolSpec("book", "Book a table", {"type": "object", "properties": {}})]
    functions = function_tools(tools, strict=True)
    assert TypeAdapter(list[ChatCompletionFunctionToolParam]).validate_python(functions) == functions
