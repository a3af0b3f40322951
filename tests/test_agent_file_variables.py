"""The names in braces in an agent's texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.agent_file import parse_agent
from phoneagent.call.variables import fill, needed_variables
from phoneagent.errors import SettingsError

DECLARED = 'name = "reminder"\ngreeting = "Hello {customer}, from {shop}."\n[variables]\ncustomer = {required = true}\n'


def problems(text):
    with pytest.raises(SettingsError) as wrong:
        parse_agent(text, "a.toml")
    return wrong.value.problems


def greeting(text):
    return f"name = 'a'\ngreeting = '''{text}'''\n"


def test_a_call_brings_what_is_required_and_the_agent_has_the_rest():
    agent = parse_agent(f'{DECLARED}shop = "the shop"\nfloor = 3\n', "a.toml")
    assert needed_variables(agent) == {"customer"}
    assert agent.variables == {"shop": "the shop", "floor": "3"}
    assert fill(agent.phrasing.greeting, {**agent.variables, "customer": "Ana"}) == "Hello Ana, from the shop."


def test_what_is_known_of_each_call_needs_no_declaration():
    agent = parse_agent(greeting("You call {agent_number} from {caller_number}, {agent}."), "a.toml")
    assert not needed_variables(agent)
    assert parse_agent('name = "a"\ntimezone = "Europe/Berlin"\ninstructions = "It is {now}."\n', "a.toml")


SPELLED = "expected {name} with letters, digits and _, got"
KNOWN = "expected a variable that is known, got"
SINGLE = "expected a name in single braces, got"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "From {shop}.",
            f'{KNOWN} {{shop}}; declare it: [variables] shop = "…" (a default) or shop = {{ required = true }}',
        ),
        ("Hi {custmer}.", f"{KNOWN} {{custmer}}; did you mean 'customer'?"),
        ("Hi {{name}}.", f"{SINGLE} {{{{name}}}}: write {{name}}"),
        ("Hi ${name}.", f"{SINGLE} ${{name}}: write {{name}}"),
        ("Hi { name }.", f"{SPELLED} {{ name }}: write {{name}}"),
        ("Hi {first-name}.", f"{SPELLED} {{first-name}}: write {{first_name}}"),
        ("Hi {name, you.", f"{SPELLED} '{{name': write {{name}}"),
        ("It is {now}.", f"{KNOWN} {{now}}: it wants timezone = 'Europe/Berlin' or the like"),
    ],
)
def test_a_mistake_is_told_with_what_to_write(text, problem):
    declared = "[variables]\ncustomer = { required = true }\n"
    assert problems(greeting(text) + declared) == (f"a.toml:2: greeting: {problem}",)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('agent = "x"', "agent: expected another name: agent is known of each call"),
        ("x = []", "x: expected a text that stands where a call brings none, or { required = true }"),
        ("x = { required = false }", "x: expected a text that stands where a call brings none, or { required = true }"),
    ],
)
def test_a_variable_is_a_default_or_required(line, problem):
    assert problems(f'name = "a"\n[variables]\n{line}\n') == (f"a.toml:3: variables.{problem}",)


@pytest.mark.parametrize(
    "text",
    [
        'Answer with {"ok": true}.',
        "{}",
        "a {1} b {0}",
        "if (x) { y(); }",
        "{{}}",
        "50 % of {\n}",
        "%name% <name> [name]",
    ],
)
def test_braces_around_what_cannot_be_a_name_are_text(text):
    agent = parse_agent(greeting(text), "a.toml")
    assert fill(agent.phrasing.greeting, {"name": "Ana"}) == text


@given(st.text(alphabet='{}$ a_-1".', max_size=40))
def test_any_text_is_taken_or_told_what_is_wrong(text):
    try:
        parse_agent(f"name = 'a'\ninstructions = '''\n{text}'''\n", "a.toml")
    except SettingsError as error:
        assert all(problem.startswith("a.toml:2: instructions: expected ") for problem in error.problems)  # noqa: PT017


CALLS_BACK = 'name = "a"\ntimezone = "Europe/Berlin"\nbuilt_in = ["schedule_callback"]\ngreeting = "About {purpose}."\n'


def test_what_a_callback_is_about_is_known_where_callbacks_are():
    assert parse_agent(CALLS_BACK, "a.toml").variables == {"purpose": ""}
    own = parse_agent(f"{CALLS_BACK}[variables]\npurpose = 'your order'\n", "a.toml")
    assert own.variables == {"purpose": "your order"}
    required = parse_agent(f"{CALLS_BACK}[variables]\npurpose = {{ required = true }}\n", "a.toml")
    assert needed_variables(required) == {"purpose"}
    assert problems(greeting("About {purpose}."))[0].startswith(f"a.toml:2: greeting: {KNOWN} {{purpose}}")


TOOL = """name = "a"
[variables]
shop = "north"
[[tools]]
name = "order_status"
description = "Where an order is."
method = "POST"
url = "https://api.example.com/{shop}/orders/{number}"
headers = { Authorization = "Bearer ${SHOP_TOKEN}", X-Call = "{call_id}" }
query = { phone = "{caller_number}" }
body = { lines = [{ note = "from {agent}: {note}" }] }
[tools.parameters]
number = "The order's number."
note = "What to write down."
"""
REQUEST = "expected a parameter or a variable that is known, got"


def test_the_names_in_a_request_are_parameters_or_variables(monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "s")
    assert parse_agent(TOOL, "a.toml")


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("{shop}", "{shpo}", f"tools[0].url: {REQUEST} {{shpo}}; did you mean 'shop'?"),
        ("{call_id}", "{calls_id}", f"tools[0].headers: {REQUEST} {{calls_id}}; did you mean 'call_id'?"),
        ("{caller_number}", "{callers_number}", f"tools[0].query: {REQUEST} {{callers_number}}; did you mean"),
        ("{note}", "{notes}", f"tools[0].body: {REQUEST} {{notes}}; did you mean 'note'?"),
        ("{note}", "{zzz}", f"tools[0].body: {REQUEST} {{zzz}}; declare it: under parameters"),
    ],
)
def test_a_name_in_a_request_that_nothing_stands_for_is_told(right, wrong, problem):
    (told,) = problems(TOOL.replace(right, wrong))
    assert problem in told


def test_a_schema_names_parameters_too():
    schema = 'schema = { type = "object", properties = { number = { type = "string" } } }'
    text = TOOL.partition("[tools.parameters]")[0].replace(
        'body = { lines = [{ note = "from {agent}: {note}" }] }', schema
    )
    assert parse_agent(text, "a.toml")
    assert f"{REQUEST} {{numbr}}; did you mean 'number'?" in problems(text.replace("{number}", "{numbr}"))[0]
