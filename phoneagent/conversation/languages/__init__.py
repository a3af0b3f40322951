"""The languages that agents have everything in: a file each, and who has none speaks and understands English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from phoneagent.conversation.lexicon import language_code

from .dutch import DUTCH
from .english import ENGLISH
from .french import FRENCH
from .german import GERMAN
from .italian import ITALIAN
from .language import Dictation, Language, Moments
from .polish import POLISH
from .portuguese import PORTUGUESE
from .spanish import SPANISH

__all__ = ["LANGUAGES", "Dictation", "Language", "Moments", "is_known", "language_of"]

LANGUAGES: Final[Mapping[str, Language]] = {
    "en": ENGLISH, "de": GERMAN, "es": SPANISH, "fr": FRENCH, "it": ITALIAN, "pt": PORTUGUESE, "nl": DUTCH,
    "pl": POLISH,
}  # fmt: skip


def is_known(language: str) -> bool:
    """Whether a language such as `pt-BR` has words of its own."""
    return language_code(language) in LANGUAGES


def language_of(language: str) -> Language:
    """The words of a language such as `pt-BR`, or English."""
    return LANGUAGES.get(language_code(language), ENGLISH)
