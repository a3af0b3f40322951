"""`[recording]`: whether calls are recorded, and what callers are told of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from phoneagent.records import RecordingRules

LONGEST = 3660  # days: ten years, which tax laws ask for and nothing else


class RecordingTable(BaseModel):
    """The table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    own: bool = False
    twilio: bool = False
    announcement: Annotated[str, Field(max_length=500, pattern=r"^[^{}]*$")] = ""
    consent: Literal["announce", "given"] = "announce"
    keep_days: Annotated[int, Field(ge=0, le=LONGEST)] = 30

    def rules(self) -> RecordingRules:
        """The record."""
        return RecordingRules(self.own, self.twilio, self.announcement.strip(), self.consent, self.keep_days)
