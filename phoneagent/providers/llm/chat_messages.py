"""The conversation as heard, in the form of OpenAI's chat messages. Pure.

The instructions come first and byte for byte the same, then turns are only appended: that is what prompt caches need.

An interruption is told to the model twice. The agent's message holds the words that were heard and stops with a dash.
The caller's next message begins with `[interrupting]`: a note within the agent's own message ("[interrupted]") is
something models pick up as their way of speaking, and then it is said aloud. For the same reason what the caller said
over the agent without interrupting it is a note before the caller's next words: `[while you spoke: "mm-hm"]`. When no
words follow there is nothing to tell: turns that were sent once are not changed.

An operator's note is `[operator's note: …]` on the user's side: many chat templates know only one system message, the
first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from phoneagent.conversation.transcript import ToolCall, Turn

from .function_tools import function_tools
from .strict_schemas import closed_schema

__all__ = ["chat_messages", "closed_schema", "function_tools"]

CUT = " —"
INTERRUPTING = "[interrupting] "
OPERATORS_NOTE = "[operator's note: {}]"
WHILE_YOU_SPOKE = "[while you spoke: {}] "


def chat_messages(instructions: str, turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Turns as messages that OpenAI accepts: every tool call answered, no two messages of one party in a row."""
    messages: list[dict[str, Any]] = []
    if instructions:
        messages.append({"role": "system", "content": instructions})
    interrupted = False
    over: list[str] = []  # what the caller said over the agent since their last turn
    seen: set[str] = set()
    for turn in turns:
        if turn.tool is not None:
            _append_tool(messages, turn.tool, turn.text, seen)
        elif turn.role == "agent":
            if turn.text:  # of a reply that was cut before its first word, nothing was heard
                _append(messages, "assistant", turn.text + (CUT if turn.interrupted else ""))
            interrupted = interrupted or turn.interrupted
            if turn.over:
                over.append(f'"{turn.over}"')
        elif turn.role == "operator":
            _append(messages, "user", OPERATORS_NOTE.format(turn.text))
        else:
            notes = (WHILE_YOU_SPOKE.format(", ".join(over)) if over else "") + (INTERRUPTING if interrupted else "")
            _append(messages, "user", notes + turn.text)
            interrupted = False
            over.clear()
    return messages


def _append(messages: list[dict[str, Any]], role: str, text: str) -> None:
    """Add to the last message if the same party goes on: many chat templates insist on alternation."""
    if messages and messages[-1]["role"] == role and "tool_calls" not in messages[-1]:
        messages[-1]["content"] = f"{messages[-1]['content']} {text}"
    else:
        messages.append({"role": role, "content": text})


def _append_tool(messages: list[dict[str, Any]], call: ToolCall, result: str, seen: set[str]) -> None:
    """A tool call right before its result: whatever was interrupted, no call is without an answer."""
    identity = call.id or "call"
    if identity in seen:  # some servers count anew in each reply
        identity = f"{identity}-{len(seen)}"
    seen.add(identity)
    function = {"name": call.name, "arguments": _arguments(call.arguments)}
    calls = [{"id": identity, "type": "function", "function": function}]
    if messages and messages[-1]["role"] == "assistant" and "tool_calls" not in messages[-1]:
        messages[-1]["tool_calls"] = calls  # it was said in the same breath
    else:
        messages.append({"role": "assistant", "content": None, "tool_calls": calls})
    messages.append({"role": "tool", "tool_call_id": identity, "content": result})


def _arguments(text: str) -> str:
    """As the model wrote them if they are an object. Many servers read them for their chat template: of what is broken
    they would make 400 or 500, in this and in every later request of the call. The tool's result says what was wrong.
    """
    try:
        return text if isinstance(json.loads(text), dict) else "{}"
    except (ValueError, RecursionError):
        return "{}"
