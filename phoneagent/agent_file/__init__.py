"""Agents from TOML files. `phoneagent/agents/front-desk.toml` shows and explains every table.

What is wrong with a file is told with its line, the key, and what was expected, one line a problem, all at once.
"""

from __future__ import annotations

import sys
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from phoneagent.conversation.knobs import patterns
from phoneagent.errors import SettingsError
from phoneagent.patterns import slow_problem
from phoneagent.providers.llm.function_tools import untellable
from phoneagent.records import Agent, ProviderChoice

from .ear_problems import ear_problems, ears_asked
from .language_defaults import untranslated
from .model_choices import misfits_of
from .problems import Misfits, Problem, dotted, expected, meant, names_of, syntax_problem
from .provider_tables import PROVIDERS
from .tables import AgentFile
from .toml_lines import Loc, key_lines, line_of, read_toml
from .voice_problems import voice_problems

__all__ = [
    "BUILT_IN",
    "PROVIDERS",
    "builtin_agent",
    "dotted",
    "embedded",
    "language_misfits",
    "load_agent",
    "load_agents",
    "model_misfits",
    "parse_agent",
    "pattern_misfits",
    "strangers",
    "tool_misfits",
    "untranslated",
]

BUILT_IN = Path(__file__).parents[1] / "agents" / "front-desk.toml"


def load_agents(path: str | Path) -> dict[str, Agent]:
    """The agents of a TOML file, or of all TOML files in a folder, by name. Raises `SettingsError`."""
    path = Path(path)
    files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not files:
        raise SettingsError(f"{path}: expected a TOML file in this folder, found none")
    agents: dict[str, Agent] = {}
    sources: dict[str, Path] = {}
    problems: list[str] = []
    for file in files:
        try:
            agent = load_agent(file)
        except SettingsError as error:
            problems += error.problems
            continue
        if agent.name in agents:
            problems.append(f"{file}: name: another file already has an agent called {agent.name!r}")
        agents[agent.name] = agent
        sources[agent.name] = file
    if not problems:  # an agent whose own file is wrong would seem to be missing
        for name, loc, problem in strangers(agents):
            line = line_of(key_lines(_read(sources[name])), loc)
            problems.append(f"{sources[name]}:{line}: {dotted(loc)}: {problem}")
    if problems:
        raise SettingsError(*problems)
    return agents


def load_agent(path: str | Path) -> Agent:
    """The agent of a TOML file. Raises `SettingsError`. Tools are looked for beside the file too."""
    path = Path(path)
    text = _read(path)
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # at the end: a user's file must not hide an installed module
    return parse_agent(text, str(path))


def strangers(agents: Mapping[str, Agent]) -> Iterator[tuple[str, Loc, str]]:
    """Where these agents hand calls over to agents that are not among them: agent, place, problem."""
    for name, agent in agents.items():
        for index, intent in enumerate(agent.dialogue.intents if agent.dialogue is not None else ()):
            if intent.then == "agent" and intent.target not in agents:
                wanted = f"expected one of the agents {names_of(tuple(agents))}, got {intent.target!r}"
                yield name, ("dialogue", "intents", index, "target"), wanted + meant(intent.target, agents)
        for other in agent.handoffs:
            if other not in agents:
                wanted = f"expected one of the agents {names_of(tuple(agents))}, got {other!r}"
                yield name, ("handoff", other), wanted + meant(other, agents)


def model_misfits(agents: Mapping[str, Agent]) -> Iterator[tuple[str, Loc, str]]:
    """What the models of these agents do not take of what is chosen for them: agent, place, problem."""
    for name, agent in agents.items():
        analyst = agent.analysis.llm if agent.analysis is not None else None
        yield from ((name, problem.loc, problem.text) for problem in misfits_of(agent.llm, analyst))


