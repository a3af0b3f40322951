"""Kinds of values that several tables have."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

_DOUBLED = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_DOLLAR = re.compile(r"\$\{\s*([A-Za-z_]\w*)\s*\}")
_OPEN = re.compile(r"\{[A-Za-z_]\w{0,60}(?![^{]*\})")  # a brace that nothing closes
_NEARLY = re.compile(r"\{(\s*[A-Za-z_][\w .-]{0,60}?\s*)\}")  # a name, but for blanks, dots and hyphens


def _template(text: str) -> str:
    """Text with `{variables}`. Braces around what cannot be a name, as in code, are text like any other."""
    for pattern in (_DOUBLED, _DOLLAR):
        if found := pattern.search(text):
            raise ValueError(f"expected a name in single braces, got {found[0]}: write {{{found[1]}}}")
    if found := _OPEN.search(text):
        raise ValueError(f"expected {{name}} with letters, digits and _, got {found[0]!r}: write {found[0]}}}")
    for found in _NEARLY.finditer(text):
        name = found[1]
        if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
            written = re.sub(r"\W+", "_", name.strip())
            raise ValueError(f"expected {{name}} with letters, digits and _, got {found[0]}: write {{{written}}}")
    return text


Template = Annotated[str, AfterValidator(_template)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
