"""Query strings, read strictly."""

from __future__ import annotations

from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from starlette.datastructures import QueryParams

T = TypeVar("T", bound=msgspec.Struct)


def read_query(params: QueryParams, shape: type[T]) -> T:
    """Convert a query string to a struct; a list in it collects repeated parameters.

    Raises `msgspec.ValidationError` for a parameter that is unknown, repeated, or has no such value.
    """
    hints = get_type_hints(shape)
    values: dict[str, Any] = {}
    for key in params:
        given = params.getlist(key)
        if _is_list(hints.get(key)):
            values[key] = given
        elif len(given) > 1:
            raise msgspec.ValidationError(f"parameter `{key}` is given {len(given)} times")
        else:
            values[key] = given[0]
    return msgspec.convert(values, shape, strict=False)


def _is_list(hint: Any) -> bool:
    return get_origin(hint) is list or any(get_origin(option) is list for option in get_args(hint))
