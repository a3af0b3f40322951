"""Python functions as tools of a model."""

import asyncio
import json
import threading
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from phoneagent.agent_file import parse_agent
from phoneagent.conversation.running_tools import SlowMessage, ToolMessages
from phoneagent.errors import ToolError
from phoneagent.toolbox import PythonTools, find_function, find_marked, tool_spec
from phoneagent.tools import tool

from . import shop_tools


def book(people: Annotated[int, Field(ge=1, description="how many guests")], time: str = "noon") -> str:
    """Book a table."""
    return f"{people} at {time}"


async def look_up(name: str) -> dict[str, str]:
    """Look somebody up."""
    await asyncio.sleep(0.1)
    return {"name": name}


def box(*functions, timeout=1.0):
    return PythonTools(
        tuple(tool_spec(function, timeout=timeout) for function in functions),
        {function.__name__: function for function in functions},
    )


def test_a_function_is_described_by_its_signature_and_docstring():
    spec = tool_spec(book, safe=True, timeout=2.0)
    assert (spec.name, spec.description, spec.safe, spec.timeout) == ("book", "Book a table.", True, 2.0)
    assert spec.parameters["required"] == ["people"]
    assert spec.parameters["additionalProperties"] is False
    assert spec.parameters["properties"]["people"] == {
        "description": "how many guests",
        "minimum": 1,
        "title": "People",
        "type": "integer",
    }
    json.dumps(dict(spec.parameters))


def test_choices_and_models_are_described_too():
    class Guest(BaseModel):
        name: str

    def seat(guest: Guest, where: Literal["inside", "outside"]) -> str:
        """Seat a guest."""
        return where

    properties = tool_spec(seat).parameters["properties"]
    assert properties["where"]["enum"] == ["inside", "outside"]
    assert properties["guest"] == {"$ref": "#/$defs/Guest"}


@pytest.mark.parametrize("function", [lambda people: people, lambda: None])
def test_a_function_without_a_docstring_is_no_tool(function):
    with pytest.raises(TypeError, match="has no docstring"):
        tool_spec(function)


def test_a_function_that_json_cannot_call_is_no_tool():
    def listen(socket: threading.Thread) -> str:
        """Listen."""
        return str(socket)

    with pytest.raises(TypeError, match="the parameters of listen cannot be described to a model"):
        tool_spec(listen)


async def test_arguments_are_validated_and_converted():
    tools = box(book)
    assert await tools.run("book", '{"people": "4", "time": "7:30"}', call="CA1") == "4 at 7:30"
    assert await tools.run("book", '{"people": 2}', call="CA1") == "2 at noon"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ('{"people": "many"}', "book: people: Input should be a valid integer, unable to parse string as an integer"),
        ('{"people": 0}', "book: people: Input should be greater than or equal to 1"),
        ("{}", "book: people: Missing required argument"),
        ("", "book: people: Missing required argument"),
        ('{"people": 2, "day": "monday"}', "book: day: Unexpected keyword argument"),
        ('{"people": 2', "book: the arguments must be a JSON object."),
        ("[2]", "book: the arguments must be a JSON object."),
    ],
)
async def test_the_model_is_told_what_is_wrong_with_its_arguments(arguments, problem):
    with pytest.raises(ToolError) as caught:
        await box(book).run("book", arguments, call="CA1")
    assert str(caught.value) == problem


async def test_results_that_are_no_text_become_json():
    assert await box(look_up).run("look_up", '{"name": "Ada"}', call="CA1") == '{"name":"Ada"}'


async def test_a_function_without_async_does_not_stop_the_calls():
    here = threading.get_ident()

    def where() -> bool:
        """Tell whether this is the event loop's thread."""
        return threading.get_ident() == here

    assert await box(where).run("where", "{}", call="CA1") == "false"


async def test_a_slow_tool_has_failed():
    async def dawdle() -> str:
        """Take a minute."""
        await asyncio.sleep(60)
        return "done"

    before = asyncio.get_running_loop().time()
    with pytest.raises(ToolError, match=r"dawdle did not answer within 1.5 seconds."):
        await box(dawdle, timeout=1.5).run("dawdle", "{}", call="CA1")
    assert asyncio.get_running_loop().time() - before == pytest.approx(1.5)


async def test_a_failure_is_told_without_its_details():
    def leak() -> str:
        """Fail."""
        raise RuntimeError("password 1234")

    with pytest.raises(ToolError) as caught:
        await box(leak).run("leak", "{}", call="CA1")
    assert str(caught.value) == "leak failed (RuntimeError)."


async def test_a_tool_may_say_itself_what_went_wrong():
    def refuse() -> str:
        """Refuse."""
        raise ToolError("We are closed on Mondays.")

    with pytest.raises(ToolError, match=r"^We are closed on Mondays\.$"):
        await box(refuse).run("refuse", "{}", call="CA1")


