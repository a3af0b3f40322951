"""Calls that never were: an ear that heard what a test says it heard, for checking the score itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from phoneagent.conversation.transcript import Turn
from phoneagent.scenarios.heard import HeardWord
from phoneagent.scenarios.outcome import Outcome, Told
from phoneagent.scenarios.scenario import Scenario
from phoneagent.scenarios.scenario_file import parse_scenarios
from phoneagent.simulator.ear import Ear, Noised, Pressed, Said

LOUD, QUIET = b"\x20" * 160, b"\xff" * 160

ONE_QUESTION = """
title = "A question"
[[mind]]
heard = "hours"
say = "We open at nine."
[[caller]]
say = "What are your hours?"
[expect]
"""


def scenario(text: str = ONE_QUESTION) -> Scenario:
    return parse_scenarios(text, name="made_up", file="made_up.toml")[0]


def caller(text: str, at: float) -> Turn:
    return Turn("caller", text, at)


def agent(text: str, at: float, *, cut: bool = False) -> Turn:
    return Turn("agent", text, at, interrupted=cut)


def outcome(
    script: Scenario,
    *,
    agent_sounds: Sequence[tuple[float, float]],
    facts: Sequence[Said | Noised | Pressed],
    turns: Sequence[Turn],
    heard: Sequence[tuple[float, str]] | None = None,
    told: Sequence[tuple[float, str, dict[str, object]]] = (),
    seconds: float = 20.0,
) -> Outcome:
    """A call of so many seconds in which the agent was audible at these times.

    `heard` gives texts with the times at which they began; unless given, the agent's turns were heard as recorded,
    each with its sound. Of each of these turns is told that it ended, as an answer, the first as the greeting.
    """
    ear = Ear(recording=False)
    for frame in range(round(seconds * 50)):
        now = frame * 0.02
        ear.agent_frame(LOUD if any(begin - 1e-6 <= now < end - 1e-6 for begin, end in agent_sounds) else QUIET)
    for fact in facts:
        ear.note(fact)
    spoken = [turn for turn in turns if turn.role == "agent"]
    if heard is None:
        heard = [(begin, turn.text) for (begin, _), turn in zip(agent_sounds, spoken, strict=False)]
    words = [HeardWord(at + 0.25 * index, word) for at, text in heard for index, word in enumerate(text.split())]
    kinds = [kind for _, kind in zip_longest(spoken, ["greeting"], fillvalue="answer")]
    ended = [
        Told(turn.at, "turn_ended", {"agent": turn.text, "kind": kind, "interrupted": turn.interrupted})
        for turn, kind in zip(spoken, kinds, strict=False)
    ]
    others = [Told(at, name, values) for at, name, values in told]
    return Outcome(script, "table", ear, tuple(words), tuple(turns), (*ended, *others), "caller")
