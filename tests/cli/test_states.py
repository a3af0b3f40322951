"""`phoneagent states`: the diagram and the table are those of the program."""

from __future__ import annotations

from phoneagent.conversation.states import TRANSITIONS, diagram


def test_the_diagram_is_mermaid(phoneagent):
    result = phoneagent("states")
    assert result.exit_code == 0
    assert result.stdout == diagram() + "\n"
    assert result.stdout.startswith("stateDiagram-v2\n")


def test_the_table_has_a_line_for_each_pair(phoneagent):
    lines = phoneagent("states", "--format", "table").stdout.splitlines()
    assert len(lines) == sum(len(row) for row in TRANSITIONS.values())
    assert [line.split() for line in lines if line.startswith("connecting") and "CallStarted" in line] == [
        [
            "connecting",
            "CallStarted",
            "at",
            "a",
            "machine,",
            "caller",
            "speaking,",
            "leaving,",
            "listening,",
            "thinking",
        ]
    ]
    assert any(line.startswith("speaking") and line.endswith("(stays)") for line in lines)
