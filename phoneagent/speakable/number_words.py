"""num2words' words for numbers, without the sixty languages that nobody speaks here."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from typing import Any

_ALIAS = f"{__package__}._num2words"
"""The package under a name of our own: under its own it stays whole, for whoever else in this process uses it."""


@cache
def converter(language: str) -> Any:
    """What says the numbers of a language: has `to_cardinal`, `to_ordinal` and `to_year`.

    `import num2words` runs the package's `__init__`, which makes the converters of all languages: a tenth of a second
    at start-up for the one that is needed.
    """
    if _ALIAS not in sys.modules:
        found = find_spec("num2words")
        if found is None:
            raise ModuleNotFoundError("expected the package num2words", name="num2words")
        package = ModuleSpec(_ALIAS, None, is_package=True)
        package.submodule_search_locations = found.submodule_search_locations
        sys.modules[_ALIAS] = module_from_spec(package)
    name = language.upper()
    return getattr(importlib.import_module(f"{_ALIAS}.lang_{name}"), f"Num2Word_{name}")()
