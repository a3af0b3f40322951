"""How long a silence must be to end a turn, when the ears do not decide it."""

from __future__ import annotations

import re

from .policy import Policy

_FRAGMENT = re.compile(
    r"(?:\b(?:and|or|but|so|because|if|that|the|a|an|to|for|of|with|at|in|on|my|is|are|i|i'd like|would like"
    r"|um+|uh+|er+)|[,:;…-])$",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?:\d|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|double|hundred|thousand"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty))[.]?$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?]$")


def silence_needed(text: str, policy: Policy) -> float:
    """Seconds of silence after `text` that end the turn.

    >>> silence_needed("I would like a table for", Policy()) > silence_needed("A table for two, please.", Policy())
    True
    """
    text = text.strip()
    if not text:
        return policy.silence_at_most
    if _FRAGMENT.search(text):
        return policy.silence_after_fragment
    if _NUMBER.search(text):
        return policy.silence_after_number
    if _SENTENCE.search(text):
        return policy.silence_after_sentence
    return policy.silence_after_words
