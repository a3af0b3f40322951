"""The command line. Each command is a module of its name, imported when it is asked for."""

from .program import main

__all__ = ["main"]
