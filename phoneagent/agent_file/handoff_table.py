"""`[handoff.NAME]`: another agent to whom an agent may give its calls."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from phoneagent.records import Handoff


class HandoffTable(BaseModel):
    """`[handoff.NAME]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: str = ""
    say: str = ""
    history: Literal["whole", "summary", "none"] = "whole"

    def handoff(self) -> Handoff:
        """The record."""
        return Handoff(**dict(self))
