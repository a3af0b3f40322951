"""Which efforts, temperatures and tools OpenAI's models take: what is sent is accepted by the simulated OpenAI."""

from __future__ import annotations

import json

import pytest

from phoneagent.agent_file import parse_agent
from phoneagent.app import create_app
from phoneagent.conversation.events import ReplyDone
from phoneagent.conversation.policy import Phrasing
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import SettingsError
from phoneagent.providers.llm.openai import OpenAiModel
from phoneagent.providers.llm.openai_models import FAMILIES, family_of
from phoneagent.records import Agent, ProviderChoice, ToolSpec
from phoneagent.settings import Settings
from phoneagent.simulator.openai import OpenAiServer
from phoneagent.simulator.openai_models import MODELS, rules_of

TURNS = (Turn("caller", "A table for two, please.", 1.0),)
END = ToolSpec("end_call", "End the call.", {"type": "object", "properties": {}})
RESPONSES_ONLY = [
    name for name in MODELS if (rules := rules_of(name)) and (rules.responses_only or rules.tools == "never")
]
CHATTING = [name for name in MODELS if name not in RESPONSES_ONLY]
FLAVORS = ["openai", "azure", ""]  # the last: a proxy


def sent(model, *, tools=(), **options):
    made = OpenAiModel("k", **{"base_url": "http://127.0.0.1:8000/v1", "model": model, "flavor": "openai"} | options)
    return json.loads(made._body("", TURNS, tools))


def misfits(llm, more=""):
    with pytest.raises(SettingsError) as caught:
        parse_agent(f'name = "small"\n[llm]\nprovider = "openai"\n{llm}\n{more}', "a.toml")
    return caught.value.problems


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("model", CHATTING)
async def test_every_model_answers_with_tools_and_without(model, flavor):
    async with OpenAiServer() as server:
        mind = OpenAiModel("k", base_url=server.base_url, model=model, flavor=flavor, temperature=0.4)
        for tools in ((END,), ()):
            thoughts = [each async for each in mind.reply(1, instructions="Be brief.", turns=TURNS, tools=tools)]
            assert thoughts[-1] == ReplyDone(1)
        await mind.aclose()


@pytest.mark.parametrize(
    ("model", "effort"),
    [
        ("gpt-6-luna", "none"),
        ("gpt-6-sol", "none"),
        ("gpt-6.1-terra", "none"),
        ("gpt-5.6-luna-2026-07-09", "none"),
        ("ft:gpt-5.6-luna:acme::7Q", "none"),
        ("gpt-5.5", "none"),
        ("gpt-5.4-mini", None),
        ("gpt-5.2-2025-12-11", None),
        ("gpt-5-mini", "minimal"),
        ("o3", "low"),
        ("gpt-4.1", None),
        ("gpt-4o-mini-2024-07-18", None),
        ("gpt-35-turbo", None),
        ("gpt-7-luna", "none"),  # of the future: as the last of its kind
        ("gpt-6.3-terra", "none"),
        ("gpt-6-mini", "none"),
        ("gpt-oss-120b", None),  # not of the API
        ("llama-3.3-70b", None),
    ],
)
def test_with_tools_an_effort_that_the_model_allows_is_sent_by_itself(model, effort):
    assert sent(model, tools=(END,)).get("reasoning_effort") == effort


@pytest.mark.parametrize(
    ("model", "effort"), [("gpt-6-luna", "low"), ("gpt-6-astra", "low"), ("gpt-5.4-mini", None), ("gpt-4.1", None)]
)
def test_without_tools_a_model_that_would_think_for_long_thinks_a_little(model, effort):
    assert sent(model).get("reasoning_effort") == effort


def test_what_an_agent_file_says_is_sent_where_the_model_allows_it():
    assert sent("gpt-6-luna", reasoning_effort="high")["reasoning_effort"] == "high"
    assert sent("gpt-5-mini", reasoning_effort="low", tools=(END,))["reasoning_effort"] == "low"
    assert sent("gpt-6-luna", tools=(END,), extra_body={"reasoning_effort": "low"})["reasoning_effort"] == "low"


def test_a_temperature_is_sent_where_the_model_does_not_reason():
    assert sent("gpt-6-luna", temperature=0.3, tools=(END,))["temperature"] == 0.3
    assert "temperature" not in sent("gpt-6-luna", temperature=0.3)
    assert "temperature" not in sent("gpt-5-mini", temperature=0.3, tools=(END,))
    assert sent("gpt-4.1", temperature=0.3)["temperature"] == 0.3


def test_thoughts_do_not_use_up_the_answers_tokens():
    assert sent("gpt-6-luna", tools=(END,))["max_completion_tokens"] == 400
    assert sent("gpt-6-luna")["max_completion_tokens"] > 2_000
    assert sent("gpt-5.4-mini")["max_completion_tokens"] == 400
    assert sent("gpt-4.1")["max_completion_tokens"] == 400


