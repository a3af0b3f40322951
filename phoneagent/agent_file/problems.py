"""What is wrong with an agent file, in words that name what was expected."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel

from .toml_lines import Loc


class Problem(NamedTuple):
    """What is wrong at a place in the file."""

    loc: Loc
    text: str


class Misfits(Exception):
    """Parts that are well-formed, each by itself, do not fit together."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


NAME = r"^[A-Za-z][\w-]*$"
CURRENCY = r"^[A-Z]{3}$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$"
FORMS: Mapping[str, str] = {
    NAME: "a name of letters, digits, - and _ that begins with a letter",
    CURRENCY: "the code of a currency, such as USD",
    LANGUAGE: "the code of a language, such as en or en-US",
}
"""The regular expressions of an agent file, in words."""

_WORDING: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "expected, but missing",
    "greater_than": lambda ctx: f"expected a number above {ctx['gt']:g}",
    "greater_than_equal": lambda ctx: f"expected a number of at least {ctx['ge']:g}",
    "less_than_equal": lambda ctx: f"expected a number of at most {ctx['le']:g}",
    "finite_number": lambda _: "expected a finite number",
    "float_type": lambda _: "expected a number",
    "float_parsing": lambda _: "expected a number",
    "int_type": lambda _: "expected a whole number",
    "int_parsing": lambda _: "expected a whole number",
    "int_from_float": lambda _: "expected a whole number",
    "bool_type": lambda _: "expected true or false",
    "bool_parsing": lambda _: "expected true or false",
    "string_type": lambda _: "expected a text in quotes",
    "string_pattern_mismatch": lambda ctx: f"expected {FORMS[ctx['pattern']]}",
    "string_too_short": lambda _: "expected a text that is not empty",
    "tuple_type": lambda _: "expected a list in [ ]",
    "dict_type": lambda _: "expected a table",
    "model_type": lambda _: "expected a table",
    "model_attributes_type": lambda _: "expected a table",
    "literal_error": lambda ctx: f"expected {ctx['expected']}",
    "value_error": lambda ctx: str(ctx["error"]),
}


def expected(item: Mapping[str, Any], document: type[BaseModel]) -> str:
    if item["type"] == "extra_forbidden":
        *place, key = item["loc"]
        return f"unknown key{meant(str(key), _known_keys(document, tuple(place)))}"
    wording = _WORDING.get(item["type"])
    text = wording(item.get("ctx", {})) if wording else str(item["msg"])
    shown = "" if item["type"] in ("missing", "value_error") else f", got {_shortened(item['input'])}"
    return text + shown


def _known_keys(document: type[BaseModel], loc: Loc) -> tuple[str, ...]:
    """The keys of the table at a place."""
    table: Any = document
    for step in loc:
        if isinstance(step, str) and isinstance(table, type) and issubclass(table, BaseModel):
            table = _table_in(table.model_fields[step].annotation) if step in table.model_fields else None
    return tuple(table.model_fields) if isinstance(table, type) and issubclass(table, BaseModel) else ()


def _table_in(annotation: Any) -> type[BaseModel] | None:
    """The model in `Model`, `Model | None`, `tuple[Model, ...]`."""
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((table for part in get_args(annotation) if (table := _table_in(part))), None)


def meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def names_of(names: Sequence[str]) -> str:
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def _shortened(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."


def dotted(loc: Loc) -> str:
    """`dialogue.intents[2].phrases[0]`, counting from 0 as the languages do."""
    joined = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc if step != "[key]")
    return joined.lstrip(".") or "file"


def syntax_problem(file: str, text: str, message: str) -> str:
    """Put the place first. tomllib says `Expected '=' after a key in a key/value pair (at line 3, column 7)`."""
    said, _, place = message.partition(" (at ")
    where = re.match(r"line (\d+), column (\d+)", place)
    return f"{file}:{f'{where[1]}:{where[2]}' if where else len(text.splitlines())}: not valid TOML: {said}"
