"""An agent together with what it works with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from phoneagent.conversation.policy import Phrasing
from phoneagent.ports import LanguageModel, SpeechToText, TextToSpeech, ToolBox
from phoneagent.records import Agent, ToolSpec
from phoneagent.speakable import Speakable

AS_WRITTEN = Speakable()  # of no language: only marks for the eye are left out


@dataclass(frozen=True, slots=True)
class EquippedAgent:
    """What a process has once for each agent; calls share it."""

    agent: Agent
    stt: SpeechToText
    llm: LanguageModel
    tts: TextToSpeech
    tools: ToolBox
    speakable: Speakable = AS_WRITTEN

    @property
    def offered(self) -> tuple[ToolSpec, ...]:
        """The tools the model may ask for."""
        return offered_tools(self.agent)

    def phrasing(self, variables: Mapping[str, str]) -> Phrasing:
        """The agent's fixed phrases with a call's variables in the greeting."""
        return replace(self.agent.phrasing, greeting=fill(self.agent.phrasing.greeting, variables))

    def spoken(self, text: str) -> str:
        """What the voice is given for a text: the key under which its speech is cached."""
        return self.speakable.render(text).spoken

    def instructions(self, variables: Mapping[str, str]) -> str:
        return fill(self.agent.instructions, variables)


END_CALL = ToolSpec(
    "end_call",
    "End the call. Say goodbye in the same answer, before you call this: the caller hears it to its end.",
    {"type": "object", "properties": {}, "additionalProperties": False},
)


def offered_tools(agent: Agent) -> tuple[ToolSpec, ...]:
    """The tools that an agent's model may ask for: its own, and those that the conversation carries out."""
    return (*agent.tools, END_CALL, *([_transfer(agent)] if agent.transfer_targets else []))


def _transfer(agent: Agent) -> ToolSpec:
    return ToolSpec(
        "transfer",
        "Connect the caller to a person. Announce it in the same answer, before you call this.",
        {
            "type": "object",
            "properties": {"target": {"type": "string", "enum": sorted(agent.transfer_targets)}},
            "required": ["target"],
            "additionalProperties": False,
        },
    )


_VARIABLE = re.compile(r"\{([A-Za-z_]\w*)\}")


def needed_variables(agent: Agent) -> frozenset[str]:
    """The names that greeting and instructions want filled: of a call that we place they must all be known."""
    return frozenset(_VARIABLE.findall(agent.phrasing.greeting + " " + agent.instructions))


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Put variables in the place of their `{names}`. An unknown name stays as it is: better odd words than no call."""
    return _VARIABLE.sub(lambda found: variables.get(found[1], found[0]), text)
