"""Kinds of values that several tables have."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field


def _template(text: str) -> str:
    """Text with `{variables}`: a name in braces, and no other brace."""
    left = re.sub(r"\{[A-Za-z_]\w*\}", "", text)
    if brace := re.search(r"[{}].{0,12}", left):
        raise ValueError(f"expected {{name}} with letters, digits and _, got {brace[0]!r}")
    return text


Template = Annotated[str, AfterValidator(_template)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
