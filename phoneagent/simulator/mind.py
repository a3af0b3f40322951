"""Who answers behind the simulated OpenAI."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from phoneagent.conversation.transcript import ToolCall

CUT_OFF = "[operator's note: Your answer was cut off"
"""How the product asks a model to go on with an answer that broke off; a note to it that is no words of the caller."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the conversation so far; `tool_call` is the id of the call that a tool's message answers."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says and which tools it calls; the server gives calls without an id one."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


Mind: TypeAlias = Callable[[Sequence[Message]], Answer]
"""Decides what is answered. Called once a request, must not block."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What to answer when the pattern `heard` is found in the last user message, in upper or lower case.

    `say` is a template: `{heard}` is the message, `{name}` what the group of that name matched. With `call` that tool
    is called with `arguments`, whose texts are templates too, and `then` is said when its result (`{result}`) is known.
    """

    heard: str
    say: str = ""
    call: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    then: str = "{result}"


class ScriptedMind:
    """The first rule that matches answers; otherwise `default`, a template as in a rule."""

    def __init__(self, *rules: Rule, default: str = "You said: {heard}", greeting: str = "Hello.") -> None:
        """`greeting` is said while the user has said nothing."""
        self.rules = rules
        self.default = default
        self.greeting = greeting

    def __call__(self, messages: Sequence[Message]) -> Answer:
        if len(messages) > 1 and messages[-1].text.startswith(CUT_OFF):
            return self._go_on(messages)
        last = next((message for message in reversed(messages) if message.role in {"user", "tool"}), None)
        if last is None:
            return Answer(self.greeting)
        if last.role == "tool":
            return Answer(self._after_tool(last, messages))
        rule = self.matching(last.text)
        return _apply(rule, last.text) if rule else Answer(self.default.format(heard=last.text))

    def _go_on(self, messages: Sequence[Message]) -> Answer:
        """What is left of the answer whose beginning is the message before the note."""
        said, before = messages[-2].text.strip(), messages[:-2]
        answer = self(before)
        return Answer(answer.text.strip().removeprefix(said), answer.tool_calls)

    def matching(self, heard: str) -> Rule | None:
        """The rule that answers these words of the user; None for the default."""
        return next((rule for rule in self.rules if re.search(rule.heard, heard, re.IGNORECASE)), None)

    def _after_tool(self, result: Message, messages: Sequence[Message]) -> str:
        called = next(call.name for message in messages for call in message.tool_calls if call.id == result.tool_call)
        then = next((rule.then for rule in self.rules if rule.call == called), "{result}")
        return then.format(result=result.text)


def _apply(rule: Rule, heard: str) -> Answer:
    found = re.search(rule.heard, heard, re.IGNORECASE)
    groups = found.groupdict() if found else {}
    values = {**{name: value or "" for name, value in groups.items()}, "heard": heard}
    calls: tuple[ToolCall, ...] = ()
    if rule.call:
        arguments = {
            name: value.format(**values) if isinstance(value, str) else value for name, value in rule.arguments.items()
        }
        calls = (ToolCall("", rule.call, json.dumps(arguments)),)
    return Answer(rule.say.format(**values), calls)