def language_misfits(agents: Mapping[str, Agent]) -> Iterator[tuple[str, Loc, str]]:
    """What the ears and voices of these agents do not take of what is chosen for them: agent, place, problem. Those of
    files are known by now.
    """
    for name, agent in agents.items():
        ears = ears_asked(agent.stt, agent.language)
        found = (*ear_problems(ears, agent.language), *voice_problems(agent.tts, agent.language))
        yield from ((name, problem.loc, problem.text) for problem in found)


def tool_misfits(agents: Mapping[str, Agent]) -> Iterator[tuple[str, Loc, str]]:
    """The tools of these agents of which no model can be told: agent, place, problem."""
    for name, agent in agents.items():
        problems = ((("tools", index), untellable(tool)) for index, tool in enumerate(agent.tools))
        yield from ((name, place, problem) for place, problem in problems if problem)


def pattern_misfits(agents: Mapping[str, Agent]) -> Iterator[tuple[str, Loc, str]]:
    """The patterns of these agents that would take too long: agent, place, problem. Those of files are known by now."""
    for name, agent in agents.items():
        problems = ((place, slow_problem(pattern)) for place, pattern in patterns(agent.policy))
        yield from ((name, ("turn_taking", *place), problem) for place, problem in problems if problem)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # some editors put a mark at the beginning
    except (OSError, UnicodeDecodeError) as error:
        reason = _reason(error) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{path}: expected an agent file, but {reason}") from error


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is none"
    return "it is a folder" if isinstance(error, IsADirectoryError) else str(error.strerror)


def parse_agent(text: str, file: str) -> Agent:
    """The agent of a TOML text; `file` is what errors call it. Raises `SettingsError`."""
    try:
        data = read_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(syntax_problem(file, text, str(error))) from error
    lines = key_lines(text)
    try:
        written = AgentFile.model_validate(data, context={"folder": Path(file).parent})
    except ValidationError as error:
        found = [Problem(item["loc"], expected(item, AgentFile)) for item in error.errors(include_url=False)]
    else:
        # Not a part of `agent`: simulated ears understand callers of any language, and scenarios have such.
        found = list(ear_problems(written.stt.choice() if written.stt is not None else None, written.language))
        found += [Problem(loc, CONTROLS) for loc in controls_in(data)]
        try:
            agent = written.agent()
        except Misfits as error:
            found += error.problems
        else:
            if not found:
                return agent
    placed = sorted((line_of(lines, problem.loc), problem) for problem in found)
    raise SettingsError(*(f"{file}:{line}: {dotted(problem.loc)}: {problem.text}" for line, problem in placed))


CONTROLS = "expected text without control characters; in double quotes, a backslash and a letter may be one"


def controls_in(value: object, loc: Loc = ()) -> Iterator[Loc]:
    """Where texts have characters that nobody can say, and no document of the carrier can hold."""
    match value:
        case str() if not (value.isascii() and value.isprintable()):
            if any(unicodedata.category(char) == "Cc" and char not in "\t\n\r" for char in value):
                yield loc
        case dict():
            for name, each in value.items():
                yield from controls_in(each, (*loc, name))
        case list():
            for number, each in enumerate(value):
                yield from controls_in(each, (*loc, number))


def builtin_agent() -> Agent:
    """The front desk that comes with this package."""
    return load_agent(BUILT_IN)


def embedded(agent: Agent, *, model: bool = False) -> Agent:
    """The same agent with ears, mind and voice that need no key and no network. Raises `SettingsError`.

    `model`: its own model stays, because there is a server for it; should that fail, the dialogue answers.
    """
    if agent.dialogue is None:
        raise SettingsError(f"agent {agent.name!r}: expected a [dialogue], because the embedded mind follows one")
    mind = script = ProviderChoice("scripted")
    if model and agent.llm.provider != "scripted":
        mind = replace(agent.llm, fallback=(*agent.llm.fallback, *(() if agent.dialogue.start else (script,))))
    return replace(agent, stt=ProviderChoice("pocketsphinx"), llm=mind, tts=ProviderChoice("espeak"))
