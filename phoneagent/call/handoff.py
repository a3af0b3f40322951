"""Calls that go from one agent to another: to whom, with what words, and what the other's model is told."""

from __future__ import annotations

from dataclasses import replace

from phoneagent.conversation.transcript import Turn
from phoneagent.records import Agent, CallRecord, Handoff, Held, ToolSpec

BEFORE = "Another agent ({agent}) had this call before you. What was said: {summary}"


def handoff_to(agent: Agent, name: str) -> Handoff | None:
    """How this agent hands its calls over to another; None to those that neither its file nor its dialogue names."""
    if name in agent.handoffs:
        return agent.handoffs[name]
    intents = agent.dialogue.intents if agent.dialogue is not None else ()
    return Handoff() if any(intent.then == "agent" and intent.target == name for intent in intents) else None


def other_agents(agent: Agent) -> frozenset[str]:
    """The names of the agents to which this one may hand its calls over."""
    intents = agent.dialogue.intents if agent.dialogue is not None else ()
    return frozenset(agent.handoffs) | {intent.target for intent in intents if intent.then == "agent"}


def hand_over_tool(agent: Agent) -> tuple[ToolSpec, ...]:
    """What an agent's model asks for; nothing where there is nobody to hand over to."""
    if not (names := sorted(other_agents(agent))):
        return ()
    about = "Give the call to another agent, who greets the caller. Announce it in the same answer, before this"
    if any(handoff.say for handoff in agent.handoffs.values()):
        about += "; if you say nothing, a fixed phrase announces it"
    whens = [f"{name}: {agent.handoffs[name].when}" for name in names if name in agent.handoffs]
    described = " ".join([f"{about}.", *(when for when in whens if not when.endswith(": "))])
    parameters = {
        "type": "object",
        "properties": {"agent": {"type": "string", "enum": names}},
        "required": ["agent"],
        "additionalProperties": False,
    }
    return (ToolSpec("hand_over", described, parameters),)


def handed_over(record: CallRecord, to: str, *, at: float, hidden: int = 0, summary: str = "") -> tuple[Held, ...]:
    """Who had the call from when, with the next agent as the last."""
    held = record.held or (Held(record.agent, record.answered or record.started),)
    return (*held, Held(to, at, hidden, summary, before=record.agent))


def known_turns(record: CallRecord, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """What of a call its agent's model is told: all, what was said since it has the call, or that and a summary."""
    if not record.held or record.held[-1].agent != record.agent:
        return turns
    held = record.held[-1]
    since = turns[held.hidden :]
    if not held.summary:
        return since
    note = BEFORE.format(agent=held.before, summary=held.summary)
    return (Turn("operator", note, since[0].at if since else 0.0), *since)


def with_summary(held: tuple[Held, ...], summary: str, *, hidden: int) -> tuple[Held, ...]:
    """The same, the last agent being told a summary instead of the first turns."""
    return (*held[:-1], replace(held[-1], summary=summary, hidden=hidden))
