"""The mind of a scenario, and how long it takes for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.mind import Answer, Message, ScriptedMind

from .scenario import Scenario


class TimedMind:
    """A `ScriptedMind` some of whose rules take their time."""

    def __init__(self, scenario: Scenario) -> None:
        self._rules = scenario.rules
        self._latencies = scenario.latencies
        self._mind = ScriptedMind(*(timed.rule for timed in scenario.rules), default=scenario.default_answer)

    def __call__(self, messages: Sequence[Message]) -> tuple[Answer, Latencies]:
        """The answer, and the latencies with which it comes."""
        answer = self._mind(messages)
        last = next((message for message in reversed(messages) if message.role in {"user", "tool"}), None)
        if last is None or last.role == "tool":
            return answer, self._latencies
        rule = self._mind.matching(last.text)
        timed = next((timed for timed in self._rules if timed.rule is rule), None)
        if timed is None or timed.first_token is None:
            return answer, self._latencies
        return answer, replace(self._latencies, first_token=timed.first_token)
