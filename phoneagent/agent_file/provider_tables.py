"""`[stt]`, `[llm]`, `[tts]`: who hears, thinks and speaks, and who stands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from phoneagent.records import ProviderChoice

from .problems import meant, names_of

PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "stt": ("deepgram", "pocketsphinx"),
    "llm": ("openai", "scripted"),
    "tts": ("elevenlabs", "espeak"),
}
"""The names of the providers that `app` can make."""


def _one_of(*names: str) -> AfterValidator:
    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"expected {names_of(names)}, got {name!r}{meant(name, names)}")
        return name

    return AfterValidator(check)


class _Provider(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str
    model: str = ""
    options: dict[str, Any] = {}
    fallback: tuple[_Provider, ...] = ()

    def choice(self) -> ProviderChoice:
        """The record."""
        return ProviderChoice(
            self.provider, self.model, self.options, tuple(fallback.choice() for fallback in self.fallback)
        )


class SttTable(_Provider):
    """`[stt]`, and each of its fallbacks."""

    provider: Annotated[str, _one_of(*PROVIDERS["stt"])]
    fallback: tuple[SttTable, ...] = ()


class LlmTable(_Provider):
    """`[llm]`, and each of its fallbacks."""

    provider: Annotated[str, _one_of(*PROVIDERS["llm"])]
    fallback: tuple[LlmTable, ...] = ()
    hedge: bool | None = None

    def choice(self) -> ProviderChoice:
        """The record."""
        return replace(super().choice(), hedge=self.hedge)


class TtsTable(_Provider):
    """`[tts]`, and each of its fallbacks."""

    provider: Annotated[str, _one_of(*PROVIDERS["tts"])]
    fallback: tuple[TtsTable, ...] = ()
