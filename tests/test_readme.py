"""The README and the pages it links are true."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from phoneagent.agent_file import parse_agent
from phoneagent.cli import main
from phoneagent.cli.knobs import table
from phoneagent.cli.program import COMMANDS
from phoneagent.conversation.policy import Phrasing
from phoneagent.conversation.states import diagram
from phoneagent.records import TransferPhrases

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_diagram_is_the_one_that_the_program_runs_on():
    assert diagram() in README


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_what_is_linked_exists(path):
    assert (Path(__file__).parents[1] / path).exists()


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_the_python_runs(code, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[1])
    monkeypatch.setenv("PHONEAGENT_PUBLIC_URL", "https://voice.example.com")
    for key in ("TWILIO_AUTH_TOKEN", "DEEPGRAM_API_KEY", "OPENAI_API_KEY", "ELEVENLABS_API_KEY"):
        monkeypatch.setenv(key, "a key")
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102  # our own README
    assert callable(names["app"])


ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "infra").glob("*.md"))]
SHOWN = [
    line.partition("phoneagent ")[2]
    for page in PAGES
    for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if re.match(r"\s*(\.venv/bin/)?phoneagent ", line)
]


@pytest.mark.parametrize("shown", sorted(set(SHOWN)))
def test_every_command_that_is_shown_can_be_typed_so(shown):
    """All its options and arguments are; those of calls are run in tests/calls/test_readme_commands.py."""
    words = shlex.split(shown, comments=True)
    command: click.Command = main
    with click.Context(main) as context:
        while isinstance(command, click.Group):
            command = command.get_command(context, words.pop(0)) or pytest.fail(f"no such command: {shown}")
    command.make_context("phoneagent", words)


def test_every_command_that_is_named_exists():
    assert set(re.findall(r"phoneagent (demo|[a-z]+)\b(?= |`|\n)", README)) <= set(COMMANDS)


def test_the_agent_file_of_the_page_on_transfers_is_one_and_its_phrases_are_the_defaults():
    page = (Path(__file__).parents[1] / "docs" / "transfers.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    agent = parse_agent(text, "transfers.md")
    assert list(agent.transfer_targets) == ["kitchen", "office", "manager", "billing", "support"]
    assert agent.transfer_phrases == TransferPhrases()
    assert agent.phrasing == Phrasing(greeting=agent.phrasing.greeting)


@pytest.mark.parametrize(
    "page", ["events", "ivr", "answering-machines", "transfers", "turn-taking", "performance", "survival"]
)
def test_each_page_is_linked_once(page):
    assert README.count(f"](docs/{page}.md)") == 1


def test_the_knobs_are_those_of_the_program():
    page = (Path(__file__).parents[1] / "docs" / "turn-taking.md").read_text(encoding="utf-8")
    assert "\n".join(table()) in page
