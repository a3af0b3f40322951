"""What callers say in a benchmark, and what the model answers: the same in every call, and of known length."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from phoneagent.simulator.caller import AGENT_FINISHED, AgentSpeaking, CallerScript, Cue, HangUp, Say
from phoneagent.simulator.mind import Answer, Message, Rule, ScriptedMind

CALLER_VOICE = "en-us+benjamin"  # espeak-ng's; steady, so that every run hears the same
INTERRUPT_AFTER = 1.2  # seconds of an answer that are listened to before it is interrupted
ROUND_OF_TURNS = 3  # of these answers the last is interrupted
LONGEST_TURN = 12.0  # seconds, from one turn to the next; a call that takes longer hangs
FLOOR_PACE = 6.0  # seconds from the end of a turn to the next, of callers who are not answered

QUESTIONS = ("Is there a table for two?", "Yes, that is right.", "What are your opening hours?")
MIND = ScriptedMind(
    Rule("this is (?P<who>\\w+ \\w+)", "Good evening, {who}."),
    Rule("table for two", "There is a table for two at seven, by the window. Shall I book it?"),
    Rule("yes", "Very good, your table is booked. We look forward to seeing you tonight."),
    Rule("hours", "We are open from Tuesday to Sunday, from noon to eleven in the evening. On Mondays we are closed."),
    default="I did not understand that.",
)
"""Answers without tools, so that any agent can be measured with them. The one about hours is long: it is cut short."""

_FIRST = (
    "Adam Alice Anna Barbara Brian Carol Clara Daniel David Diana Edward Emily Eric Fiona George Hannah Helen Henry "
    "Irene Jacob Julia Kevin Laura Lucy Martin Monica Nora Oliver Paula Peter"
).split()
_LAST = (
    "Adler Baker Barnes Berger Carter Collins Cooper Dawson Elliot Fisher Foster Garner Harper Hudson Jackson Keller "
    "Larson Mason Miller Morton Nelson Osborne Palmer Parker Porter Sanders Turner Walker Watson Winter"
).split()
MOST_CALLERS = len(_FIRST) * len(_LAST)
_INTRODUCED = re.compile(f"\\b({'|'.join(_FIRST)}) ({'|'.join(_LAST)})\\b")


def names(count: int) -> list[str]:
    """So many callers' names, all different.

    A caller's first words are their name, and the first answer repeats it. That is how Deepgram's and ElevenLabs'
    sockets and each request to the model are found to belong to a call: none of the protocols has a field for it.
    """
    return [f"{_FIRST[number % len(_FIRST)]} {_LAST[number // len(_FIRST)]}" for number in range(count)]


def named(text: str) -> str:
    """The caller's name in a text, or nothing."""
    found = _INTRODUCED.search(text)
    return found.group() if found else ""


def who_asks(messages: Sequence[Message]) -> str:
    """The caller of a conversation, or nothing: who has not said their name, or so long ago that it was left out."""
    return next((name for message in messages if message.role == "user" and (name := named(message.text))), "")


def answer(messages: Sequence[Message]) -> Answer:
    """What the model says."""
    return MIND(messages)


def caller(name: str, turns: int) -> CallerScript:
    """A caller who introduces themselves, takes so many turns, and interrupts every third answer by the next turn."""
    steps = [Say(f"This is {name}."), *(Say(text, after=cue) for text, cue in _questions(turns))]
    return CallerScript(*steps, HangUp(), voice=CALLER_VOICE, patience=LONGEST_TURN)


def unanswered_caller(name: str, turns: int) -> CallerScript:
    """The same words at fixed times: for a server that does not answer."""
    steps = [Say(f"This is {name}.", after=FLOOR_PACE), *(Say(t, after=FLOOR_PACE) for t, _ in _questions(turns))]
    return CallerScript(*steps, HangUp(after=FLOOR_PACE), voice=CALLER_VOICE)


def _questions(turns: int) -> Iterator[tuple[str, Cue]]:
    for number in range(turns):
        interrupting = number > 0 and number % ROUND_OF_TURNS == 0
        cue: Cue = AgentSpeaking(INTERRUPT_AFTER) if interrupting else AGENT_FINISHED
        yield QUESTIONS[number % ROUND_OF_TURNS], cue