async def test_an_unknown_tool_is_answered_with_those_there_are():
    with pytest.raises(ToolError, match=r"There is no tool called 'cook'\. There are: book\."):
        await box(book).run("cook", "{}", call="CA1")


async def test_functions_are_found_by_reference():
    spec = tool_spec(
        find_function("phoneagent.agents.front_desk:book_table"), reference="phoneagent.agents.front_desk:book_table"
    )
    assert "is booked" in await PythonTools((spec,)).run("book_table", '{"people": 4, "time": "7"}', call="CA1")


# --- marked functions -------------------------------------------------------------------------------


def test_a_module_of_marked_functions_is_one_line_of_an_agent_file():
    made = parse_agent('name = "shop"\n[[tools]]\nmodule = "tests.toolbox.shop_tools"\n', "shop.toml")
    assert [spec.name for spec in made.tools] == ["order_status", "opening_hours"]
    status = made.tools[0]
    assert (status.safe, status.timeout, status.function) == (True, 5.0, "tests.toolbox.shop_tools:order_status")
    slow = (SlowMessage(4.0, "It takes a moment."), SlowMessage(8.0, "Still looking."))
    assert status.messages == ToolMessages("I am looking it up.", slow)
    assert status.description == "Look up an order.\n\nAsk for its number first."
    assert status.parameters == {
        "type": "object",
        "properties": {
            "number": {
                "type": "string",
                "pattern": r"^\d+$",
                "title": "Number",
                "description": "the order's number, digits only",
            }
        },
        "required": ["number"],
        "additionalProperties": False,
    }
    assert dict(made.tools[1].parameters) == {"type": "object", "properties": {}, "additionalProperties": False}


def test_an_agent_file_may_say_otherwise_of_a_marked_function():
    made = parse_agent(
        'name = "shop"\n[[tools]]\nfunction = "tests.toolbox.shop_tools:order_status"\nname = "status"\ntimeout = 2.0\n'
        '[tools.messages]\nfailed = "Sorry."\n',
        "shop.toml",
    )
    [spec] = made.tools
    assert (spec.name, spec.timeout, spec.safe, spec.messages) == ("status", 2.0, True, ToolMessages(failed="Sorry."))


def test_a_marked_function_is_the_function_it_was():
    assert find_marked("tests.toolbox.shop_tools")["tests.toolbox.shop_tools:opening_hours"] is shop_tools.opening_hours

    @tool(name="seat", description="Seat a guest.")
    def place(guest: str) -> str:
        return guest

    assert place("Ana") == "Ana"
    assert (tool_spec(place).name, tool_spec(place).description) == ("seat", "Seat a guest.")


@pytest.mark.parametrize("wrong", [{"timeout": 0}, {"timeout": float("inf")}, {"slow": {0: "Hm."}}])
def test_a_mark_with_impossible_times_is_refused_where_it_stands(wrong):
    with pytest.raises(ValueError, match="expected seconds above 0"):
        tool(**wrong)


async def test_a_function_learns_for_which_call_it_is():
    tools = PythonTools((tool_spec(shop_tools.order_status, reference="tests.toolbox.shop_tools:order_status"),))
    known = {"name": "Ana", "caller_number": "+12125550123", "agent": "shop"}
    asked = '{"number": "17"}'
    assert await tools.run("order_status", asked, call="CA1", variables=known) == "sent, for +12125550123 (Ana)"
    assert await tools.run("order_status", asked, call="CA1") == "sent, for somebody (unnamed)"
    with pytest.raises(ToolError, match="There is no order 18"):
        await tools.run("order_status", '{"number": "18"}', call="CA1")
    with pytest.raises(ToolError, match="order_status: call: Unexpected keyword argument"):
        await tools.run("order_status", '{"number": "17", "call": {"id": "CA2"}}', call="CA1")


@pytest.mark.parametrize(
    "doc",
    [
        "Book.\n\n:param people: how many\n:returns: a number",
        "Book.\n\nArgs:\n    people (int): how many\n\nReturns:\n    a number",
        "Book.\n\nParameters\n----------\npeople : int\n    how many\n\nReturns\n-------\nstr\n    a number",
    ],
    ids=["sphinx", "google", "numpy"],
)
def test_docstrings_say_what_parameters_are(doc):
    def reserve(people: int, time: str = "noon") -> str:
        return f"{people} {time}"

    reserve.__doc__ = doc
    spec = tool_spec(reserve)
    assert spec.description == "Book.\n\nReturns a number"
    assert spec.parameters["properties"]["people"]["description"] == "how many"
    assert "description" not in spec.parameters["properties"]["time"]
