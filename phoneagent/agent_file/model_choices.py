"""Whether models take what an agent file chooses for them."""

from __future__ import annotations

from collections.abc import Iterator

from phoneagent.providers.llm.openai_models import misfits
from phoneagent.records import ProviderChoice

from .problems import Problem
from .toml_lines import Loc


def misfits_of(llm: ProviderChoice | None, analyst: ProviderChoice | None) -> Iterator[Problem]:
    """`llm` talks to callers and has tools; the `analyst` has none."""
    yield from _misfits(llm, ("llm",), tools=True)
    yield from _misfits(analyst, ("analysis", "llm"), tools=False)


def _misfits(first: ProviderChoice | None, place: Loc, *, tools: bool) -> Iterator[Problem]:
    if first is None:
        return
    places: list[Loc] = [place, *((*place, "fallback", index) for index in range(len(first.fallback)))]
    for at, choice in zip(places, (first, *first.fallback), strict=True):
        yield from (Problem((*at, *key), text) for key, text in misfits(choice, tools=tools))
