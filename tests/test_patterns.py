"""Patterns of other people: what is found, and that none holds up the process."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from phoneagent import patterns
from phoneagent.agent_file import builtin_agent
from phoneagent.app import create_app
from phoneagent.conversation import knobs
from phoneagent.conversation.endpointing import built_in_rules
from phoneagent.conversation.languages import LANGUAGES
from phoneagent.conversation.policy import EndpointingRule, Policy
from phoneagent.errors import SettingsError
from phoneagent.settings import Settings

SLOW = {
    r"(a|aa)+$": "a" * 100 + "!",
    r"(\w|\w\w)+$": "ab" * 100 + "!",
    r"((a+)+)+$": "a" * 500 + "!",
    r"^\W*(?:(?:yes|y|es),? ?)+$": "yes" * 100 + "!",
    r"(?:(?:one|two|o|ne) ?)+$": "one" * 100 + "!",
    r"number (?:\d|\d\d)+$": "My number " + "1" * 100 + "!",
    r"^(?:hello|hi) (?:[a-z]|[a-z][a-z])+$": "hi " + "a" * 100 + "!",
    r"^(?:Straße|Stra|ße)+$": "Straße" * 50 + "!",
}
OF_THE_PRODUCT = [
    *(pattern for _, pattern in knobs.patterns(Policy())),
    *(
        each
        for language in LANGUAGES
        for rule in built_in_rules(language)
        for each in (rule.agent, rule.caller)
        if each
    ),
]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\büber\b", "Das ist ÜBER alles."),
        (r"\bczy\b.*\?$", "Czy mogę prosić o numer?"),
        (r"(?<!no )thanks", "thanks"),
        ("", "anything"),
        (r"^\W*yes\b", "… yes"),
    ],
)
def test_a_pattern_is_found_as_python_finds_it(pattern, text):
    assert patterns.search(pattern, text)
    assert not patterns.search(pattern + "(?!)", text)


@given(st.sampled_from(OF_THE_PRODUCT), st.text(alphabet="yes no nummber code? .,1 İıſK'", max_size=60))
@example(OF_THE_PRODUCT[0], "please leave a message")
def test_both_engines_find_the_same(pattern, text):
    assert patterns.search(pattern, text) == bool(re.search(pattern, text, re.IGNORECASE))


@pytest.mark.parametrize(("pattern", "text"), SLOW.items())
def test_a_pattern_that_would_take_for_ever_is_not_found_and_told_once(pattern, text):
    with capture_logs() as logs:
        assert [patterns.search(pattern, text) for _ in range(3)] == [False] * 3
    assert [line["pattern"] for line in logs if line["event"] == "pattern_too_slow"] == [pattern]


@pytest.mark.parametrize("pattern", SLOW)
def test_it_is_known_before_any_call(pattern):
    assert "takes too long" in patterns.slow_problem(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        *OF_THE_PRODUCT,
        r".*your.*number.*",
        r"\b(?:\w+\W+){1,6}code\b",
        r"^(?:yes|yeah|yep)+[.!]?$",
        r"(?:\d[ -]?){10}",
        r"[a-z]+@[a-z]+\.[a-z]+",
    ],
)
def test_what_people_write_is_no_trouble(pattern):
    assert patterns.slow_problem(pattern) == ""


def test_many_matches_have_one_limit():
    watch = patterns.Stopwatch(0.005)
    with pytest.raises(TimeoutError):
        any(watch.find("(a|aa)+$", "a" * 20 + "!") for _ in range(1_000_000))


def test_an_agent_in_python_is_told_of_patterns_that_would_take_for_ever():
    agent = replace(builtin_agent(), policy=Policy(rules=(EndpointingRule(caller="(a|aa)+$"),)))
    with pytest.raises(SettingsError, match=r"turn_taking\.rules\[0\]\.caller: takes too long"):
        create_app(agent, settings=Settings(public_url="https://voice.example.com"))
