"""`phoneagent simulate`: calls from files, as stories and as a scoreboard."""

from __future__ import annotations

import json

import pytest

GOOD = """
title = "A question is answered"

[[mind]]
heard = "hours"
say = "We open at nine in the morning."

[[caller]]
say = "What are your hours?"

[expect]
dialogue = [
  "agent: Hello, how can I help you?",
  "caller: What are your hours?",
  "agent: We open at nine in the morning.",
]
"""
BAD = GOOD.replace("agent: We open at nine in the morning.", "agent: We open at ten.")
SERVED = GOOD.replace("[[mind]]", 'run = ["table", "server"]\n[[mind]]', 1)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "good.toml").write_text(GOOD)
    return tmp_path


def test_a_call_is_told(phoneagent, folder):
    result = phoneagent("simulate", str(folder))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "good, table: A question is answered",
        "    agent: Hello, how can I help you?",
        "    caller: What are your hours?",
        "    agent: We open at nine in the morning.",
    ]


def test_what_went_otherwise_is_told_and_fails(phoneagent, folder):
    (folder / "bad.toml").write_text(BAD)
    result = phoneagent("simulate", str(folder))
    assert result.exit_code == 1
    assert "  ! turn 3 is “agent: We open at nine in the morning.”, expected “agent: We open at ten.”" in result.stdout


def test_the_scoreboard(phoneagent, folder):
    result = phoneagent("simulate", str(folder), "--score")
    assert result.exit_code == 0
    assert "table (1 calls)" in result.stdout
    for row in ("cut-offs", "lost answers", "heard-text errors, words", "response latency p50", "decision to resumed"):
        assert row in result.stdout
    assert "missed" not in result.stdout.replace("missed interruptions", "")
    assert result.stdout.endswith("1 of 1 calls went as they should.\n")


def test_the_scoreboard_names_each_call_that_failed(phoneagent, folder):
    (folder / "bad.toml").write_text(BAD)
    result = phoneagent("simulate", str(folder), "--score")
    assert result.exit_code == 1
    assert "bad, table: A question is answered" in result.stdout
    assert "1 of 2 calls went as they should." in result.stdout


def test_the_ears_of_a_failing_call_are_told(phoneagent, folder):
    (folder / "bad.toml").write_text(BAD.replace("[[mind]]", 'ears = ["flux", "nova"]\n[[mind]]', 1))
    told = phoneagent("simulate", str(folder), "--score").stdout
    assert "bad[flux], table: " in told
    assert "bad[nova], table: " in told


def test_a_target_that_is_missed_is_a_failure_though_every_call_went_well(phoneagent, folder):
    """Without speculation the answer comes when it comes: nothing in the file forbids that."""
    (folder / "good.toml").write_text(GOOD.replace("[[mind]]", "[agent.turn_taking]\neager_turns = false\n[[mind]]", 1))
    result = phoneagent("simulate", str(folder), "--score")
    assert result.exit_code == 1
    assert "response latency p50" in result.stdout
    assert "missed" in result.stdout
    assert "1 of 1 calls went as they should." in result.stdout


def test_for_a_program(phoneagent, folder):
    result = phoneagent("simulate", str(folder), "--json")
    told = json.loads(result.stdout)
    assert told["met"] is True
    assert told["calls"] == 1
    assert told["totals"]["lost_answers"] == 0
    assert {"name", "value", "limit", "unit", "met"} == told["targets"][0].keys()
    assert told["scores"][0]["name"] == "good"
    assert told["scores"][0]["dialogue"][1] == "caller: What are your hours?"


def test_the_way_and_the_name_can_be_chosen(phoneagent, folder):
    (folder / "other.toml").write_text(SERVED.replace("[[mind]]", 'ears = ["flux", "nova"]\n[[mind]]', 1))

    def played(*options):
        told = json.loads(phoneagent("simulate", str(folder), "--json", *options).stdout)
        return [(score["name"], score["run"]) for score in told["scores"]]

    assert played("--run", "table") == [("good", "table"), ("other[flux]", "table"), ("other[nova]", "table")]
    assert played("--run", "table", "--name", "g*") == [("good", "table")]
    assert played("--run", "table", "--name", "other") == [("other[flux]", "table"), ("other[nova]", "table")]
    assert played("--run", "server", "--name", "other[flux]") == [("other[flux]", "server")]
    assert played("--run", "both", "--name", "other[flux]") == [("other[flux]", "table"), ("other[flux]", "server")]


def test_several_processes_bring_the_same(phoneagent, folder):
    (folder / "other.toml").write_text(GOOD.replace("nine", "ten"))
    one = phoneagent("simulate", str(folder), "--json")
    two = phoneagent("simulate", str(folder), "--json", "--jobs", "2")
    assert one.stdout == two.stdout


def test_journals_are_kept_for_replay(phoneagent, folder):
    (folder / "good.toml").write_text(SERVED)
    phoneagent("simulate", str(folder), "--journals", "kept/journals")
    for run in ("table", "server"):
        told = phoneagent("replay", f"kept/journals/good.{run}.jsonl")
        assert told.exit_code == 0
        assert "caller: “What are your hours?”" in told.stdout


def test_nothing_to_play_is_a_mistake(phoneagent, folder):
    result = phoneagent("simulate", str(folder), "--name", "nobody")
    assert result.exit_code == 2
    assert "none of these scenarios" in result.stderr


def test_what_is_wrong_with_a_file_is_told_with_its_line(phoneagent, folder):
    (folder / "bad.toml").write_text(BAD.replace("heard", "hears"))
    result = phoneagent("simulate", str(folder))
    assert result.exit_code == 2
    assert f"{folder}/bad.toml:5: mind[0].hears: unknown key; did you mean 'heard'?" in result.stderr