@pytest.mark.parametrize("options", [{"flavor": "compatible"}, {"flavor": "groq"}, {"flavor": "", "model": "qwen3:8b"}])
def test_other_servers_get_what_the_agent_file_says(options):
    options = {"model": "gpt-6-luna", "temperature": 0.3} | options
    assert "reasoning_effort" not in sent(tools=(END,), **options)
    assert sent(tools=(END,), reasoning_effort="low", **options)["reasoning_effort"] == "low"
    assert sent(**options)["temperature"] == 0.3


@pytest.mark.parametrize("model", [*RESPONSES_ONLY, "gpt-6.1-sol-2026-09-29", "gpt-7-astra", "gpt-6.3-codex", "o1-pro"])
def test_a_model_that_has_tools_by_the_responses_interface_alone_is_refused_at_load(model):
    (problem,) = misfits(f'model = "{model}"')
    assert problem.startswith("a.toml:4: llm.model: expected a model that ")
    assert "gpt-6-luna" in problem
    with pytest.raises(SettingsError, match=r"llm\.model: expected a model that"):
        create_app(Agent("small", Phrasing(), llm=ProviderChoice("openai", model)), settings=Settings())
    parse_agent(
        f'name = "a"\n[llm]\nprovider = "openai"\nmodel = "{model}"\noptions = {{ flavor = "compatible" }}', "a"
    )


def test_so_it_is_as_a_fallback():
    fallback = '[[llm.fallback]]\nprovider = "openai"\nmodel = "gpt-6-astra"'
    (problem,) = misfits('model = "gpt-6-luna"', fallback)
    assert problem.startswith("a.toml:7: llm.fallback[0].model: ")


def test_who_looks_at_calls_when_they_are_over_has_no_tools():
    after = '[analysis]\nsummary = true\n[analysis.llm]\nprovider = "openai"\n'
    text = 'name = "small"\n' + after + 'model = "gpt-6-astra"\n'
    analysis = parse_agent(text, "a.toml").analysis
    assert analysis is not None
    assert analysis.llm == ProviderChoice("openai", "gpt-6-astra")
    assert parse_agent(text + 'options = { reasoning_effort = "high" }', "a.toml")
    (problem,) = misfits('model = "gpt-6-luna"', after + 'model = "gpt-5.1-codex"')
    assert "analysis.llm.model: expected a model that answers by chat completions" in problem
    (problem,) = misfits(
        'model = "gpt-6-luna"', after + 'model = "gpt-6-luna"\noptions = { reasoning_effort = "minimal" }'
    )
    assert problem.startswith("a.toml:10: analysis.llm.options.reasoning_effort: expected ")
    assert '"none" or "low" or' in problem


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [
        (
            "gpt-6-luna",
            "low",
            'expected "none", or nothing: gpt-6-luna takes no other together with tools, which every',
        ),
        ("gpt-5.4-mini", "medium", 'expected "none", or nothing: gpt-5.4-mini takes no other together with tools'),
        (
            "gpt-5.1",
            "minimal",
            'expected "none" or "low" or "medium" or "high", or nothing: gpt-5.1 takes no other, got',
        ),
        ("gpt-5-mini", "none", 'expected "minimal" or "low" or "medium" or "high", or nothing: gpt-5-mini takes no'),
        ("gpt-4.1", "low", "expected nothing: gpt-4.1 takes no other, got 'low'"),
        ("gpt-6-luna", "lo", 'expected "none", or nothing: gpt-6-luna takes no other, got'),
    ],
)
def test_an_effort_that_the_model_refuses_is_a_mistake_in_the_agent_file(model, effort, expected):
    (problem,) = misfits(f'model = "{model}"\noptions = {{ reasoning_effort = "{effort}" }}')
    assert problem.startswith(f"a.toml:5: llm.options.reasoning_effort: {expected}")


def test_so_are_other_options_that_it_never_takes_in_a_call():
    (problem,) = misfits('model = "gpt-6-luna"\noptions = { extra_body = { reasoning_effort = "low" } }')
    assert problem.startswith('a.toml:5: llm.options.reasoning_effort: expected "none", or nothing')
    (problem,) = misfits('model = "gpt-5-mini"\noptions = { temperature = 0.2 }')
    assert "llm.options.temperature: expected nothing: gpt-5-mini takes none while it reasons, got 0.2" in problem
    (problem,) = misfits('model = "gpt-4.1"\noptions = { verbosity = "low" }')
    assert "llm.options.verbosity: expected nothing: gpt-4.1 does not take it" in problem


def test_the_table_says_where_it_has_that_from_and_when():
    assert all(row.source.count("20") for row in FAMILIES)


@pytest.mark.parametrize("model", MODELS)
def test_what_the_product_allows_the_vendor_takes(model):
    family, rules = family_of(model), rules_of(model)
    assert family is not None
    assert rules is not None
    assert family.takes_tools == (model in CHATTING)
    assert set(family.efforts) <= set(rules.efforts)
    assert family.usual == rules.default
