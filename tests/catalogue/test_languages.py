"""Which of a model's languages is meant by what people write."""

from __future__ import annotations

import pytest

from phoneagent.catalogue.deepgram import MODELS
from phoneagent.catalogue.languages import closest

NOVA_3 = MODELS["nova-3"].languages


@pytest.mark.parametrize(
    ("language", "meant"),
    [
        ("de", "de"),
        ("de-DE", "de"),
        ("de-AT", "de"),
        ("de-CH", "de-CH"),
        ("DE-ch", "de-CH"),
        ("de_DE", "de"),
        ("fr-FR", "fr"),
        ("fr-CA", "fr-CA"),
        ("es-ES", "es"),
        ("es-MX", "es-419"),
        ("es-419", "es-419"),
        ("it-IT", "it"),
        ("nl-NL", "nl"),
        ("nl-BE", "nl-BE"),
        ("en-ZA", "en"),
        ("en-gb", "en-GB"),
        ("pt-BR", "pt-BR"),
        ("zh-Hant-TW", "zh-Hant"),
        ("zh-MO", "zh-Hant"),
        ("nb-NO", "no"),
        ("multi", "multi"),
        ("la", None),
        ("", None),
        ("english", None),
    ],
)
def test_nova_3(language, meant):
    assert closest(language, NOVA_3) == meant


def test_a_language_without_its_own_regions():
    flux = MODELS["flux-general-multi"].languages
    assert [closest(language, flux) for language in ("es-MX", "pt-BR", "en-US", "pl")] == ["es", "pt", "en", None]


def test_every_code_is_its_own_closest():
    for model in MODELS.values():
        assert [closest(language, model.languages) for language in model.languages] == list(model.languages)
        assert len(set(model.languages)) == len(model.languages)
