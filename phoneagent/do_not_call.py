"""Who does not want to be called: what is kept of them, and how the list is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from .private import Private

Source = Literal["operator", "import", "callee"]
"""Who has put a number on the list: an operator by command or REST, a file, or the person in a call."""

AT_ONCE = 500  # numbers that are written in one step: Redis does nothing else meanwhile, for about a millisecond


@dataclass(frozen=True, slots=True)
class DoNotCall:
    """A number in E.164 form that must not be called. `added`: seconds since the epoch; `call`: where it was said."""

    number: Private[str]
    added: float
    source: Source = "operator"
    call: str = ""


@dataclass(frozen=True, slots=True)
class DoNotCallPage:
    """Entries, the newest first. `next` is the cursor of the page that follows; empty on the last page."""

    entries: tuple[DoNotCall, ...]
    next: str = ""


class DoNotCallList(Protocol):
    """Numbers that must not be called, for all processes, until somebody removes them. Numbers are in E.164 form.

    All methods raise `StoreError`.
    """

    async def add(self, entries: Iterable[DoNotCall]) -> int:
        """Put numbers on the list; how many are new. What is known of one that is there already stays."""

    async def remove(self, number: str) -> bool:
        """Take a number off; False if it was not there."""

    async def find(self, number: str) -> DoNotCall | None:
        """What is known of a number; None if it may be called."""

    async def page(self, *, cursor: str = "", limit: int = 50) -> DoNotCallPage:
        """The newest first. No number is in a cursor. Raises `OrderRefused` for one that no page has given."""
