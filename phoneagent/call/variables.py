"""The `{variables}` in an agent's texts: which there are, and what stands in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping

from phoneagent.records import Agent, CallRecord

from .contact_limits import PLACED

KNOWN = ("call_id", "agent", "caller_number", "agent_number", "caller_attestation")
"""What is known of each call. Nobody else may give these names to anything."""

NOW = "now"
"""The day and time at which the call began, where the agent has a time zone."""

MENU = "menu"
"""The choices of the agent's main menu, in a greeting."""

PURPOSE = "purpose"
"""What a call is about that the built-in tool `schedule_callback` has ordered. Other calls of such an agent: empty."""

VARIABLE = re.compile(r"\{([A-Za-z_]\w*)\}", re.ASCII)


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Put variables in the place of their `{names}`. An unknown name stays as it is: better odd words than no call."""
    return VARIABLE.sub(lambda found: variables.get(found[1], found[0]), text)


def variables_of(agent: Agent, record: CallRecord) -> Mapping[str, str]:
    """The variables of a call: the agent's defaults, what came with the call, and who talks with whom."""
    inbound = record.direction == "inbound"
    person, we = (record.caller, record.called) if inbound else (record.called, record.caller)
    attestation = record.attestation if inbound else PLACED
    known = (record.id, record.agent, person.reveal(), we.reveal(), attestation)
    return {**agent.variables, **record.variables, **dict(zip(KNOWN, known, strict=True))}


def needed_variables(agent: Agent, *, voicemail: str = "") -> frozenset[str]:
    """The names that greeting, instructions, the answer to screeners and the message for machines, if there is to be
    one, want filled, and for which the agent has no default: of a call that we place they must all be known.
    """
    phrasing = agent.phrasing
    texts = (phrasing.greeting, phrasing.disclosure, agent.instructions, phrasing.screening, voicemail)
    return frozenset(VARIABLE.findall(" ".join(texts))) - {*agent.variables, *KNOWN, NOW}
