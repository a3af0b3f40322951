"""Which agents a command works with."""

from __future__ import annotations

from pathlib import Path

from phoneagent import agent_file
from phoneagent.records import Agent
from phoneagent.settings import Settings

FOLDER = Path("agents")  # in the working directory; taken if it has agent files, for a folder of that name is common


def source(settings: Settings) -> Path:
    """The file or folder that agents are read from."""
    if settings.agents is not None:
        return settings.agents
    return FOLDER if any(FOLDER.glob("*.toml")) else agent_file.BUILT_IN


def chosen_agents(settings: Settings, *, embedded: bool = False) -> dict[str, Agent]:
    """The agents by name; the first of them answers where none is named. Raises `SettingsError`."""
    agents = agent_file.load_agents(source(settings))
    return {name: agent_file.embedded(agent) for name, agent in agents.items()} if embedded else agents
