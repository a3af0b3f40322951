"""Values that must not be printed: phone numbers, digits, transcripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Private(Generic[T]):
    """Wraps a value so that logs, tracebacks and f-strings show `[private]`.

    >>> f"caller {Private('+15005550006')}"
    'caller [private]'
    >>> Private('+15005550006').reveal()
    '+15005550006'
    """

    value: T

    def reveal(self) -> T:
        """The value itself; the call site is what a reviewer looks for."""
        return self.value

    def __repr__(self) -> str:
        return "[private]"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "[private]"
