"""What speech over the agent means: a backchannel, an interruption, or nothing yet."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from enum import Enum, auto

from .endpointing import is_number
from .lexicon import Lexicon
from .policy import Policy

NO_ANSWER = 4  # words of the agent's, said again: fewer may answer them ("a table for two?" – "for two")
LONGEST_ECHO = 64  # words, half a minute of them: comparing takes the square of their number
LIKE_AN_ECHO = 0.7  # of the words: ears mishear one in four of what comes back through a handset
_NOT_WORDS = re.compile(r"[^\w\s'-]+")


_CHOICES = frozenset(
    "say tell press choose answer reply either or sagen sage drücken wählen antworten oder diga di marque elija "
    "responda o dites appuyez choisissez répondez ou dica prema scelga risponda oppure aperte escolha zeg zegt druk "
    "kies antwoord of powiedz proszę naciśnij wybierz albo lub czy".split()
)
"""Words of the agent's that ask for one of the words beside them, in eight languages."""


class Meaning(Enum):
    """What a caller wants with what they said while the agent speaks."""

    NOTHING = auto()  # no words (yet)
    BACKCHANNEL = auto()  # "mm-hm": go on, I am listening
    ECHO = auto()  # the agent's own words, from the caller's loudspeaker
    CHECK_IN = auto()  # "hello?": is anybody there?
    INTERRUPTION = auto()  # words to be answered


def normalised(text: str) -> str:
    """Lower case, without punctuation, single spaces: what two transcripts of the same words have in common."""
    return " ".join(_NOT_WORDS.sub(" ", text.lower()).split())


def meaning(
    text: str,
    policy: Policy,
    *,
    needed: int,
    asked: bool = False,
    leaving: bool = False,
    agreed: Lexicon | None = None,
    awaited: Lexicon | None = None,
    final: bool = False,
    agent: str = "",
    echo: int = 2,
) -> Meaning:
    """What `text`, said over the agent, means.

    `needed`: so many words interrupt. `asked`: the agent has just put a question, which "yeah" may answer. `leaving`:
    it says goodbye, and "bye" agrees. `agreed`: it says so, or that it connects the caller, and these words agree.
    `awaited`: the caller waits for an answer, and with these words asks whether anybody is there. `final`: the caller
    has finished, so that too few words to interrupt are an answer all the same: a single "seven" must not be lost.
    `agent`: what the agent has said in the last seconds, whose `echo` this may be if it has so many words; 0: it has
    none.
    """
    words = normalised(text)
    if not words:
        return Meaning.NOTHING
    if echo:
        count, echoed = len(words.split()), _echoed(words, agent)
        enough = echo if echoed == count else max(echo, 4)  # of fewer, one that was misheard is too many
        if count >= enough and echoed >= LIKE_AN_ECHO * count:
            return Meaning.ECHO
        if not final and 2 * echoed >= count:
            return Meaning.NOTHING  # it may still become one: the next words will tell
    if awaited and awaited.covers(words):
        return Meaning.CHECK_IN
    if awaited and not final and awaited.may_cover(words):
        return Meaning.NOTHING
    if agreed and not asked and agreed.covers(words):
        return Meaning.BACKCHANNEL  # "no problem" too, whatever its first word is
    urgent = any(f"{words} ".startswith(f"{normalised(phrase)} ") for phrase in policy.interrupting)
    if not asked and not urgent:
        murmurs = policy.backchannels + policy.closings if leaving else policy.backchannels
        rest = _without(words, murmurs)
        if not rest:
            return Meaning.BACKCHANNEL
        if not final and any(normalised(phrase).startswith(rest) for phrase in murmurs):
            return Meaning.NOTHING  # "I" of "I see"
        if agreed and not final and agreed.may_cover(rest):
            return Meaning.NOTHING
    if final or asked or urgent or len(words.split()) >= needed:
        return Meaning.INTERRUPTION
    return Meaning.NOTHING


def echo_needed(policy: Policy, *, begun: bool, asked: bool) -> int:
    """How many of the agent's words are an echo; 0: there is none.

    `begun`: what came before them in the same breath was one. `asked`: fewer than `NO_ANSWER` may be an answer to them.
    """
    if not policy.echo_words:
        return 0
    if begun:
        return 1
    return max(policy.echo_words, NO_ANSWER) if asked else policy.echo_words


def first_word_echoed(text: str, begun: list[str], policy: Policy, language: str = "en") -> bool:
    """Whether one word is the agent's own, of those with which it has just begun to sound: `begun`.

    Then it falls silent after its first word, and no second one comes back that would tell. What it takes back at once
    is a caller's all the same ("stop", "no", a number), and what the agent wants to hear ("say yes or no").
    """
    word, own = normalised(text), [normalised(one) for one in begun]
    if not policy.echo_words or " " in word or word not in own or _CHOICES.intersection(own):
        return False
    return word not in map(normalised, policy.interrupting) and not is_number(word, language)


def _echoed(words: str, agent: str) -> int:
    """How many of the words the agent has said, in the same order."""
    said = words.split()
    if len(said) > LONGEST_ECHO:
        return 0
    matcher = SequenceMatcher(None, said, normalised(agent).split()[-LONGEST_ECHO:], autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())


def _without(words: str, backchannels: tuple[str, ...]) -> str:
    """What is left when every backchannel is taken away: nothing of "okay yeah right"."""
    rest = words
    for phrase in sorted(map(normalised, backchannels), key=len, reverse=True):
        rest = re.sub(rf"(?<!\S){re.escape(phrase)}(?!\S)", " ", rest)
    return " ".join(rest.split())
