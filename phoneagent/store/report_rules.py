"""When somebody looks at a call to report on it. The same in every store."""

from __future__ import annotations

from collections.abc import Mapping

from phoneagent.records import CallRecord

LOOK = 60.0
"""Seconds between two looks at a call that goes on. Its end makes it due; who looks finds those of which that was lost
with the process that knew it.
"""

SETTLE = 2.0
"""Seconds from a call's end to its report: the last turns and the carrier's own word about the end come after it."""


def first_look(record: CallRecord) -> float:
    return record.started + LOOK


def due_after(changes: Mapping[str, object]) -> float | None:
    """When the report of a call is due whose record was changed like this; None: as it was."""
    ended = changes.get("ended")
    return ended + SETTLE if isinstance(ended, int | float) else None
