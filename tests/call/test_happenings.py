"""The words for users are those of docs/events.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from phoneagent.call.happenings import GAP, PLAIN, happenings

TABLE = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
ROWS = {
    name: set(re.findall(r"`(\w+)`", fields))
    for names, fields in re.findall(r"^\| (`[^|]*) \| ([^|]*)\|", TABLE, re.MULTILINE)
    for name in re.findall(r"`(\w+)`", names)
}
LATENCY = {"heard": 0.5}
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("call_rings", {}),
    ("call_started", {"agent": "a", "resumed": False}),
    ("call_left", {"reason": "caller"}),
    ("call_over", {"status": "completed"}),
    ("call_turned_away", {"how": "busy", "status": "busy"}),
    ("call_abandoned", {}),
    ("answered_by", {"answered_by": "human"}),
    ("caller_turn", {"text": "x"}),
    ("analysed", {"success": "pass", "problems": []}),
    ("turn_ended", {"agent": "x", "interrupted": False, "kind": "answer", "latency": LATENCY}),
]
ORDERS = {"delayed", "waiting", "cancel_asked"}  # told by the book of orders


def test_every_event_and_every_field_is_described():
    told = {event: set(fields) for event, fields in PLAIN.values()}
    for name, values in OTHERS:
        for happening in happenings(name, values):
            told.setdefault(happening.event, set()).update(happening.fields)
    for event, fields in told.items():
        assert fields <= ROWS[event], event
    assert ROWS.keys() == told.keys() | ORDERS | {GAP}
