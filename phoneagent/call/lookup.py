"""The tool with which an agent's model looks things up in documents."""

from __future__ import annotations

from phoneagent.records import Agent, ToolSpec

ABOUT = (
    "Look up facts in the documents of this business, before you answer what you were not told. Ask one short question"
    " with the words that matter. Tell only what is written there, in a sentence or two; if it is not, say so."
)


def lookup_tool(agent: Agent) -> tuple[ToolSpec, ...]:
    """One, or none for an agent without documents."""
    if (knowledge := agent.knowledge) is None:
        return ()
    parameters = {
        "type": "object",
        "properties": {"question": {"type": "string", "description": "What to look for."}},
        "required": ["question"],
        "additionalProperties": False,
    }
    return (ToolSpec(knowledge.tool, knowledge.description or ABOUT, parameters, safe=True),)
