"""What comes in a request: bounded, JSON, and only what its model knows."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request

from phoneagent.plain_text import plain
from phoneagent.web.doors import BODY

from .problems import Misfit, Problem, misfits

JSON = "application/json"
MOST_MISFITS = 20  # told at once
MOST_LISTED = 1_000  # of which pydantic makes a list, 1 µs each; a body of 64 kB could have 20,000
NO_CONTROLS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
"""A text that models read, voices speak and terminals show: of control characters only tabs and line ends."""

ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f]*$"
LONGEST_QUOTED = 40  # characters of somebody's value or name in a message


def kept(text: str) -> str:
    """What else is no text is left out: marks that turn the order of what is shown, or stand for lost characters.

    Raises `ValueError` for a text of which nothing is kept.
    """
    if text and not (found := plain(text)):
        raise ValueError("expected a text")
    return found if text else ""


class Body(BaseModel):
    """A request's body, or its query. Each field has a description that goes on after "expected"."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


T = TypeVar("T", bound=Body)


async def read(request: Request, model: type[T]) -> T:
    """The body as its model. Raises `Problem`: 415 for what does not call itself JSON, 413, 400 for no JSON, 422.

    The media type is asked for because a page in somebody's browser can send any other one here without permission.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise Problem(
            415,
            "media-type",
            "Not JSON",
            f"expected Content-Type: {JSON}, got {_quoted(media_type) if media_type else 'none'}",
        )
    return parse(await bounded(request), model)


async def bounded(request: Request) -> bytes:
    """The body. Raises `Problem` 413 as soon as it is too large."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY:
            raise Problem(413, "too-large", "Body too large", f"expected at most {BODY} bytes")
    return bytes(body)


def parse(body: bytes, model: type[T]) -> T:
    """See `read`."""
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        found = _listed(error, model)
        if found[0]["type"] == "json_invalid":
            problem = str(found[0].get("ctx", {}).get("error", "not JSON"))
            raise Problem(400, "malformed-json", "Malformed JSON", f"expected a JSON object: {problem}") from None
        raise _misfits(found, model) from None


def query(request: Request, model: type[T]) -> T:
    """The query as its model. Raises `Problem` 422; what is given twice is one time too many."""
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in given:
            raise misfits([Misfit(field=name[:LONGEST_QUOTED], detail="expected once, got it twice")])
        given[name] = value
    try:
        return model.model_validate_strings(given)
    except ValidationError as error:
        raise _misfits(_listed(error, model), model) from None


def _listed(error: ValidationError, model: type[Body]) -> list[ErrorDetails]:
    """What is wrong. Raises `Problem` if it is so much that nobody would read it."""
    count = error.error_count()
    if count > MOST_LISTED:
        fields = ", ".join(info.alias or name for name, info in model.model_fields.items())
        detail = f"expected an object with {fields or 'nothing'}; got {count} mistakes, which are too many to name"
        raise misfits([Misfit(field="", detail=detail)])
    return error.errors(include_url=False)


def _misfits(found: list[ErrorDetails], model: type[Body]) -> Problem:
    """One for each field, of the first of them."""
    told: dict[str, Misfit] = {}
    for detail in found:
        path = [str(part) for part in detail["loc"] if part != "[key]"]
        field = ".".join(part[:LONGEST_QUOTED] for part in path[:2])  # what follows is pydantic's arms of a union
        if field not in told:
            told[field] = _misfit(detail, model)
        if len(told) == MOST_MISFITS:
            break
    return misfits(tuple(told.values()))


def _misfit(detail: ErrorDetails, model: type[Body]) -> Misfit:
    path = [str(part) for part in detail["loc"] if part != "[key]"]
    field = ".".join(part[:LONGEST_QUOTED] for part in path[:2])  # what follows is pydantic's arms of a union
    names = {info.alias or name: info for name, info in model.model_fields.items()}
    if not path:
        return Misfit(field="", detail=f"expected a JSON object, got {_kind(detail['input'])}")
    if path[0] not in names:
        close = get_close_matches(path[0][:LONGEST_QUOTED], names, n=1)
        known = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(names) or 'none'}"
        return Misfit(field=field, detail=f"unknown field; {known}")
    expected = names[path[0]].description or "another value"
    if detail["type"] == "missing":
        return Misfit(field=field, detail=f"missing; expected {expected}")
    return Misfit(field=field, detail=f"expected {expected}; got {_kind(detail['input'])}")


def _kind(value: Any) -> str:
    """What it was instead; a text is not quoted, for it may be a number or a secret in the wrong field."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)[:LONGEST_QUOTED]
        case str():
            return f"a text of {len(value)} characters"
        case Mapping():
            return f"an object of {len(value)}"
        case list() | tuple():
            return f"a list of {len(value)}"
        case _:
            return type(value).__name__


def _quoted(text: str) -> str:
    return repr(text[:LONGEST_QUOTED])
