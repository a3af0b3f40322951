"""What is known of the language that is spoken."""

from __future__ import annotations

from dataclasses import dataclass

from babel import Locale, UnknownLocaleError

from .numbers import Numbers
from .vocabulary import VOCABULARIES, Vocabulary


@dataclass(frozen=True, slots=True)
class Language:
    """A language that is spoken with all its numbers and signs."""

    locale: Locale
    vocabulary: Vocabulary
    numbers: Numbers

    @property
    def code(self) -> str:
        return str(self.locale.language)

    @classmethod
    def of(cls, tag: str) -> Language | None:
        """The language with this code, such as en or en-GB; None for those whose signs and numbers we do not know."""
        code, *rest = tag.replace("_", "-").split("-")
        if (vocabulary := VOCABULARIES.get(code.lower())) is None:
            return None
        territory = next((part.upper() for part in rest if len(part) == 2), None)
        try:
            locale = Locale(code.lower(), territory)
        except UnknownLocaleError:  # en-XX
            locale = Locale(code.lower())
        return cls(locale, vocabulary, Numbers(locale, vocabulary))
