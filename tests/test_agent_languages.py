"""An agent of one of eight languages speaks no English unless its file says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

import pytest

from phoneagent.agent_file import parse_agent, untranslated
from phoneagent.conversation.languages import LANGUAGES
from phoneagent.conversation.lexicon import plain
from phoneagent.conversation.policy import Phrasing
from phoneagent.records import Agent, Dialogue, TransferPhrases

FOREIGN = [code for code in LANGUAGES if code != "en"]
SPOKEN_BY_DIALOGUE = (
    "question", "not_understood", "offer_person", "yes", "no", "repeat", "back", "choice", "wrong_key", "back_label",
    "person_label", "digits", "key_names", "keys_only",
)  # fmt: skip
DIALOGUE = '[dialogue]\n[[dialogue.intents]]\nname = "hours"\nphrases = ["hours"]\nanswer = "Nine."\n'


def agent(language: str, more: str = "") -> Agent:
    return parse_agent(f'name = "a"\nlanguage = "{language}"\n{more}', "a.toml")


def texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from texts(item)
        case tuple() | list():
            for item in value:
                yield from texts(item)


def said(record: Any, *, but: tuple[str, ...] = ()) -> set[str]:
    return {text for name, value in asdict(record).items() if name not in but for text in texts(value) if text}


@pytest.mark.parametrize("language", FOREIGN)
def test_no_phrase_is_english(language):
    theirs = agent(language, DIALOGUE)
    assert not said(theirs.phrasing) & said(Phrasing())
    assert not said(theirs.transfer_phrases) & said(TransferPhrases())
    assert theirs.dialogue is not None
    for name in SPOKEN_BY_DIALOGUE:
        assert getattr(theirs.dialogue, name) != getattr(Dialogue(intents=()), name), name
    assert {each.name for each in fields(Phrasing) if getattr(Phrasing(), each.name)} == {
        each.name for each in fields(Phrasing) if getattr(theirs.phrasing, each.name)
    }


@pytest.mark.parametrize("language", FOREIGN)
def test_what_the_file_says_is_said(language):
    theirs = agent(
        language,
        'greeting = "Hello."\n[phrases]\nidle_prompts = ["There?"]\n[turn_taking]\nbackchannels = ["yo"]\n'
        + DIALOGUE.replace("[dialogue]\n", '[dialogue]\nkey_names = { "*" = "star" }\n'),
    )
    assert theirs.phrasing.greeting == "Hello."
    assert theirs.phrasing.idle_prompts == ("There?",)
    assert theirs.phrasing.apology == agent(language).phrasing.apology
    assert theirs.policy.backchannels == ("yo",)
    assert theirs.policy.closings == agent(language).policy.closings
    assert theirs.dialogue is not None
    assert theirs.dialogue.key_names == {
        "*": "star", "#": agent(language, DIALOGUE).dialogue.key_names["#"],  # type: ignore[union-attr]
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_those_of_the_record(language):
    phrases, plain_ones = agent(language, DIALOGUE), TransferPhrases()
    assert "{summary}" in phrases.transfer_phrases.offer
    assert "{position}" in phrases.transfer_phrases.waiting
    assert "{" not in "".join(said(phrases.phrasing))
    assert {"{agent}", "{purpose}"} == {
        word for word in ("{agent}", "{purpose}", "{}") if word in LANGUAGES[language].introduction
    }
    assert "{" not in plain_ones.gone + phrases.transfer_phrases.gone


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_regional_variant_is_the_language(language):
    assert agent(f"{language}-XX").phrasing == agent(language).phrasing


@pytest.mark.parametrize("language", LANGUAGES)
def test_listeners_words_are_known(language):
    policy = agent(language).policy
    yes = {"en": "yeah", "de": "ja", "es": "sí", "fr": "oui", "it": "sì", "pt": "sim", "nl": "ja", "pl": "tak"}[
        language
    ]
    bye = {
        "en": "bye", "de": "tschüss", "es": "adiós", "fr": "au revoir", "it": "arrivederci", "pt": "tchau",
        "nl": "tot ziens", "pl": "do widzenia",
    }[language]  # fmt: skip
    assert yes in policy.backchannels
    assert bye in policy.closings
    assert not {plain(phrase) for phrase in policy.backchannels} & {plain(phrase) for phrase in policy.interrupting}


def test_another_language_is_told_what_stays_english():
    note = untranslated(agent("fi", 'greeting = "Hei."\n[phrases]\nidle_prompts = ["Oletteko siellä?"]\n'))
    assert "'fi'" in note
    assert "apology" in note
    assert "idle_prompts" not in note
    assert "greeting" not in note
    assert "fillers" not in note
    assert untranslated(agent("de")) == untranslated(agent("pt-BR")) == ""
