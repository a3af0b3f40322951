"""How long a silence must be to end a turn, by what was asked and what was said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from .languages import Language, language_of
from .lexicon import language_code
from .policy import EndpointingRule, Policy
from .search import LOOKED_AT, Search, compiled, search

DICTATED = 1.3  # seconds: whoever dictates looks it up, and gives others time to write: 0.8 to 0.9 s between groups
COMPLETE = 0.5  # seconds: there is no more of it
STORY = 1.2  # seconds
CONFIRMED = 0.2  # seconds

_SENTENCE = re.compile(r"[.!?]$")
_LETTER = r"(?<![\w'])[^\W\d_](?![\w'])"
_POLITE = (
    r"please|thanks|thank you|bitte|danke|por favor|gracias|s'il vous plaît|merci|per favore|grazie|obrigad[oa]|"
    r"alstublieft|dank u|graag|proszę|dziękuję"
)


def built_in_rules(language: str) -> tuple[EndpointingRule, ...]:
    """Those of a language such as `pt-BR`, in the order in which they are tried."""
    return _rules(language_code(language))


def rule_for(
    text: str, asked: str, policy: Policy, *, turn_events: bool, language: str = "en", search: Search = search
) -> EndpointingRule | None:
    """The rule for `text`, said after the agent's `asked`, if there is one."""
    asked, text = asked[-LOOKED_AT:].strip(), text[-LOOKED_AT:].strip()
    for rule in policy.rules:
        if (rule.turn_events or not turn_events) and search(rule.agent, asked) and search(rule.caller, text):
            return rule
    for rule in built_in_rules(language) if policy.built_in_rules else ():
        if (rule.turn_events or not turn_events) and _has(rule.agent, asked) and _has(rule.caller, text):
            return rule
    return None


def silence_needed(
    text: str, policy: Policy, *, asked: str = "", language: str = "en", search: Search = search
) -> float:
    """Seconds of silence after `text` that end the turn, when the ears do not decide it.

    >>> silence_needed("I would like a table for", Policy()) > silence_needed("A table for two, please.", Policy())
    True
    """
    text = text[-LOOKED_AT:].strip()
    if not text:
        return policy.silence_at_most
    if (rule := rule_for(text, asked, policy, turn_events=False, language=language, search=search)) is not None:
        return rule.silence
    if unfinished(text, language):
        return policy.silence_after_fragment
    if _has(_number(language_code(language)), text):
        return policy.silence_after_number
    if _SENTENCE.search(text):
        return policy.silence_after_sentence
    return policy.silence_after_words


def unfinished(text: str, language: str = "en") -> bool:
    """Whether nobody ends a thought like this."""
    return _has(rf"(?:{_word(language_of(language).fragments)}|[,:;…-])$", text[-LOOKED_AT:].strip())


def is_number(word: str, language: str = "en") -> bool:
    """Whether it is a digit or a number word."""
    return _has(_number(language_code(language)), word)


def wants_yes_or_no(asked: str, language: str = "en") -> bool:
    """Whether this ends with a question that "yeah" answers."""
    return _has(_closed_question(language_of(language)), asked[-LOOKED_AT:].strip())


def says_yes_or_no(text: str, language: str = "en") -> bool:
    """Whether there is a yes or a no in it."""
    return _has(_word(language_of(language).yes_or_no), text[-LOOKED_AT:])


# --- what rules are made of ----------------------------------------------------------------------------


def _has(pattern: str, text: str) -> bool:
    return compiled(pattern).search(text) is not None


def _word(alternatives: str) -> str:
    """One of them, and not a part of another word."""
    return rf"(?<![\w'])(?:{alternatives})(?![\w'])"


@cache
def _number(code: str) -> str:
    spoken = language_of(code).dictation
    return rf"(?:\d|{_word(f'{spoken.digits}|{spoken.numbers}')})[.]?$"


def _closed_question(language: Language) -> str:
    """Where yes/no questions are not known by their first word, it is one that does not ask what, when or who."""
    if not language.open_questions:
        return language.closed_question
    return rf"(?:^|[.!?¿¡,])(?:(?!{_word(language.open_questions)})[^.!?¿¡])*\?$"


def _confirmed(language: Language) -> str:
    """A yes or a no, and nothing else."""
    return rf"\W*(?:{language.yes_or_no})(?:\W+(?:{_POLITE}))?\W*$"


@cache
def _rules(code: str) -> tuple[EndpointingRule, ...]:
    language = language_of(code)
    return (
        *_dictated(language),
        # What ears with turn events know by themselves: a story goes on, and a yes is complete.
        EndpointingRule(STORY, agent=rf"{_word(language.dictation.asks_story)}[^?]*[?.]$", turn_events=False),
        EndpointingRule(
            CONFIRMED,
            agent=_closed_question(language),
            caller=rf"^{_confirmed(language)}",
            turn_events=False,
        ),
    )


def _dictated(language: Language) -> Iterator[EndpointingRule]:
    """What comes in groups. Ears that understand sentences take each group for one."""
    spoken = language.dictation
    digit, joined = rf"(?:\d|{_word(spoken.digits)})", _word(spoken.joined)
    number = rf"(?:\d|{_word(f'{spoken.digits}|{spoken.numbers}')})"
    spelled = rf"{_LETTER}\W+{_word(spoken.like)}\W+[^\W\d_]+"
    letter = rf"(?:{_LETTER}|{_word(f'{spoken.letters}|{spoken.alphabet}')}|{spelled})"
    answers = rf"^(?!{_confirmed(language)})(?!.*{_word(spoken.no_answer)})(?!.*\?$)"
    if spoken.whole_phone:
        whole = spoken.whole_phone.replace("<D>", digit)
        yield EndpointingRule(
            COMPLETE, agent=_word(spoken.asks_phone), caller=rf"^(?:(?!{digit}|{joined}|\+).)*(?:{whole})"
        )
    yield EndpointingRule(
        DICTATED,
        agent=_word(f"{spoken.asks_phone}|{spoken.asks_code}"),
        caller=rf"(?:{number}|{joined}|{letter})\W*$",
    )
    yield EndpointingRule(COMPLETE, agent=_word(spoken.asks_date), caller=r"\b(?:19|20)\d\d\W*$")
    yield EndpointingRule(DICTATED, agent=_word(spoken.asks_date), caller=rf"(?:{number}|{_word(spoken.dates)})\W*$")
    yield EndpointingRule(DICTATED, agent=_word(f"{spoken.asks_spelling}|{spoken.asks_address}"), caller=answers)
    yield EndpointingRule(DICTATED, agent=_word(spoken.asks_name), caller=rf"{letter}\W*$")
    # Whatever was asked: "my number is five five five", three digits in a row, and what is spelled.
    yield EndpointingRule(DICTATED, caller=rf"{_word(spoken.states)}.*{digit}\W*$|(?:{digit}\W+){{2}}{digit}\W*$")
    yield EndpointingRule(DICTATED, caller=rf"(?:{_LETTER}\W+{_LETTER}|{spelled})\W*$")
    yield EndpointingRule(
        DICTATED, agent=rf"^(?!.*{_word(spoken.asks_amount)})", caller=r"^\W*\d{3,}(?:\W+\d{2,})*\W*$"
    )
