"""`[knowledge]`: documents in which an agent looks things up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

from phoneagent.knowledge.document import SUFFIXES
from phoneagent.records import Knowledge

from .problems import NAME


def _folder(text: str, info: ValidationInfo) -> str:
    """Relative to the agent file."""
    path = (info.context or {}).get("folder", Path()) / Path(text).expanduser()
    if not path.is_dir():
        raise ValueError(f"expected a folder of documents, got {str(path)!r}, which is none")
    if not any(file.suffix.lower() in SUFFIXES for file in path.rglob("*")):
        raise ValueError(f"expected documents ({', '.join(SUFFIXES)}) in {str(path)!r}, found none")
    return str(path)


_DEFAULT = Knowledge(Path())


class KnowledgeTable(BaseModel):
    """`[knowledge]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Annotated[str, AfterValidator(_folder)]
    tool: Annotated[str, Field(pattern=NAME)] = _DEFAULT.tool
    description: str = ""
    results: Annotated[int, Field(ge=1, le=10)] = _DEFAULT.results

    def knowledge(self) -> Knowledge:
        """The record."""
        return Knowledge(Path(self.folder), self.tool, self.description, self.results)
