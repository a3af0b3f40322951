"""What is known of ElevenLabs' models."""

from __future__ import annotations

import pytest

from phoneagent.catalogue.elevenlabs import DEFAULT_MODEL, MODELS, language_code, model_of, speakers, speaks


def test_as_many_languages_as_the_documents_say():
    counts = {name: len(set(model.languages)) for name, model in MODELS.items()}
    assert counts == {
        "eleven_flash_v2_5": 32,
        "eleven_flash_v2": 1,
        "eleven_multilingual_v2": 29,
        "eleven_v3": 74,
        "eleven_v3_conversational": 74,
        "eleven_v4": 0,  # "90+", and no list
        "eleven_v4_turbo": 0,
        "eleven_turbo_v2_5": 32,
        "eleven_turbo_v2": 1,
    }
    assert set(model_of(DEFAULT_MODEL).languages) < set(model_of("eleven_v3").languages)


@pytest.mark.parametrize(
    ("model", "language", "code"),
    [
        ("eleven_flash_v2_5", "de-DE", "de"),
        ("eleven_flash_v2_5", "pt_BR", "pt"),
        ("eleven_flash_v2_5", "nb", "no"),
        ("eleven_flash_v2_5", "tl", "fil"),
        ("eleven_flash_v2_5", "", ""),
        ("eleven_v3", "fa-IR", "fa"),
        ("eleven_v3", "iw", "he"),
        ("eleven_v4_turbo", "lo-LA", "lo"),
        ("eleven_v9", "de-DE", "de"),
        ("eleven_multilingual_v2", "de-DE", ""),  # finds it out by itself
        ("eleven_flash_v2", "en-GB", ""),
    ],
)
def test_a_language_is_sent_as_the_model_takes_it(model, language, code):
    assert language_code(model, language) == code


@pytest.mark.parametrize(
    ("model", "language", "spoken"),
    [
        ("eleven_flash_v2_5", "hu-HU", True),
        ("eleven_multilingual_v2", "hu-HU", False),
        ("eleven_flash_v2", "en-AU", True),
        ("eleven_turbo_v2", "de", False),
        ("eleven_flash_v2_5", "he", False),
        ("eleven_v3", "he", True),
        ("eleven_v3", "tlh", False),
        ("eleven_v4", "tlh", True),  # nobody has said which
        ("my-own", "tlh", True),
    ],
)
def test_who_speaks_what(model, language, spoken):
    assert speaks(model, language) is spoken


def test_models_that_are_not_being_retired_are_suggested():
    assert speakers("de")[0] == DEFAULT_MODEL
    assert speakers("fa") == ("eleven_v3", "eleven_v3_conversational")
    assert not speakers("tlh")
    assert not [name for name in speakers("en") if "turbo_v2" in name]


@pytest.mark.parametrize("name", ["eleven_v3", "eleven_v3_conversational", "eleven_v3_preview", "eleven_v4_turbo"])
def test_new_generations_are_not_on_the_sockets_and_take_no_context(name):
    assert not model_of(name).on_sockets
    assert not model_of(name).takes_context
