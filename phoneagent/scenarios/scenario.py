"""A scripted call as data, ready to be played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from phoneagent.records import Agent, ProviderChoice, ToolSpec
from phoneagent.simulator.caller import CallerScript, HangUp, Noise, Press, Say, Wait
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.mind import Rule
from phoneagent.simulator.network import Network

from .disorder import Disturbance

Ears: TypeAlias = Literal["flux", "nova"]
Run: TypeAlias = Literal["table", "server"]

EARS: Mapping[Ears, ProviderChoice] = {
    "flux": ProviderChoice("deepgram", "flux-general-en"),
    "nova": ProviderChoice("deepgram", "nova-3"),
}
"""Ears that know when a turn ends, and ears that leave it to us."""


@dataclass(frozen=True, slots=True)
class TimedRule:
    """A rule of the scripted mind; `first_token` seconds replace the usual latency of its answers."""

    rule: Rule
    first_token: float | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that returns `result` after so many seconds, or fails with `problem`."""

    name: str
    result: str = "done"
    seconds: float = 0.0
    safe: bool = False
    problem: str = ""

    @property
    def spec(self) -> ToolSpec:
        """As the model sees it: it takes whatever arguments the mind thinks of."""
        parameters = {"type": "object", "properties": {}, "additionalProperties": True}
        return ToolSpec(self.name, f"The tool {self.name} of a scenario.", parameters, self.safe, self.seconds + 60.0)


Meant: TypeAlias = Literal["answer", "nothing", "echo"]
"""What the caller wants with words: an answer, nothing ("mm-hm"), or they are the agent's own, coming back."""


@dataclass(frozen=True, slots=True)
class Line:
    """Words that the caller says in one go. A thought may have several, with hesitations of `pause` before them."""

    text: str
    thought: int
    meant: Meant = "answer"
    pause: float | None = None
    last: bool = True
    split: bool = False  # the ears take each part for a whole turn


Step: TypeAlias = Say | Press | Noise | Wait | HangUp


@dataclass(frozen=True, slots=True)
class Expected:
    """How the call shall have gone. None and empty: whatever happens.

    `dialogue` is the transcript, `caller: ...` and `agent: ...`, ` —` where it was cut; `…` stands for any words.
    `heard` and `unheard` are words that the caller must and must not have heard; `states` occur in this order.
    """

    dialogue: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    tools: tuple[str, ...] | None = None
    resumes: int | None = None
    interruptions: int | None = None
    cut_offs: int = 0
    ended_by: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scripted call with one kind of ears."""

    name: str
    title: str
    agent: Agent
    ears: Ears
    rules: tuple[TimedRule, ...]
    tools: tuple[Tool, ...]
    steps: tuple[Step, ...]
    lines: tuple[Line, ...]
    expected: Expected
    default_answer: str
    run: tuple[Run, ...] = ("table",)
    latencies: Latencies = field(default_factory=Latencies)
    network: Network = field(default_factory=Network)
    disorder: tuple[Disturbance, ...] = ()
    background: float = 0.0
    patience: float = 15.0
    caller_options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def script(self) -> CallerScript:
        return CallerScript(
            *self.steps, voice="caller", background=self.background, patience=self.patience, **self.caller_options
        )

    @property
    def equipped_agent(self) -> Agent:
        """The agent with these ears and tools."""
        return replace(self.agent, tools=tuple(tool.spec for tool in self.tools))

    @property
    def undisturbed(self) -> bool:
        """Whether latency is what it is by default: ears with turn events, usual latencies, nothing out of order."""
        return (
            self.ears == "flux"
            and self.latencies == Latencies()
            and self.network == Network()
            and not self.disorder
            and not any(rule.first_token is not None or rule.rule.call == "transfer" for rule in self.rules)
        )
