"""What an agent file chooses for its ears is looked at before anybody calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from phoneagent.agent_file import load_agent, parse_agent
from phoneagent.errors import SettingsError

ROOT = Path(__file__).parents[1]


def problems(text):
    with pytest.raises(SettingsError) as caught:
        parse_agent(text, "a.toml")
    return caught.value.problems


VOICE = '[tts]\nprovider = "espeak"\n'


def file(*, language="en", stt=""):
    return f'name = "a"\nlanguage = "{language}"\n{stt}\n{VOICE}'


def ears(model="", more=""):
    return f'[stt]\nprovider = "deepgram"\n{f"model = {model!r}" if model else ""}\n{more}'


@pytest.mark.parametrize(
    ("language", "model"),
    [
        ("en", ""),
        ("en-GB", "flux-general-en"),
        ("de-AT", ""),
        ("de-DE", "nova-3"),
        ("es-MX", "flux-general-multi"),
        ("pl", "nova-3"),
        ("pl", "nova-2"),
        ("he-IL", "nova-3"),
        ("la", "my-own-model"),
    ],
)
def test_what_a_model_speaks(language, model):
    assert parse_agent(file(language=language, stt=ears(model)), "a.toml").language == language


@pytest.mark.parametrize(
    ("text", "models"),
    [
        (file(language="he"), ["nova-3"]),
        (file(language="pl-PL", stt=ears()), ["nova-3"]),
        (file(language="de"), ["flux-general-en"]),  # of which the multilingual one is made by the language
        (file(language="de", stt=ears()), [""]),
        (file(stt=ears("", 'fallback = [{ provider = "deepgram", model = "nova-3" }]')), ["", "nova-3"]),
        (file(language="pl", stt=ears("nova-2", 'fallback = [{ provider = "deepgram" }]')), ["nova-2", "nova-3"]),
    ],
)
def test_where_no_model_is_named_one_is_taken_that_speaks_the_language(text, models):
    stt = parse_agent(text, "a.toml").stt
    assert [each.model for each in (stt, *stt.fallback)] == models


FLUX = " (en, es, fr, de, hi, ru, pt, ja, it, nl)"


def wanted(language, others, model):
    return f"expected a model that speaks {language!r}, such as {others}; {model}"


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        (file(language="tlh"), "2: language", "no model of Deepgram speaks 'tlh'"),
        (
            file(language="pl", stt=ears("flux-general-multi")),
            "5: stt.model",
            wanted("pl", "nova-3 or nova-2", f"flux-general-multi does not{FLUX}"),
        ),
        (
            file(language="de", stt=ears("flux-general-en")),
            "5: stt.model",
            wanted("de", "flux-general-multi, nova-3 or nova-2", "flux-general-en does not (en)"),
        ),
        (file(language="he", stt=ears("nova-2")), "5: stt.model", wanted("he", "nova-3", "nova-2 does not")),
        (
            file(language="de", stt=ears("nova-2-phonecall")),
            "5: stt.model",
            wanted("de", "flux-general-multi, nova-3 or nova-2", "nova-2-phonecall does not (en, en-US)"),
        ),
        (
            file(language="la", stt=ears("nova-3")),
            "5: stt.model",
            "no model of Deepgram speaks 'la'",
        ),
        (
            file(
                language="pl", stt=ears("nova-3", 'fallback = [{ provider = "deepgram", model = "flux-general-en" }]')
            ),
            "6: stt.fallback[0].model",
            wanted("pl", "nova-3 or nova-2", "flux-general-en does not (en)"),
        ),
        (
            file(stt=ears("nova-3", '[stt.options]\nlanguage = "mutli"')),
            "7: stt.options.language",
            "no model of Deepgram speaks 'mutli'",
        ),
    ],
)
def test_a_language_that_a_model_does_not_speak(text, place, problem):
    assert problems(text) == (f"a.toml:{place}: {problem}",)


@pytest.mark.parametrize(
    ("model", "option", "problem"),
    [
        ("", "eot_threshold = 0.4", "eot_threshold: expected a number from 0.5 to 1, got 0.4"),
        ("", "eot_threshold = 1.1", "eot_threshold: expected a number from 0.5 to 1, got 1.1"),
        ("", "eot_threshold = nan", "eot_threshold: expected a number from 0.5 to 1, got nan"),
        ("", "eot_threshold = '0.7'", "eot_threshold: expected a number from 0.5 to 1, got '0.7'"),
        ("", "eot_threshold = true", "eot_threshold: expected a number from 0.5 to 1, got True"),
        ("", "eager_eot_threshold = 0.2", "eager_eot_threshold: expected a number from 0.3 to 0.9, got 0.2"),
        ("", "eot_timeout_ms = 100", "eot_timeout_ms: expected a whole number from 500 to 60000, got 100"),
        ("", "eot_timeout_ms = 5000.5", "eot_timeout_ms: expected a whole number from 500 to 60000, got 5000.5"),
        ("", "keyterms = 'Aurelia'", "keyterms: expected a list of texts in [ ], got 'Aurelia'"),
        ("", "keyterms = ['Aurelia', 7]", "keyterms: expected texts in quotes, got 7"),
        ("nova-3", "smart_format = 'yes'", "smart_format: expected true or false, got 'yes'"),
        (
            "nova-3",
            "utterance_end_ms = 500",
            "utterance_end_ms: expected a whole number from 1000 to 5000, or 0 for none, got 500",
        ),
    ],
)
def test_an_option_that_cannot_work(model, option, problem):
    assert problems(file(stt=ears(model, f"[stt.options]\n{option}"))) == (f"a.toml:7: stt.options.{problem}",)


@pytest.mark.parametrize(
    "option",
    [
        "eot_threshold = 1.0",
        "eot_threshold = 0.5",
        "eot_timeout_ms = 60000",
        "keyterms = []",
        "eager_eot_threshold = 0.9",
    ],
)
def test_options_that_work(option):
    assert parse_agent(file(stt=ears("", f"[stt.options]\n{option}")), "a.toml").stt.options


def test_all_that_is_wrong_is_told_at_once():
    text = file(language="pl", stt=ears("flux-general-multi", "[stt.options]\neot_threshold = 2\neot_timeout_ms = 1"))
    assert [problem.split(":")[1] for problem in problems(text)] == ["5", "7", "8"]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.toml")) + sorted((ROOT / "agents").glob("*.toml")))
def test_the_agents_that_come_with_this(path):
    load_agent(path)
