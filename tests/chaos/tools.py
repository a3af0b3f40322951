"""The tool of the agent of chaos: it changes something, and every run leaves a line in a file."""

from __future__ import annotations

import os
import time
from pathlib import Path

TAKES = 0.2  # seconds; a process may well be killed meanwhile


def put_aside(who: str, what: str) -> str:
    """Put something aside for a customer."""
    with Path(os.environ["CHAOS_TOOL_RUNS"]).open("a") as runs:
        runs.write(f"{who}\t{what}\n")
    time.sleep(TAKES)
    return f"{what} is put aside."
