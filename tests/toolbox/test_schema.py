"""Arguments of tools against schemas that servers of tools have written."""

from __future__ import annotations

import pytest

from phoneagent.errors import ToolError
from phoneagent.toolbox.schema import argument_check


def test_a_pattern_that_would_take_for_ever_refuses_the_argument():
    check = argument_check("order", {"properties": {"number": {"pattern": "^(a|aa)+$"}}})
    check({"number": "aaaa"})
    with pytest.raises(ToolError, match="order: it takes too long to be compared with the patterns of its schema"):
        check({"number": "a" * 200 + "!"})
    check({"number": "aaaa"})


def test_a_pattern_does_not_hide_what_else_is_wrong():
    check = argument_check("order", {"properties": {"a": {"pattern": "^b"}, "b": {"type": "integer"}}})
    with pytest.raises(ToolError, match=r"a: 'x' does not match '\^b'; b: 'two' is not of type 'integer'"):
        check({"a": "x", "b": "two"})
