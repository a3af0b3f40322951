"""`[variables]` of an agent file, and the names in braces in its texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from phoneagent.call.built_in import SCHEDULE_CALLBACK
from phoneagent.call.variables import KNOWN, MENU, NOW, PURPOSE, VARIABLE

from .problems import Problem, meant
from .toml_lines import Loc


class VariableTable(BaseModel):
    """One of `[variables]`: a text that stands where a call brings none, or `{ required = true }`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: str | None = None
    required: Literal[True] | None = None


def _variable(given: object) -> object:
    if isinstance(given, bool):
        return {"default": str(given).lower()}
    if isinstance(given, str | int | float):
        return {"default": str(given)}
    if not isinstance(given, dict) or given != {"required": True}:
        raise ValueError("expected a text that stands where a call brings none, or { required = true }")
    return given


def _free(name: str) -> str:
    if not VARIABLE.fullmatch(f"{{{name}}}"):
        raise ValueError(f"expected a name of letters, digits and _, got {name!r}")
    if name in (*KNOWN, NOW, MENU):
        raise ValueError(f"expected another name: {name} is known of each call")
    return name


Variables = dict[Annotated[str, AfterValidator(_free)], Annotated[VariableTable, BeforeValidator(_variable)]]


def declared(variables: Variables, built_in: Collection[str]) -> Variables:
    """What the file declares, and what comes with the built-in tools that it names."""
    return {PURPOSE: VariableTable(default=""), **variables} if SCHEDULE_CALLBACK in built_in else variables


def defaults(variables: Variables) -> dict[str, str]:
    return {name: table.default for name, table in variables.items() if table.default is not None}


def variable_problems(
    texts: Iterable[tuple[Loc, str]], variables: Collection[str], *, timezone: bool, menu: bool
) -> Iterator[Problem]:
    """Names in braces that nothing will ever stand for."""
    known = [*variables, *KNOWN]
    for loc, text in texts:
        for name in dict.fromkeys(VARIABLE.findall(text)):
            if name in known or (name == NOW and timezone) or (name == MENU and menu and loc[-1] == "greeting"):
                continue
            yield Problem(loc, f"expected a variable that is known, got {{{name}}}{_advice(name, known)}")


def request_problems(
    names: Iterable[tuple[Loc, str]], parameters: Collection[str], variables: Collection[str]
) -> Iterator[Problem]:
    """Names in the request of an HTTP tool that are neither its parameters nor variables of the call."""
    known = [*parameters, *variables, *KNOWN]
    for loc, name in names:
        if name not in known:
            advice = meant(name, known) or "; declare it: under parameters for the model to pass, or under [variables]"
            yield Problem(loc, f"expected a parameter or a variable that is known, got {{{name}}}{advice}")


def _advice(name: str, known: Collection[str]) -> str:
    if name == NOW:
        return ": it wants timezone = 'Europe/Berlin' or the like"
    if name == MENU:
        return ": it wants a [dialogue] whose intents have keys, and stands in greetings only"
    if guess := meant(name, known):
        return guess
    return f'; declare it: [variables] {name} = "…" (a default) or {name} = {{ required = true }}'
