"""Tools in agent files, and servers that have some: what docs/tools.md shows, and what is told about mistakes."""

import re
import sys
from pathlib import Path

import pytest

from phoneagent.agent_file import parse_agent
from phoneagent.app import create_app
from phoneagent.conversation.policy import Phrasing
from phoneagent.errors import SettingsError
from phoneagent.records import Agent, ToolSpec
from phoneagent.settings import Settings

SMALL = 'name = "small"\n'
TOOL = SMALL + '[[tools]]\nname = "t"\ndescription = "Do."\n'
MCP = SMALL + "[mcp.shop]\n"
URL = TOOL + 'url = "https://example.com/{a}"\n'
GUIDE = Path(__file__).parents[1] / "docs" / "tools.md"


def problems(text):
    with pytest.raises(SettingsError) as caught:
        parse_agent(text, "a.toml")
    return caught.value.problems


def test_the_guides_requests_can_be_taken_as_they_are():
    guide = GUIDE.read_text(encoding="utf-8")
    [example] = re.findall(r"## HTTP\n\n```toml\n(.*?)```", guide, flags=re.DOTALL)
    status, courier = parse_agent(SMALL + example, "a.toml").tools
    assert status.safe
    assert not courier.safe
    assert status.http is not None
    assert (status.http.method, status.http.result) == ("GET", "order.{status: state, arrives: eta}")
    assert status.parameters["required"] == ["number"]
    assert courier.parameters["required"] == ["number", "day"]
    assert courier.parameters["properties"]["note"] == {
        "type": "string",
        "description": "What the courier should know.",
    }
    assert courier.http is not None
    assert courier.http.idempotent


def test_the_guides_messages_can_be_taken_as_they_are():
    guide = GUIDE.read_text(encoding="utf-8")
    [example] = re.findall(r"## What the caller hears meanwhile\n\n```toml\n(.*?)```", guide, flags=re.DOTALL)
    example = example.replace("bookings:book_table", "phoneagent.agents.front_desk:book_table")
    [tool] = parse_agent(SMALL + example, "a.toml").tools
    assert tool.messages.start == "I am booking that for you."
    assert [slow.after for slow in tool.messages.slow] == [4.0, 10.0]
    assert tool.messages.failed == "I cannot reach our booking system."


