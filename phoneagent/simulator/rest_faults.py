"""What goes wrong with a request to the REST API, and whether it was carried out all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

RestFault = Literal[
    "too many requests",  # 429, code 20429: not carried out
    "fails before",  # 500: not carried out
    "fails after",  # 500, although it was carried out
    "silent before",  # no answer; not carried out
    "silent after",  # no answer, although it was carried out
]


class Asked(NamedTuple):
    """A request: `path` is what follows the account (`/Calls.json`)."""

    method: str
    path: str


def places_calls(asked: Asked) -> bool:
    """Whether the request places a call."""
    return asked == Asked("POST", "/Calls.json")


class _Rule(NamedTuple):
    fault: RestFault
    whom: Callable[[Asked], bool]


class RestFaults:
    """Faults of coming requests, each used up by one of them.

    >>> faults = RestFaults()
    >>> faults.add("fails after")  # the next call is placed, and the answer is a 500
    """

    def __init__(self) -> None:
        self._rules: list[_Rule] = []

    def add(self, fault: RestFault, *, times: int = 1, whom: Callable[[Asked], bool] = places_calls) -> None:
        """Let `fault` befall the next `times` requests that `whom` chooses."""
        self._rules += [_Rule(fault, whom)] * times

    def clear(self) -> None:
        """From now on nothing goes wrong."""
        self._rules.clear()

    def take(self, asked: Asked) -> RestFault | None:
        """The fault of this request, which is thereby used up."""
        for rule in self._rules:
            if rule.whom(asked):
                self._rules.remove(rule)
                return rule.fault
        return None
