"""Kinds of values that several tables have."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field

from phoneagent.conversation.knobs import LONGEST, too_much

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


def at_most(most: float, unit: str, value: float) -> float:
    """The value, if it is no more than that."""
    if problem := too_much(value, most, unit):
        raise ValueError(problem)
    return value


Template = Annotated[str, AfterValidator(_template)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False), AfterValidator(partial(at_most, LONGEST, "s"))]
CallSeconds = Annotated[float, Field(gt=0, le=24 * 3600, allow_inf_nan=False)]
