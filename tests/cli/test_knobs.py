"""`phoneagent knobs`: all of them, with their reasons."""

from __future__ import annotations

from dataclasses import fields

from phoneagent.conversation.policy import EndpointingRule, Interruption, Policy


def test_every_knob_is_explained(phoneagent):
    result = phoneagent("knobs")
    assert result.exit_code == 0
    rows = [line.split(" | ") for line in result.stdout.splitlines() if line.startswith("| `")]
    explained = {name.strip("| `"): why.strip(" |") for name, _, _, why in (row for row in rows if len(row) == 4)}
    assert {field.name for field in fields(Policy)} <= set(explained)
    assert {f"speaking.{field.name}" for field in fields(Interruption)} <= set(explained)
    assert {f"rules.{field.name}" for field in fields(EndpointingRule)} <= set(explained)
    assert all(explained.values())


def test_the_rules_that_are_built_in_are_listed(phoneagent):
    assert "| 0.2 s |" in phoneagent("knobs").stdout
