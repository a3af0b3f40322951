"""The tools of the front desk. An example: a restaurant would ask its reservation system here."""

from __future__ import annotations

import itertools
from typing import Annotated

from pydantic import Field

SEATS = 10  # at the largest table

_numbers = itertools.count(101)


def book_table(
    people: Annotated[int, Field(ge=1, description="how many guests")],
    time: Annotated[str, Field(description="this evening's time as the caller said it, such as 7:30")],
) -> str:
    """Book a table for tonight. Only after the caller has confirmed people and time."""
    if people > SEATS:
        return f"For more than {SEATS} guests the manager will call you back."
    return f"A table for {people} at {time} is booked under number {next(_numbers)}."
