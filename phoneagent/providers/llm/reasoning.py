"""Keeps a model's thoughts from being said aloud."""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


class ReasoningFilter:
    """Removes `<think>…</think>` from the beginning of streamed text.

    Servers normally deliver thoughts in a field of their own, which is never spoken. Some local ones, started without
    a reasoning parser, leave them in the text; a caller would have to listen to a minute of them.
    """

    def __init__(self) -> None:
        self._held = ""  # white space, and what may become a tag
        self._waiting_for = OPEN

    def feed(self, text: str) -> str:
        """What of this piece, and of what was held back, may be spoken."""
        if not self._waiting_for:
            return text
        held = self._held + text
        if self._waiting_for == OPEN:
            begin = held.lstrip()
            if OPEN.startswith(begin):
                self._held = held
                return ""
            if not begin.startswith(OPEN):
                return self._speak(held)
            self._waiting_for, held = CLOSE, begin.removeprefix(OPEN)
        _, closed, spoken = held.partition(CLOSE)
        if closed:
            return self._speak(spoken.lstrip())
        self._held = held[-len(CLOSE) :]
        return ""

    def flush(self) -> str:
        """No text follows: what was held back, if it was no thought."""
        return self._speak(self._held) if self._waiting_for == OPEN else ""

    def _speak(self, text: str) -> str:
        self._waiting_for = self._held = ""
        return text
