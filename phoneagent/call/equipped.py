"""An agent together with what it works with."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from phoneagent.conversation.answering import Answering
from phoneagent.conversation.check_in import check_in
from phoneagent.conversation.languages import is_known, language_of
from phoneagent.conversation.policy import Phrasing
from phoneagent.conversation.running_tools import NO_MESSAGES, SlowMessage, ToolMessages
from phoneagent.ports import LanguageModel, SpeechToText, TextToSpeech, ToolBox
from phoneagent.records import Agent, CallRecord, ToolSpec
from phoneagent.speakable import Speakable

from .built_in import built_in_tools, run_tools
from .business_hours import closed_now, spelled_out
from .handoff import hand_over_tool
from .lookup import lookup_tool
from .variables import NOW, PURPOSE, VARIABLE, fill, variables_of

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
    clock: Callable[[], float] = time.time
    writer: LanguageModel | None = None
    """A mind that writes what it is asked for, without a dialogue beside it; None where there is only a dialogue."""
    analysts: tuple[LanguageModel, ...] = ()
    """Those that are asked about a call when it is over, the first one first; they may take their time."""

    @property
    def offered(self) -> tuple[ToolSpec, ...]:
        """The tools the model may ask for."""
        return offered_tools(self.agent, self.tools.found)

    @property
    def own(self) -> tuple[ToolSpec, ...]:
        """The tools that are run for the model."""
        return (*own_tools(self.agent), *self.tools.found)

    @property
    def trusted(self) -> frozenset[str]:
        """The tools that are given what callers type in secret."""
        return frozenset(tool.name for tool in self.agent.tools if tool.reads_keypad)

    def phrasing(self, variables: Mapping[str, str], *, placed: bool = False, disclosed: bool = False) -> Phrasing:
        """The agent's fixed phrases with a call's variables in the greeting. `placed`: by us, at whatever hour;
        `disclosed`: what must be disclosed was heard.
        """
        words = self.agent.phrasing.greeting if placed else greeting(self.agent, self.clock())
        rules = self.agent.recording
        announcement = rules.announcement if rules.on else ""
        disclosure = "" if disclosed else fill(self.agent.phrasing.disclosure, variables)
        return replace(
            self.agent.phrasing, greeting=fill(words, variables), disclosure=disclosure, announcement=announcement
        )

    def answering(self, record: CallRecord) -> Answering | None:
        """What whoever answers a call gets; None unless we placed it."""
        if record.direction == "inbound":
            return None
        phrasing, variables = self.agent.phrasing, variables_of(self.agent, record)
        return Answering(
            record.machine,
            fill(record.voicemail or phrasing.voicemail, variables),
            fill(phrasing.screening or self._introduction(variables), variables),
            record.answered_by,
            record.outcome,
        )

    def _introduction(self, variables: Mapping[str, str]) -> str:
        """Who calls and why, where the agent has no words of its own for it: name and purpose, else the greeting, which
        says so too.
        """
        agent = self.agent
        if not is_known(agent.language) or not variables.get(PURPOSE):
            return agent.phrasing.greeting
        return language_of(agent.language).introduction.replace("{agent}", re.sub("[-_]+", " ", agent.name))

    def spoken(self, text: str) -> str:
        """What the voice is given for a text: the key under which its speech is cached."""
        return self.speakable.render(text).spoken

    def instructions(self, variables: Mapping[str, str]) -> str:
        return instructions(self.agent, variables, self.clock())


def instructions(agent: Agent, variables: Mapping[str, str], at: float) -> str:
    """What the model is told of a call that begins at this time, in seconds since the epoch."""
    if not agent.timezone:
        return fill(agent.instructions, variables)
    now = spelled_out(at, agent.timezone)
    if f"{{{NOW}}}" in agent.instructions:
        return fill(agent.instructions, {**variables, NOW: now})
    return f"{fill(agent.instructions, variables)}\n\nWhen this call began it was {now} ({agent.timezone})."


def greeting(agent: Agent, at: float) -> str:
    """How an agent greets who calls at this time, in seconds since the epoch."""
    closed = agent.closed
    if closed is not None and closed.hours in closed_now(agent.hours, at):
        return closed.greeting
    return agent.phrasing.greeting


END_CALL = ToolSpec(
    "end_call",
    "End the call. Say goodbye in the same answer, before you call this: the caller hears it to its end.",
    {"type": "object", "properties": {}, "additionalProperties": False},
)


TYPED = (
    "\n\nIt can be given what the caller typed in secret: of `[keypad: 16 keys, kept as keypad-1]` pass the name,"
    " keypad-1. Nobody but the tool learns the digits; never ask the caller to say them."
)

BACK_TO_MENU = ToolSpec(
    "back_to_menu",
    "Give the caller the menu again, when you have done what the caller wanted, or when the caller asks for it. Say "
    "nothing after it: the menu is read out at once.",
    {"type": "object", "properties": {}, "additionalProperties": False},
    function="phoneagent.call.equipped:back_to_menu",
)


def back_to_menu() -> str:
    """What the model reads: that it was asked for is all that the dialogue needs to know."""
    return "The menu is read out to the caller."


CORE_TOOLS = frozenset({"end_call", "transfer", "hand_over", "back_to_menu"})
"""The names of what the conversation and the dialogue carry out."""


def own_tools(agent: Agent) -> tuple[ToolSpec, ...]:
    """The tools that are run for an agent's model: its own, what looks things up in its documents, built-in ones, and
    what leads back to the menu of its dialogue.
    """
    own = (*agent.tools, *lookup_tool(agent), *run_tools(agent))
    mixed = agent.dialogue is not None and agent.dialogue.start
    return (*own, BACK_TO_MENU) if mixed else own


def offered_tools(agent: Agent, found: tuple[ToolSpec, ...] = ()) -> tuple[ToolSpec, ...]:
    """The tools that an agent's model may ask for: its own, those that servers have, and those that the conversation
    carries out, which nobody else's name hides.
    """
    own = (
        replace(tool, description=tool.description + TYPED) if tool.reads_keypad else tool for tool in own_tools(agent)
    )
    offered = [*own, END_CALL]
    if agent.transfer_targets:
        about = "Connect the caller to a person. Announce it in the same answer, before you call this."
        offered.append(_choice("transfer", about, "target", agent.transfer_targets))
    offered += built_in_tools(agent)
    offered += hand_over_tool(agent)
    names = {tool.name for tool in offered} | CORE_TOOLS
    return (*offered, *(tool for tool in found if tool.name not in names))


def tool_messages(tools: Iterable[ToolSpec], variables: Mapping[str, str]) -> dict[str, ToolMessages]:
    """What is said while they run, by their names, with a call's variables in it."""
    return {
        tool.name: ToolMessages(
            fill(tool.messages.start, variables),
            tuple(SlowMessage(slow.after, fill(slow.say, variables)) for slow in tool.messages.slow),
            fill(tool.messages.failed, variables),
        )
        for tool in tools
        if tool.messages != NO_MESSAGES
    }


def fixed_phrases(agent: Agent) -> Iterator[str]:
    """What an agent may say word for word in any call: worth having spoken before it is needed."""
    yield from agent.phrasing.fixed
    if text := agent.phrasing.still_here or check_in(agent.language).answer:
        yield text
    for messages in tool_messages(own_tools(agent), {}).values():
        texts = (messages.start, *(slow.say for slow in messages.slow), messages.failed)
        yield from (text for text in texts if text and not VARIABLE.search(text))


def _choice(name: str, description: str, argument: str, values: Iterable[str]) -> ToolSpec:
    """A tool with one argument, out of these."""
    return ToolSpec(
        name,
        description,
        {
            "type": "object",
            "properties": {argument: {"type": "string", "enum": sorted(values)}},
            "required": [argument],
            "additionalProperties": False,
        },
    )
