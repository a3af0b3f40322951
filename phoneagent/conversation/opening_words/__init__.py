"""How people, machines and screeners talk when they answer a call, in eight languages.

A number abroad answers in its own language, so all tables apply to every call: a pattern must mean the same in each of
the others, or nothing.
"""

from __future__ import annotations

from . import dutch, english, french, german, italian, polish, portuguese, spanish

OPENING_WORDS = (
    english.WORDS,
    german.WORDS,
    spanish.WORDS,
    french.WORDS,
    italian.WORDS,
    portuguese.WORDS,
    dutch.WORDS,
    polish.WORDS,
)
