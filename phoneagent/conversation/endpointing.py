"""How long a silence must be to end a turn, by what was asked and what was said."""

from __future__ import annotations

import re

from .policy import EndpointingRule, Policy
from .search import LOOKED_AT, Search, compiled, search

_DIGIT = r"(?:\d|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)\b)"
_FRAGMENT = re.compile(
    r"(?:\b(?:and|or|but|so|because|if|the|a|an|to|for|of|with|at|in|on|my|is|are|i|i'd like|would like"
    r"|um+|uh+|er+)|[,:;…-])$",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?:\d|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|double|hundred|thousand"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty))[.]?$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?]$")

_YES = r"(?:yes|yeah|yep|no|nope|correct|right|exactly|sure|of course|not really|please do)"
_YES_OR_NO = (
    r"(?:^|[.!?,]\s+|\b(?:so|and|or),? )(?:do|does|did|is|are|was|were|can|could|would|will|shall|should|have|has|may)"
    r"\b[^.!?]*\?$"
)

BUILT_IN = (
    # A telephone number that is complete need not be waited for: the longest national ones have ten or eleven digits.
    EndpointingRule(
        0.5, agent=r"\b(?:phone|mobile|cell|number (?:can|do|should|may) (?:i|we))\b", caller=rf"(?:{_DIGIT}\W*){{10}}$"
    ),
    # Digits come in groups. Ears that understand sentences take each group for one.
    EndpointingRule(1.3, agent=r"\b(?:number|code|digits?|pin|zip|iban|account)\b", caller=rf"{_DIGIT}\W*$"),
    EndpointingRule(1.3, caller=rf"\b(?:number|code|it)(?: is|'s)\b.*{_DIGIT}\W*$|(?:{_DIGIT}\W+){{2}}{_DIGIT}\W*$"),
    EndpointingRule(1.3, agent=r"\b(?:spell|e-?mail)\b"),
    # What ears with turn events know by themselves: a story goes on, and a yes is complete.
    EndpointingRule(
        1.2,
        agent=r"(?:tell me|describe|explain|what happened|what (?:is|seems to be) the (?:problem|matter|issue))"
        r"[^?]*[?.]$",
        turn_events=False,
    ),
    EndpointingRule(
        0.2, agent=_YES_OR_NO, caller=rf"^\W*{_YES}\b\W*(?:please|thanks|thank you)?\W*$", turn_events=False
    ),
)


def rule_for(
    text: str, asked: str, policy: Policy, *, turn_events: bool, search: Search = search
) -> EndpointingRule | None:
    """The rule for `text`, said after the agent's `asked`, if there is one."""
    rules: tuple[EndpointingRule, ...] = (*policy.rules, *(BUILT_IN if policy.built_in_rules else ()))
    asked, text = asked[-LOOKED_AT:].strip(), text[-LOOKED_AT:].strip()
    for rule in rules:
        if turn_events and not rule.turn_events:
            continue
        if search(rule.agent, asked) and search(rule.caller, text):
            return rule
    return None


def silence_needed(text: str, policy: Policy, *, asked: str = "", search: Search = search) -> float:
    """Seconds of silence after `text` that end the turn, when the ears do not decide it.

    >>> silence_needed("I would like a table for", Policy()) > silence_needed("A table for two, please.", Policy())
    True
    """
    text = text[-LOOKED_AT:].strip()
    if not text:
        return policy.silence_at_most
    if (rule := rule_for(text, asked, policy, turn_events=False, search=search)) is not None:
        return rule.silence
    if unfinished(text):
        return policy.silence_after_fragment
    if _NUMBER.search(text):
        return policy.silence_after_number
    if _SENTENCE.search(text):
        return policy.silence_after_sentence
    return policy.silence_after_words


def unfinished(text: str) -> bool:
    """Whether nobody ends a thought like this."""
    return bool(_FRAGMENT.search(text[-LOOKED_AT:].strip()))


def is_number(word: str) -> bool:
    """Whether it is a digit or a number word."""
    return bool(_NUMBER.search(word))


def wants_yes_or_no(asked: str) -> bool:
    """Whether this ends with a question that "yeah" answers."""
    return bool(compiled(_YES_OR_NO).search(asked[-LOOKED_AT:].strip()))


def says_yes_or_no(text: str) -> bool:
    """Whether there is a yes or a no in it."""
    return bool(compiled(rf"\b{_YES}\b").search(text[-LOOKED_AT:]))
