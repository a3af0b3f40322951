"""Which agents a command works with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.util import find_spec
from pathlib import Path

from phoneagent import agent_file
from phoneagent.records import Agent
from phoneagent.settings import Settings

FOLDER = Path("agents")  # in the working directory; taken if it has agent files, for a folder of that name is common

OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "pocketsphinx": ("pocketsphinx", "soxr"),
    "espeak": ("espeakng_loader", "soxr"),
}
"""Which packages embedded providers need: the extra `embedded`."""

INSTALL = "pip install 'phoneagent[embedded]'"


def source(settings: Settings) -> Path:
    """The file or folder that agents are read from."""
    if settings.agents is not None:
        return settings.agents
    return FOLDER if any(FOLDER.glob("*.toml")) else agent_file.BUILT_IN


def chosen_agents(settings: Settings, *, embedded: bool = False) -> dict[str, Agent]:
    """The agents by name; the first of them answers where none is named. Raises `SettingsError`."""
    agents = agent_file.load_agents(source(settings))
    if not embedded:
        return agents
    return {name: agent_file.embedded(agent, model=has_model(settings)) for name, agent in agents.items()}


def has_model(settings: Settings) -> bool:
    """Whether there is a server for models that needs no key of somebody else's cloud."""
    return settings.openai_base_url is not None


def missing_packages(providers: Collection[str]) -> list[str]:
    """One line for each of these providers that is not installed."""
    return [
        f"{provider}: expected the package {package}, which is not installed: {INSTALL}"
        for provider in sorted(OPTIONAL.keys() & set(providers))
        for package in OPTIONAL[provider]
        if find_spec(package) is None
    ]
