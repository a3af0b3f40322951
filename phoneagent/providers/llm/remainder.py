"""What is left to be said of an answer that broke off, when another one takes its place. Pure."""

from __future__ import annotations


class Remainder:
    """Takes the answer that goes on, and leaves out what was said already.

    A mind that is told to go on begins with the next word, with the word that was cut, or, if it takes no orders, with
    its whole answer again. What was said is told to it without the word that may be cut (`whole_words`).
    """

    def __init__(self, said: str) -> None:
        self._said = said
        self._cut = said.rsplit(maxsplit=1)[-1] if said.strip() and not said[-1].isspace() else ""  # perhaps
        self._held = ""  # may yet turn out to be a repetition
        self._decided = not said.strip()

    @property
    def whole_words(self) -> str:
        """What was said, as far as it is certain to be words."""
        return self._said[: len(self._said) - len(self._cut)].strip()

    def feed(self, text: str) -> str:
        """More of the answer; returns what is to be said of it now."""
        if self._decided:
            return text
        self._held += text
        held = self._held.lstrip()
        repeated = [known for known in (self._said.strip(), self._cut) if known]
        if any(known.startswith(held) for known in repeated if len(held) <= len(known)):
            return ""  # it is not over, or it has just been repeated, and nothing has come after it
        return self._decide(held, repeated)

    def flush(self) -> str:
        """The answer is over."""
        if self._decided:
            return ""
        held = self._held.lstrip()
        if not held or self._said.strip().startswith(held):
            self._decided = True
            return ""
        return self._decide(held, [self._cut] if self._cut else [])

    def _decide(self, held: str, repeated: list[str]) -> str:
        self._decided = True
        for known in repeated:
            if held.startswith(known):
                return held[len(known) :]
        apart = self._said[-1:].isspace() or not held[:1].isalnum()
        return held if apart else f" {held}"
