"""Whether the ears of an agent file can hear what its agent speaks, and have options that they take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from phoneagent.catalogue.deepgram import (
    DEFAULT_MODEL,
    MULTILINGUAL_FLUX,
    default_model,
    is_flux,
    language_problem,
    problems_of,
)
from phoneagent.records import ProviderChoice

from .problems import Problem
from .toml_lines import Loc


def ear_problems(stt: ProviderChoice | None, language: str) -> Iterator[Problem]:
    """Models, languages and options of `[stt]` and its fallbacks that do not go together."""
    if stt is None:
        if problem := language_problem("", language):
            yield Problem(("language",), problem)
        return
    places: list[Loc] = [("stt",), *(("stt", "fallback", index) for index in range(len(stt.fallback)))]
    for at, choice in zip(places, (stt, *stt.fallback), strict=True):
        if choice.provider == "deepgram":
            problems = problems_of(choice.model, choice.options, language)
            yield from (Problem((*at, *key), text) for key, text in problems)


def ears_asked(stt: ProviderChoice, language: str) -> ProviderChoice:
    """With the models that are asked: what Flux for English does not hear goes to the multilingual one."""
    if not language_problem(DEFAULT_MODEL, language):
        return stt
    asked = [
        replace(each, model=MULTILINGUAL_FLUX)
        if each.provider == "deepgram" and each.model in ("", DEFAULT_MODEL)
        else each
        for each in (stt, *stt.fallback)
    ]
    return replace(asked[0], fallback=tuple(asked[1:]))


def ears_for(stt: ProviderChoice | None, language: str) -> ProviderChoice | None:
    """With a model that speaks the language, where none is named and Flux does not; None: the agent's default."""
    model = default_model(language)
    if is_flux(model):
        return stt
    if stt is None:
        return ProviderChoice("deepgram", model)
    chosen = [
        replace(each, model=model) if each.provider == "deepgram" and not each.model else each
        for each in (stt, *stt.fallback)
    ]
    return replace(chosen[0], fallback=tuple(chosen[1:]))
