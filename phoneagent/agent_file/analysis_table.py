"""`[analysis]`: what is asked about a call when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from phoneagent.json_schemas import schema_problem
from phoneagent.records import Analysis

from .problems import Problem
from .provider_tables import LlmTable

SUMMARY = "who called, what they wanted, what was settled and what is left to do, in a few sentences."


def _wanted(value: Any) -> str:
    if isinstance(value, bool):
        return SUMMARY if value else ""
    if isinstance(value, str):
        return value.strip()
    raise ValueError(f"expected true, or a text that says what the summary shall tell, got {value!r}")


class AnalysisTable(BaseModel):
    """The table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    summary: Annotated[str, BeforeValidator(_wanted)] = ""
    data: dict[str, Any] | None = None
    success: Annotated[str, Field(max_length=10_000)] = ""
    llm: LlmTable | None = None

    def analysis(self) -> Analysis:
        """The record."""
        return Analysis(self.summary, self.data, self.success.strip(), self.llm.choice() if self.llm else None)

    def problems(self, llm: LlmTable | None) -> Iterator[Problem]:
        """`llm`: the agent's own."""
        if not (self.summary or self.success.strip() or self.data is not None):
            yield Problem(("analysis",), "expected summary, success or a table [analysis.data]")
        if self.data is not None:
            if not self.data:
                yield Problem(("analysis", "data"), "expected a JSON schema, got nothing")
            elif (wrong := schema_problem(self.data)) is not None:
                yield Problem(("analysis", "data", *wrong.path), wrong.text)
        asked = self.llm or llm
        if asked is not None and all(each.provider == "scripted" for each in (asked, *asked.fallback)):
            place = ("analysis", "llm", "provider") if self.llm else ("analysis",)
            yield Problem(place, "scripted follows a dialogue: expected [analysis.llm] with a provider that can write")
