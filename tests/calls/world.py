"""The product in its simulated world, on a clock that jumps: what every test of whole calls starts with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from phoneagent.agent_file import builtin_agent
from phoneagent.conversation.policy import Policy
from phoneagent.providers.tts.espeak import EspeakVoice
from phoneagent.records import Agent, ProviderChoice
from phoneagent.rehearsal import Rehearsal, rehearsal
from phoneagent.simulator.ear import Ear
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.mind import Rule, ScriptedMind

HOURS = "We are open from Tuesday to Sunday, from noon to eleven in the evening. On Mondays we are closed."

MIND = ScriptedMind(
    Rule("hours|open", HOURS),
    Rule(
        "table for (?P<people>\\w+)",
        "One moment please. ",
        call="book_table",
        arguments={"people": "2", "time": "7 o'clock"},
        then="It is done. {result}",
    ),
    Rule("bye", "Thank you for calling. Goodbye.", call="end_call"),
    Rule("manager", "I will connect you.", call="transfer", arguments={"target": "manager"}),
    Rule("yes", "Very good."),
    default="Is there anything else?",
)


AT_ONCE = Latencies(first_audio=0.0, speech_speed=1000.0)
"""A voice that does not let tests wait that run in real time: an agent's phrases are spoken before its first call."""


def agent(*, policy: Policy | None = None, **changes: Any) -> Agent:
    """The front desk with cloud providers."""
    made = replace(builtin_agent(), **changes)
    return replace(made, policy=policy) if policy else made


def nova(made: Agent) -> Agent:
    """The same with ears that leave the end of a turn to us."""
    return replace(made, stt=ProviderChoice("deepgram", "nova-3"))


class Told:
    """Remembers what the product tells."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, float, str, dict[str, Any]]] = []
        self._news = asyncio.Event()

    def tell(self, call: str, at: float, name: str, values: Any) -> None:
        self.facts.append((call, at, name, dict(values)))
        self._news.set()

    async def until(self, so_far: Callable[[], bool]) -> None:
        """Wait until what was told makes this true."""
        while not so_far():
            self._news.clear()
            await self._news.wait()

    def of(self, name: str) -> list[dict[str, Any]]:
        return [values for _, _, known, values in self.facts if known == name]

    @property
    def dialogue(self) -> list[str]:
        """`caller / agent` of each turn, `—` where it was cut."""
        return [
            f"{turn['caller']} / {turn['agent']}{' —' if turn['interrupted'] else ''}" for turn in self.of("turn_ended")
        ]


@asynccontextmanager
async def world(
    made: Agent | Mapping[str, Agent] | None = None, **options: Any
) -> AsyncIterator[tuple[Rehearsal, Told]]:
    """A rehearsal of the front desk, and what it tells."""
    told = Told()
    options = {"mind": MIND, "synthesizer": EspeakVoice(), "observer": told, **options}
    async with rehearsal(made or agent(), **options) as running:
        yield running, told


def first_sound(ear: Ear) -> float:
    """Seconds from the answer to the first audible frame of the agent."""
    return ear.agent_speech()[0].at
