"""Variables in texts."""

from __future__ import annotations

import pytest

from phoneagent.call.variables import fill


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hello {name}, it is {day}.", "Hello Ada, it is {day}."),
        ('Answer with JSON like {"ok": true}.', 'Answer with JSON like {"ok": true}.'),
        ("A lonely } or {", "A lonely } or {"),
        ("{name!r:>9}", "{name!r:>9}"),
        ("", ""),
    ],
)
def test_only_names_in_braces_are_variables(text, filled):
    assert fill(text, {"name": "Ada"}) == filled


def test_the_value_of_a_variable_is_not_looked_into():
    assert fill("{a}", {"a": "{b}", "b": "secret"}) == "{b}"
