"""`{names}` in the requests of HTTP tools, and what stands there in one call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from phoneagent.errors import ToolError

_NAME = re.compile(r"(?<!\$)\{([A-Za-z_]\w*)\}")  # `${NAME}` is a secret of the environment


class Missing(ToolError):
    """A name stands for nothing in this call."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is not known: pass it, or ask for it")
        self.name = name


def names_in(template: Any) -> Iterator[str]:
    """The names in a text, or in all texts of a table or list."""
    if isinstance(template, str):
        yield from _NAME.findall(template)
    elif isinstance(template, Mapping):
        for value in template.values():
            yield from names_in(value)
    elif isinstance(template, list | tuple):
        for value in template:
            yield from names_in(value)


def fill_text(template: str, values: Mapping[str, Any], *, quoted: Callable[[str], str] = str) -> str:
    """`quoted` makes each value fit. Raises `Missing`."""
    return _NAME.sub(lambda found: quoted(_text(_value(found[1], values))), template)


def fill_all(template: Any, values: Mapping[str, Any]) -> Any:
    """A table as it is sent. A name alone becomes the value as it is, with its type; a key whose value is a name that
    stands for nothing is left out, as an argument that the model need not give.
    """
    if isinstance(template, str):
        alone = _NAME.fullmatch(template)
        return _value(alone[1], values) if alone else fill_text(template, values)
    if isinstance(template, Mapping):
        filled = {}
        for key, value in template.items():
            try:
                filled[key] = fill_all(value, values)
            except Missing:
                if not (isinstance(value, str) and _NAME.fullmatch(value)):
                    raise
        return filled
    if isinstance(template, list | tuple):
        return [fill_all(value, values) for value in template]
    return template


def _value(name: str, values: Mapping[str, Any]) -> Any:
    if values.get(name) is None:
        raise Missing(name)
    return values[name]


def _text(value: Any) -> str:
    """As it stands in a URL or a header."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(map(_text, value))
    return str(value)