def test_the_guides_servers_can_be_taken_as_they_are():
    guide = GUIDE.read_text(encoding="utf-8")
    [example] = re.findall(r"## MCP\n\n```toml\n(.*?)```", guide, flags=re.DOTALL)
    servers = parse_agent(SMALL + example, "a.toml").mcp
    assert servers["calendar"].url == "https://calendar.example.com/mcp"
    assert servers["stock"].command == ("uvx", "stock-mcp-server", "--readonly")
    assert servers["calendar"].safe == ("free_times",)
    assert servers["stock"].safe is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            SMALL + '[[tools]]\nmodule = "tests.toolbox.shop_tools"\ntimeout = 3.0\n',
            "a.toml:4: tools[0].timeout: expected nothing beside module: what its functions are marked with counts",
        ),
        (
            SMALL + '[[tools]]\nmodule = "phoneagent.agents.front_desk"\n',
            (
                "a.toml:3: tools[0].module: 'phoneagent.agents.front_desk' has no function marked with @tool (from "
                "phoneagent.tools import tool)"
            ),
        ),
        (
            SMALL + '[[tools]]\nmodule = "no_such_module"\n',
            (
                "a.toml:3: tools[0].module: the module 'no_such_module' cannot be imported: No module named "
                "'no_such_module'"
            ),
        ),
        (
            SMALL + '[[tools]]\nmodule = "tests.toolbox.shop_tools"\n'
            '[[tools]]\nfunction = "tests.toolbox.shop_tools:order_status"\n',
            "a.toml:4: tools[1]: there already is a tool called 'order_status'",
        ),
        (SMALL + "[[tools]]\n", "a.toml:2: tools[0]: expected function (module:function), module or url"),
        (
            SMALL + '[[tools]]\nfunction = "json:loads"\nresult = "a"\n',
            "a.toml:4: tools[0].result: expected url too: only a request has it",
        ),
        (
            URL + 'function = "json:loads"\n',
            "a.toml:6: tools[0].function: expected either function or url, got both",
        ),
        (
            SMALL + '[[tools]]\nurl = "https://example.com"\nname = "t"\n',
            "a.toml:2: tools[0].description: expected, but missing: the model has nothing else to know the tool by",
        ),
        (
            TOOL + 'url = "example.com"\n',
            "a.toml:5: tools[0].url: expected a URL (https://api.example.com/orders/{number}), got 'example.com'",
        ),
        (
            TOOL + 'url = "https://example.com/?key=${KEY}"\n',
            (
                "a.toml:5: tools[0].url: expected no secret in a URL, which servers write into their logs: put it into"
                " headers"
            ),
        ),
        (
            TOOL + 'url = "http://example.com"\n',
            "a.toml:5: tools[0].url: expected https, or private = true for a server of your own network",
        ),
        (
            TOOL + 'url = "https://{host}/"\n',
            "a.toml:2: tools[0].hosts: expected the hosts that the url may lead to, because it has a variable there",
        ),
        (
            URL + 'method = "FETCH"\n',
            "a.toml:6: tools[0].method: expected 'GET', 'POST', 'PUT', 'PATCH' or 'DELETE', got 'FETCH'",
        ),
        (URL + "body = { a = 1 }\n", "a.toml:6: tools[0].body: expected no body with GET; put it into query"),
        (
            URL + 'result = "a["\n',
            "a.toml:6: tools[0].result: expected a JMESPath expression (order.{status: state}), got 'a['",
        ),
        (
            URL + 'headers = { "X Y" = "1" }\n',
            "a.toml:6: tools[0].headers: expected the name of a header, got 'X Y'",
        ),
        (
            URL + 'headers = { X = "1\\n2" }\n',
            "a.toml:6: tools[0].headers: expected one line of text for the header X",
        ),
        (
            URL + 'parameters = { a = { type = "strin" } }\n',
            (
                "a.toml:6: tools[0].parameters: expected a JSON schema, at properties.a.type: 'strin' is not valid"
                " under any of the given schemas"
            ),
        ),
        (
            URL + 'schema = { type = "string" }\n',
            'a.toml:6: tools[0].schema: expected a JSON schema with type = "object": a model passes arguments by name',
        ),
        (
            URL + 'parameters = { a = { type = "string", pattern = "^(a|aa)+$" } }\n',
            (
                "a.toml:6: tools[0].parameters: takes too long on long texts: '^(a|aa)+$'; write it without repetition "
                "inside repetition, such as (a+)+, and without alternatives that begin alike inside one"
            ),
        ),
        (
            URL + 'parameters = { a = "x" }\noptional = ["b"]\n',
            "a.toml:7: tools[0].optional: expected one of the parameters, got 'b'",
        ),
        (
            URL + 'parameters = { a = "x" }\noptional = ["a"]\n',
            "a.toml:7: tools[0].optional: expected 'a' always: it is part of the url's path",
        ),
        (URL + "largest = 10\n", "a.toml:6: tools[0].largest: expected a number of at least 1000, got 10"),
        (URL + "retries = 3\n", "a.toml:6: tools[0].retries: unknown key"),
        (
            URL + "[tools.messages]\nslow = [{ after = 0, say = 'x' }]\n",
            "a.toml:7: tools[0].messages.slow[0].after: expected a number above 0, got 0",
        ),
        (
            SMALL + 'built_in = ["wait", "dance"]\n',
            (
                "a.toml:2: built_in[1]: expected 'wait', 'do_not_call', 'send_dtmf', 'send_sms' or "
                "'schedule_callback', got 'dance'"
            ),
        ),
        (
            SMALL
            + 'built_in = ["wait"]\n'
            + TOOL.removeprefix(SMALL).replace('"t"', '"wait"')
            + 'url = "https://a.com"\n',
            "a.toml:3: tools[0]: there already is a tool called 'wait'",
        ),
        (
            SMALL + 'built_in = ["schedule_callback"]\n',
            (
                "a.toml:2: built_in: expected timezone = 'Europe/Berlin' or the like beside it: the model must know "
                "what time it is where people want to be called back"
            ),
        ),
        (
            SMALL + 'timezone = "Berlin"\n',
            "a.toml:2: timezone: expected a time zone such as 'Europe/Berlin', got 'Berlin'",
        ),
        (MCP, "a.toml:2: mcp.shop: expected either url or command"),
        (
            MCP + 'url = "shop"\n',
            "a.toml:3: mcp.shop.url: expected the URL of an MCP server (https://tools.example.com/mcp), got 'shop'",
        ),
        (
            MCP + "command = []\n",
            'a.toml:3: mcp.shop.command: expected a program and its arguments (["uvx", "some-mcp-server"])',
        ),
        (
            MCP + 'command = ["x"]\nheaders = { X = "1" }\n',
            "a.toml:2: mcp.shop: expected headers with url only; a command has an environment",
        ),
        (
            MCP + 'command = ["x"]\ntools = ["a"]\nsafe = ["b"]\n',
            "a.toml:2: mcp.shop: expected the names in safe to be among tools, got 'b'",
        ),
        (
            MCP + 'command = ["x"]\nprefix = "shop."\n',
            "a.toml:4: mcp.shop.prefix: expected at most 32 letters, digits, - and _, got 'shop.'",
        ),
        (
            TOOL + 'url = "https://example.com/"\n[mcp.shop]\ncommand = ["x"]\ntools = ["t"]\n',
            "a.toml:8: mcp.shop.tools: there already is a tool called 't': give this server a prefix (\"shop_\")",
        ),
        (
            SMALL + '[mcp.s]\ncommand = ["x"]\ntools = ["transfer"]\n',
            "a.toml:4: mcp.s.tools: there already is a tool called 'transfer': give this server a prefix (\"s_\")",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(text, problem):
    assert problems(text) == (problem,)


@pytest.mark.parametrize("name", ["bestätige", "a" * 65, "a" * 104, "plan_日程"])
def test_a_name_that_models_refuse_is_a_mistake(name, tmp_path, monkeypatch):
    """Each of them would have every request refused."""
    expected = "expected a name of at most 64 letters (a to z), digits, - and _, for models take no other, got "
    request = f'[[tools]]\nname = "{name}"\ndescription = "Do."\nurl = "https://example.com/"\n'
    assert problems(SMALL + request) == (f"a.toml:3: tools[0].name: {expected}{name!r}",)
    (tmp_path / "odd_tools.py").write_text(
        f'from phoneagent.tools import tool\n\n@tool(name="{name}")\ndef odd() -> str:\n    "Do."\n    return ""\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("odd_tools", None)
    for line in ('function = "odd_tools:odd"', 'module = "odd_tools"'):
        (problem,) = problems(SMALL + "[[tools]]\n" + line)
        assert problem == f"a.toml:3: tools[0].{line.split()[0]}: {expected}{name!r}"
    (problem,) = problems(SMALL + f'[knowledge]\nfolder = "."\ntool = "{name}"\n')
    assert problem == f"a.toml:4: knowledge.tool: {expected}{name!r}"
    agent = Agent("small", Phrasing(), tools=(ToolSpec(name, "Do.", {}),))
    with pytest.raises(SettingsError, match=r"tools\[0\]: expected a name of at most 64"):
        create_app(agent, settings=Settings())
