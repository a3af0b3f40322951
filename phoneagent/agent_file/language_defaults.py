"""What an agent file does not say is said in the agent's language, where we have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from phoneagent.conversation.languages import LANGUAGES, Language, is_known, language_of
from phoneagent.conversation.policy import Phrasing
from phoneagent.records import Agent

MAY_BE_EMPTY = ("disclosure", "announcement", "do_not_call", "still_here", "voicemail", "screening", "end_call_phrases")
"""Phrases that are not said at all, or in the language's own words, where an agent has none."""

NEVER_FOREIGN: Mapping[str, Any] = {"phrases": {"fillers": (), "later_fillers": ()}}
"""Of a language that we do not have: nobody wants an English "one moment" before a Finnish answer."""


def with_language(written: Mapping[str, Any]) -> Mapping[str, Any]:
    """A file's tables, laid over those of its language."""
    language = written.get("language", "en")
    if not isinstance(language, str):
        return written
    ours = _tables(language_of(language)) if is_known(language) else NEVER_FOREIGN
    return {**written, **{name: _over(value, written.get(name)) for name, value in ours.items() if _has(written, name)}}


def english_phrases(agent: Agent) -> tuple[str, ...]:
    """The phrases that such an agent says in English because nobody has said them in its language."""
    return () if is_known(agent.language) else tuple(_english(agent))


def untranslated(agent: Agent) -> str:
    """What an operator should know of it; empty if there is nothing."""
    names = english_phrases(agent)
    if not names:
        return ""
    return (
        f"agent {agent.name!r} speaks {agent.language!r}, and we have phrases for {', '.join(LANGUAGES)}: "
        f"{', '.join(names)} stay English; set them in its file under [phrases], and what callers murmur in "
        "turn_taking.backchannels"
    )


def _english(agent: Agent) -> Iterator[str]:
    plain = Phrasing()
    for each in fields(Phrasing):
        value = getattr(agent.phrasing, each.name)
        if each.name not in MAY_BE_EMPTY and value and value == getattr(plain, each.name):
            yield each.name


def _tables(language: Language) -> dict[str, Any]:
    return {
        "greeting": language.greeting,
        "phrases": language.phrases,
        "transfer_phrases": language.transfer_phrases,
        "dialogue": language.dialogue,
        "turn_taking": {
            "backchannels": language.backchannels,
            "closings": language.closings,
            "interrupting": language.interrupting,
        },
    }


def _has(written: Mapping[str, Any], name: str) -> bool:
    """An agent without a dialogue is given none."""
    return name != "dialogue" or name in written


def _over(ours: Any, theirs: Any) -> Any:
    """Theirs, and of ours what is not in it."""
    if theirs is None:
        return ours
    if not (isinstance(ours, Mapping) and isinstance(theirs, Mapping)):
        return theirs
    return {**ours, **{name: _over(ours.get(name), value) for name, value in theirs.items()}}
