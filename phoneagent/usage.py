"""What a call has used of what is paid for, by who provides it.

Whoever asks a language model does not know which of several was asked in the end, how often, or how much of it was
thrown away. The model that was asked knows, and tells the meter of the call it works for. The meter is in the context,
as the call's name is for logs: between a call and its model are minds that ask others, in tasks of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, TypeAlias

Part = Literal["carrier", "stt", "llm", "tts"]
Unit = Literal["seconds", "tokens_in", "tokens_cached", "tokens_cache_write", "tokens_out", "characters"]

CHARACTERS_A_TOKEN = 4
"""Of English text, by the tokenizers' makers; a reckoning for answers that came without a count."""


@dataclass(frozen=True, slots=True)
class Used:
    """So much of one thing. `model`: empty where there is none, or it is the provider's usual one.

    `reckoned`: not counted by the provider, at least in part. `tokens_in` are without those that were `tokens_cached`,
    which were known from an earlier request, and without `tokens_cache_write`, which cost more because they are kept
    for the next one.
    """

    part: Part
    provider: str
    model: str
    unit: Unit
    amount: float
    reckoned: bool = False


Meter: TypeAlias = Callable[[Used], None]


def _nobody(_: Used) -> None:
    """Nobody counts: a model is checked, or typed with."""


meter: ContextVar[Meter] = ContextVar("meter", default=_nobody)
"""The meter of the call for which this task works."""


def together(used: Used, more: Used) -> Used:
    """The sum of two of the same kind."""
    reckoned = used.reckoned or more.reckoned
    return Used(used.part, used.provider, used.model, used.unit, used.amount + more.amount, reckoned)
