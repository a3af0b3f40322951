"""What is wrong with a `[tts]` table that can be known without asking the provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from phoneagent.catalogue.elevenlabs import DEFAULT_MODEL, MODELS, model_of, speakers, speaks
from phoneagent.records import ProviderChoice

from .problems import Problem, meant, names_of
from .toml_lines import Loc

TRANSPORTS = ("websocket", "http")
FITTING = 3  # models that are suggested


def voice_problems(tts: ProviderChoice | None, language: str) -> Iterator[Problem]:
    """Models, transports and languages of `[tts]` and its fallbacks that do not go together."""
    if tts is None:
        yield from _unspoken(DEFAULT_MODEL, language, ("language",))
        return
    for number, choice in enumerate((tts, *tts.fallback)):
        loc: Loc = ("tts", "fallback", number - 1) if number else ("tts",)
        if choice.provider == "elevenlabs":
            yield from _elevenlabs(choice, language, loc)


def _elevenlabs(choice: ProviderChoice, language: str, loc: Loc) -> Iterator[Problem]:
    model = choice.model or DEFAULT_MODEL
    transport: Any = choice.options.get("transport")
    place = (*loc, "options", "transport")
    if transport is not None and transport not in TRANSPORTS:
        hint = meant(str(transport), TRANSPORTS)
        yield Problem(place, f"expected {names_of(TRANSPORTS)}, got {transport!r}{hint}")
    elif transport == "websocket" and not model_of(model).on_sockets:
        offered = names_of([name for name, known in MODELS.items() if known.on_sockets and not known.successor])
        yield Problem(
            place, f"{model} is not offered over the WebSocket; expected transport = 'http', or as model {offered}"
        )
    stability, stabilities = choice.options.get("stability"), model_of(model).stabilities
    if stability is not None and stabilities and stability not in stabilities:
        shown = names_of([f"{each:g}" for each in stabilities])
        yield Problem((*loc, "options", "stability"), f"{model} takes {shown} only, got {stability!r}")
    if (own := choice.options.get("language")) is not None and not isinstance(own, str):
        yield Problem((*loc, "options", "language"), f"expected a language such as 'de', got {own!r}")
    elif own:
        yield from _unspoken(model, own, (*loc, "options", "language"))
    else:
        yield from _unspoken(model, language, (*loc, "model" if choice.model else "provider"))


def _unspoken(model: str, language: str, loc: Loc) -> Iterator[Problem]:
    if speaks(model, language):
        return
    able = speakers(language)[:FITTING]
    instead = f"expected {names_of(able)}" if able else "no model of ElevenLabs is known to speak it"
    yield Problem(loc, f"the voice model {model} does not speak {language!r}: {instead} as model of [tts]")
