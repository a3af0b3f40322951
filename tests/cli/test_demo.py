"""The demo's call itself is heard in `tests/calls`; here is what surrounds it."""

from __future__ import annotations

import sys

import pytest

from phoneagent.cli.demo import program_name


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('name = "small"', "agent 'small': expected a [dialogue], because the embedded mind follows one"),
        ('nam = "small"', "a.toml:1: nam: unknown key; did you mean 'name'?"),
    ],
)
def test_an_agent_that_cannot_answer_is_one_line(phoneagent, tmp_path, text, problem):
    (tmp_path / "a.toml").write_text(text)
    result = phoneagent("demo", "--agent", "a.toml")
    assert result.exit_code == 2
    assert problem in result.stderr.splitlines()


def test_a_folder_does_not_say_which_agent(phoneagent):
    result = phoneagent("demo", "--agent", ".")
    assert (result.exit_code, result.stderr) == (2, ".: expected an agent file, but it is a folder\n")


@pytest.mark.parametrize(
    ("called", "found", "name"),
    [
        (".venv/bin/phoneagent", False, ".venv/bin/phoneagent"),
        ("/opt/bin/phoneagent", True, "phoneagent"),
        ("/opt/lib/phoneagent/__main__.py", False, "phoneagent"),
    ],
)
def test_what_it_tells_to_type_next_can_be_typed(monkeypatch, tmp_path, called, found, name):
    if found:
        (tmp_path / "phoneagent").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [called, "demo"])
    assert program_name() == name
