"""An agent together with what it works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from string import Formatter

from phoneagent.conversation.policy import Phrasing
from phoneagent.ports import LanguageModel, SpeechToText, TextToSpeech, ToolBox
from phoneagent.records import Agent


@dataclass(frozen=True, slots=True)
class EquippedAgent:
    """What a process has once for each agent; calls share it."""

    agent: Agent
    stt: SpeechToText
    llm: LanguageModel
    tts: TextToSpeech
    tools: ToolBox

    def phrasing(self, variables: Mapping[str, str]) -> Phrasing:
        """The agent's fixed phrases with a call's variables in the greeting."""
        return replace(self.agent.phrasing, greeting=fill(self.agent.phrasing.greeting, variables))

    def instructions(self, variables: Mapping[str, str]) -> str:
        return fill(self.agent.instructions, variables)


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Put variables in the place of their `{names}`. An unknown name stays as it is: better odd words than no call."""
    parts = []
    for literal, name, _, _ in Formatter().parse(text):
        parts.append(literal)
        if name is not None:
            parts.append(variables.get(name, "{" + name + "}"))
    return "".join(parts)
