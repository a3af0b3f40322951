"""What was measured, against what must be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

SHOWN = 12  # details of a miss


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `details` explain a miss."""

    test: str
    must: str
    measured: str
    passed: bool
    details: Sequence[str] = field(default=())


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not exceeded by this share; 0 of none."""
    return sorted(values)[math.ceil(share * len(values)) - 1] if values else 0.0


def none_of(test: str, must: str, problems: Sequence[str], of: int) -> Row:
    """A row that passes without problems."""
    measured = f"{len(problems)} in {of} calls" if problems else f"none in {of} calls"
    return Row(test, must, measured, not problems, problems)


def show(rows: Sequence[Row], console: Console) -> bool:
    """Print the table; whether all passed."""
    table = Table("test", "must be", "measured", "", show_lines=False)
    for row in rows:
        table.add_row(row.test, row.must, row.measured, "[green]pass[/]" if row.passed else "[bold red]miss[/]")
    console.print(table)
    for row in rows:
        if not row.passed:
            console.print(f"{row.test}: {row.must}", style="red", markup=False)
            for detail in row.details[:SHOWN]:
                console.print(f"  {detail}", markup=False, soft_wrap=True)
            if len(row.details) > SHOWN:
                console.print(f"  and {len(row.details) - SHOWN} more")
    return all(row.passed for row in rows)
