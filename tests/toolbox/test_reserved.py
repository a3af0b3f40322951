"""No model names the caller: what a call itself knows is not taken from what it was talked into."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from phoneagent.agent_file import parse_agent
from phoneagent.call.variables import KNOWN
from phoneagent.errors import SettingsError
from phoneagent.records import HttpRequest, ToolSpec
from phoneagent.toolbox import Box
from phoneagent.toolbox.box import Asked
from phoneagent.toolbox.http import HttpTool
from phoneagent.toolbox.reserved import reserved_in, with_own_values

from .test_http import NO_SECRETS, shop

AGENT = """\
name = "shop"
instructions = "Help."

[[tools]]
name = "orders"
description = "What was ordered."
url = "https://shop.example.com/orders"
query = { phone = "{caller_number}" }
"""
OPEN = {"type": "object"}
VICTIM, CALLER = "+15005550199", "+15005550100"


@pytest.mark.parametrize("name", KNOWN)
def test_a_parameter_with_the_name_of_a_calls_own_value_is_refused_at_load(name):
    with pytest.raises(SettingsError, match=rf"(?s)shop\.toml:9: .*other names than {name}.*\{{{name}\}}"):
        parse_agent(AGENT + f'parameters = {{ {name} = "Whose." }}\n', "shop.toml")


@pytest.mark.parametrize(
    "schema",
    [
        '{ type = "object", properties = { caller_number = { type = "string" } } }',
        '{ type = "object", required = ["caller_number"] }',
        '{ type = "object", anyOf = [{ properties = { caller_number = {} } }] }',
        '{ type = "object", allOf = [{ if = { properties = { caller_number = {} } } }] }',
    ],
)
def test_so_it_is_in_a_schema_of_its_own(schema):
    with pytest.raises(SettingsError, match="other names than caller_number"):
        parse_agent(AGENT + f"schema = {schema}\n", "shop.toml")


def test_inner_objects_may_have_such_names():
    inner = {"type": "object", "properties": {"order": {"type": "object", "properties": {"agent": {}}}}}
    assert reserved_in(inner) == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_a_model_adds_where_anything_may_be_given_changes_nothing(method):
    async with shop() as it:
        request = HttpRequest(method, it.url, query={"phone": "{caller_number}"}, private=True)
        tool = HttpTool(ToolSpec("orders", "Orders.", OPEN, http=request), NO_SECRETS.get)
        with capture_logs() as logged:
            await Box([tool]).run(
                "orders",
                f'{{"caller_number": "{VICTIM}", "day": "Monday"}}',
                call="CA1",
                variables={"caller_number": CALLER},
            )
        await tool.aclose()
    [asked] = it.asked
    assert asked.query_params["phone"] == CALLER
    assert VICTIM not in f"{asked.url} {it.bodies}"
    assert [(line["event"], line["names"]) for line in logged] == [("tool_argument_overruled", ["caller_number"])]


def test_a_tool_in_python_is_refused_too():
    schema = {"type": "object", "properties": {"caller_number": {}}}
    with pytest.raises(SettingsError, match="the tool 'orders': expected parameters with other names"):
        HttpTool(ToolSpec("orders", "O.", schema, http=HttpRequest("GET", "https://shop.example.com")), NO_SECRETS.get)


def test_a_tool_of_another_server_gets_the_calls_own_value():
    asked = Asked("CA1", {"caller_number": CALLER})
    given = {"caller_number": VICTIM, "call_id": "CA2", "day": "Monday"}
    assert with_own_values(given, "orders", asked) == {**given, "caller_number": CALLER}
    with capture_logs() as logged:
        assert with_own_values({"day": "Monday"}, "orders", asked) == {"day": "Monday"}
    assert logged == []
