"""Tools that every agent may be given: `built_in` in the agent file names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from phoneagent.conversation.running_tools import DO_NOT_CALL, KEYS_AT_MOST, SEND_DTMF, WAIT
from phoneagent.records import Agent, ToolSpec

SEND_SMS = "send_sms"
LONGEST_SMS = 1600  # characters, Twilio's
SCHEDULE_CALLBACK = "schedule_callback"
LONGEST_REASON = 300  # characters
FARTHEST_CALLBACK = 30  # days

CARRIED_OUT: Final[Mapping[str, ToolSpec]] = {
    WAIT: ToolSpec(
        WAIT,
        "Be silent until the caller speaks again: they have asked for a moment, to look for something or to talk with "
        "somebody. Say in the same answer that they may take their time.",
        {"type": "object", "properties": {}, "additionalProperties": False},
    ),
    DO_NOT_CALL: ToolSpec(
        DO_NOT_CALL,
        "Never call this number again: the person on the line has said, in whatever words, that they do not want to be "
        "called again. Confirm it in the same answer. Not when they only have no time now.",
        {"type": "object", "properties": {}, "additionalProperties": False},
    ),
    SEND_DTMF: ToolSpec(
        SEND_DTMF,
        "Press keys of the telephone, where a machine asks for it: a menu, a conference, an extension. They are "
        "pressed when what you say in the same answer was heard; then listen to what the machine says.",
        {
            "type": "object",
            "properties": {
                "digits": {
                    "type": "string",
                    "pattern": f"^[0-9*#w]{{1,{KEYS_AT_MOST}}}$",
                    "description": "The keys, 0 to 9, * and #; w is a pause of half a second.",
                }
            },
            "required": ["digits"],
            "additionalProperties": False,
        },
    ),
}
"""By their names: what the conversation does itself."""

RUN: Final[Mapping[str, ToolSpec]] = {
    SEND_SMS: ToolSpec(
        SEND_SMS,
        "Send the caller a text message (SMS), to the number they call from: what is hard to remember by ear, such as "
        "an address, a link, a confirmation. Only when they want it.",
        {
            "type": "object",
            "properties": {
                "text": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": LONGEST_SMS,
                    "description": "The whole message, short; say in it who sends it.",
                }
            },
            "required": ["text"],
            "additionalProperties": False,
        },
    ),
    SCHEDULE_CALLBACK: ToolSpec(
        SCHEDULE_CALLBACK,
        "Have the caller called back, at the number they call from. Agree on the time with them first. Calling this "
        "again moves the callback to the new time.",
        {
            "type": "object",
            "properties": {
                "at": {
                    "type": "string",
                    "description": "When, as local date and time: 2030-01-31T15:30. Always with the time of day: ask "
                    "for it. Or else give in_minutes.",
                },
                "in_minutes": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": FARTHEST_CALLBACK * 24 * 60,
                    "description": "In how many minutes from now. Or else give at.",
                },
                "at_this_hour": {
                    "type": "boolean",
                    "description": "True only if you were told of an unusual hour, have asked, and they want it.",
                },
                "reason": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": LONGEST_REASON,
                    "description": "What the call will be about, in a few words that can follow 'I am calling about'.",
                },
            },
            "required": ["reason"],
            "additionalProperties": False,
        },
    ),
}
"""By their names: what is run as other tools are."""

BUILT_IN: Final = (*CARRIED_OUT, *RUN)


def carried_out(agent: Agent) -> tuple[str, ...]:
    """The names of those that the agent's file names and the conversation does itself."""
    return tuple(name for name in agent.built_in if name in CARRIED_OUT)


def built_in_tools(agent: Agent) -> tuple[ToolSpec, ...]:
    """Those of an agent that the conversation does itself."""
    return tuple(CARRIED_OUT[name] for name in carried_out(agent))


def run_tools(agent: Agent) -> tuple[ToolSpec, ...]:
    """Those of an agent that are run."""
    return tuple(RUN[name] for name in agent.built_in if name in RUN)
