"""Documents that agents look things up in: read, cut into passages, and found again by what callers ask."""

from .document import SUFFIXES
from .index import Found, Index
from .library import Library

__all__ = ["SUFFIXES", "Found", "Index", "Library"]
