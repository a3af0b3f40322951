"""The corpus of openings: what is heard first when a call that we placed is answered (tests/vectors/openings/)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FOLDER = Path(__file__).parent / "vectors" / "openings"


@dataclass(frozen=True, slots=True)
class Opening:
    language: str
    who: Literal["person", "machine", "screener"]
    kind: str
    said: str
    """Sentences with `|seconds|` for pauses, `<beep>` and `<ced>` for tones."""


def read(path: Path) -> list[Opening]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [Opening(**row) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]  # type: ignore[arg-type]  # Literal


def seen() -> list[Opening]:
    """What the classifier was written against."""
    return [opening for path in sorted(FOLDER.glob("??.tsv")) for opening in read(path)]


def held_out() -> list[Opening]:
    """What nobody looked at meanwhile."""
    return read(FOLDER / "held_out.tsv")


def later() -> list[Opening]:
    """What was written when the classifier was there."""
    return read(FOLDER / "later.tsv")
