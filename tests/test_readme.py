"""The README is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from phoneagent.cli.program import COMMANDS
from phoneagent.conversation.states import diagram

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_diagram_is_the_one_that_the_program_runs_on():
    assert diagram() in README


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_what_is_linked_exists(path):
    assert (Path(__file__).parents[1] / path).exists()


def test_every_command_that_is_named_exists():
    assert set(re.findall(r"phoneagent (demo|[a-z]+)\b(?= |`|\n)", README)) <= set(COMMANDS)
