"""What Deepgram takes as key terms, and how it says no. Pure.

Sources, as of 2026-11-30: developers.deepgram.com/docs/keyterm (500 tokens, up to 100 terms, and the error's text),
pipecat pull request 5643 (100 terms, 100 characters a term, none blank: 400 on the handshake, Flux and Nova alike),
/changelog/2026/10/8 (an update over the limit ends Nova's transcription without a word).
"""

from __future__ import annotations

from collections.abc import Sequence

TERMS = 100
CHARACTERS = 100  # of a term
TOKENS = 500  # of all terms

TOO_MANY_TOKENS = "Keyterm limit exceeded. The maximum number of tokens across all keyterms is 500."
LETTERS = 3  # of a token; common English words have four, names two to three


def refusal(terms: Sequence[str]) -> str | None:
    """What is wrong with a list, or None."""
    if len(terms) > TERMS:
        return f"Keyterm limit exceeded. The maximum number of keyterms is {TERMS}."
    if not all(term.strip() for term in terms):
        return "Invalid keyterm: a keyterm must not be blank."
    if any(len(term) > CHARACTERS for term in terms):
        return f"Invalid keyterm: a keyterm must not have more than {CHARACTERS} characters."
    if any(not character.isprintable() for term in terms for character in term if character not in JOINERS):
        return "Invalid keyterm: a keyterm must not have control characters."
    if sum(map(tokens, terms)) > TOKENS:
        return TOO_MANY_TOKENS
    return None


JOINERS = "\u200c\u200d"  # belong to the spelling of Persian and Hindi


def tokens(term: str) -> int:
    """Its tokeniser is not published. This counts what a byte-pair tokeniser makes of names and menus, not of prose."""
    return sum(_tokens(word) for word in term.split())


def _tokens(word: str) -> int:
    letters = sum(character.isascii() and character.isalpha() for character in word)
    return -(-letters // LETTERS) + len(word) - letters
