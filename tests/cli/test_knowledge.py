"""`phoneagent knowledge search`, and `[knowledge]` in agent files."""

from __future__ import annotations

import json

import pytest

from phoneagent.agent_file import load_agent
from phoneagent.errors import SettingsError
from phoneagent.records import Knowledge
from tests.knowledge.documents import restaurant

AGENT = 'name = "aurelia"\n[knowledge]\nfolder = "knowledge"\n'


@pytest.fixture
def agent(tmp_path):
    restaurant(tmp_path / "knowledge")
    file = tmp_path / "aurelia.toml"
    file.write_text(AGENT)
    return file


def test_a_question_is_answered_with_its_source_and_broken_files_are_named(phoneagent, agent):
    (agent.parent / "knowledge" / "broken.pdf").write_bytes(b"nothing")
    shown = phoneagent("knowledge", "search", "are dogs welcome", "--agent", str(agent))
    assert shown.exit_code == 0
    assert shown.stdout.startswith("notes.txt\n  Dogs are welcome on the terrace.")
    assert "broken.pdf: left out: it is no PDF that can be read" in shown.stderr
    assert "passages in 4 documents" in shown.stderr


def test_programs_read_json_and_a_status(phoneagent, agent):
    found = phoneagent("knowledge", "search", "gift voucher", "--agent", str(agent), "--json", "--results", "1")
    assert [row["heading"] for row in json.loads(found.stdout)["results"]] == ["page 2"]
    nothing = phoneagent("knowledge", "search", "submarine", "--agent", str(agent), "--json")
    assert nothing.exit_code == 1
    assert json.loads(nothing.stdout)["results"] == []


def test_an_agent_without_documents_is_an_error(phoneagent, tmp_path):
    file = tmp_path / "plain.toml"
    file.write_text('name = "plain"\n')
    shown = phoneagent("knowledge", "search", "dogs", "--agent", str(file))
    assert shown.exit_code == 2
    assert "expected an agent with [knowledge], got plain" in shown.stderr


def test_the_folder_is_beside_the_agent_file(agent):
    assert load_agent(agent).knowledge == Knowledge(agent.parent / "knowledge")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[knowledge]\nfolder = "nowhere"', ":3: knowledge.folder: expected a folder of documents"),
        ('[knowledge]\nfolder = "empty"', ":3: knowledge.folder: expected documents (.md"),
        ('[knowledge]\nfolder = "knowledge"\nresults = 0', ":4: knowledge.results: expected a number of at least 1"),
        ('[knowledge]\nfolder = "knowledge"\ntool = "end_call"', ":4: knowledge.tool: there already is a tool"),
        ('[knowledge]\nfolder = "knowledge"\nresult = 1', ":4: knowledge.result: unknown key; did you mean 'results'?"),
    ],
)
def test_mistakes_are_told_with_their_line(agent, text, problem):
    (agent.parent / "empty").mkdir()
    agent.write_text(f'name = "aurelia"\n{text}\n')
    with pytest.raises(SettingsError) as raised:
        load_agent(agent)
    assert problem in str(raised.value)
