"""What a call has cost so far, by the prices that its operator pays."""

from __future__ import annotations

from collections.abc import Sequence

from phoneagent.conversation.transcript import Turn
from phoneagent.records import Prices

CHARACTERS_A_TOKEN = 4
"""Of English text, by the tokenizers' makers; a reckoning that needs no answer of the model."""


class Spending:
    """Adds up one call. `spent`: by the processes that had it before, until `since` seconds after its beginning."""

    def __init__(self, prices: Prices, *, spent: float = 0.0, since: float = 0.0) -> None:
        self._prices = prices
        self._spent = spent
        self._since = since

    def asked(self, instructions: str, turns: Sequence[Turn]) -> None:
        """The model was asked, and reads all of this."""
        characters = len(instructions) + sum(len(turn.text) for turn in turns)
        self._spent += characters / CHARACTERS_A_TOKEN * self._prices.million_tokens_in / 1e6

    def written(self, text: str) -> None:
        """By the model."""
        self._spent += len(text) / CHARACTERS_A_TOKEN * self._prices.million_tokens_out / 1e6

    def spoken(self, text: str) -> None:
        """Given to the voice; speech that is kept costs nothing, but is reckoned all the same."""
        self._spent += len(text) * self._prices.thousand_characters / 1e3

    def until(self, at: float) -> float:
        """All of it, with the minutes, at so many seconds after the call's beginning."""
        return self._spent + max(0.0, at - self._since) * self._prices.minute / 60
