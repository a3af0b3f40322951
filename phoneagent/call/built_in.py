"""Tools that every agent may be given: `built_in` in the agent file names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from phoneagent.conversation.running_tools import KEYS_AT_MOST, SEND_DTMF, WAIT
from phoneagent.records import Agent, ToolSpec

BUILT_IN: Final[Mapping[str, ToolSpec]] = {
    WAIT: ToolSpec(
        WAIT,
        "Be silent until the caller speaks again: they have asked for a moment, to look for something or to talk with "
        "somebody. Say in the same answer that they may take their time.",
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
"""By their names."""


def built_in_tools(agent: Agent) -> tuple[ToolSpec, ...]:
    """Those that an agent's file names."""
    return tuple(BUILT_IN[name] for name in agent.built_in)
