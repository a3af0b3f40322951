"""An agent file's text with one knob set otherwise."""

from __future__ import annotations

import re

_TABLE = re.compile(r"^\[turn_taking\][^\n]*\n", re.MULTILINE)
_NEXT_TABLE = re.compile(r"^\[", re.MULTILINE)
_EAGER = re.compile(r"^eager_turns\s*=[^\n]*\n", re.MULTILINE)


def with_eager_turns(text: str, eager: bool | None) -> str:
    """The agent file with eager turns on or off; None leaves them as they are.

    Edited as text, because nothing that we depend on writes TOML.
    """
    if eager is None:
        return text
    line = f"eager_turns = {str(eager).lower()}\n"
    table = _TABLE.search(text)
    if table is None:
        return f"{text}\n[turn_taking]\n{line}"
    following = _NEXT_TABLE.search(text, table.end())
    end = following.start() if following else len(text)
    return text[: table.end()] + line + _EAGER.sub("", text[table.end() : end]) + text[end:]
