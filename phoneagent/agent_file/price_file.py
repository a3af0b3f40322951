"""The table of what providers take: `phoneagent/prices.toml`, or a copy of it."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from phoneagent.call.price_book import MILLION, SECONDS, THOUSAND, Price, PriceBook
from phoneagent.errors import SettingsError
from phoneagent.usage import Unit

from .problems import CURRENCY, dotted, expected, syntax_problem
from .toml_lines import key_lines, line_of, read_toml

BUILT_IN_PRICES = Path(__file__).parents[1] / "prices.toml"

PER: dict[str, tuple[Unit, int]] = {
    "minute": ("seconds", SECONDS),
    "million_tokens_in": ("tokens_in", MILLION),
    "million_tokens_cached": ("tokens_cached", MILLION),
    "million_tokens_cache_write": ("tokens_cache_write", MILLION),
    "million_tokens_out": ("tokens_out", MILLION),
    "thousand_characters": ("characters", THOUSAND),
}
"""What a price is written for: which unit, and how many of it."""

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _PriceTable(_Table):
    part: Literal["carrier", "stt", "llm", "tts"]
    provider: Annotated[str, Field(min_length=1)]
    models: tuple[str, ...]
    minute: Amount | None = None
    million_tokens_in: Amount | None = None
    million_tokens_cached: Amount | None = None
    million_tokens_cache_write: Amount | None = None
    million_tokens_out: Amount | None = None
    thousand_characters: Amount | None = None
    whole_minutes: bool = False
    source: str = ""
    as_of: date | None = None

    def price(self) -> Price:
        """The record. Tokens from the cache, and those that go there, cost what others cost, unless it is said."""
        given = {name: value for name in PER if (value := getattr(self, name)) is not None}
        if self.million_tokens_in is not None:
            given.setdefault("million_tokens_cached", self.million_tokens_in)
            given.setdefault("million_tokens_cache_write", self.million_tokens_in)
        units = {PER[name][0]: value / PER[name][1] for name, value in given.items()}
        return Price(self.part, self.provider, self.models, units, self.whole_minutes)


class _PriceFile(_Table):
    currency: Annotated[str, Field(pattern=CURRENCY)] = "USD"
    as_of: date
    prices: tuple[_PriceTable, ...]


def load_prices(path: Path | None = None) -> PriceBook:
    """The prices of a TOML file, our own without one. Raises `SettingsError`, one line a problem."""
    path = path or BUILT_IN_PRICES
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"PHONEAGENT_PRICES: expected a price file such as phoneagent/prices.toml: {error}"
        ) from error
    try:
        found = _PriceFile.model_validate(read_toml(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(syntax_problem(str(path), text, str(error))) from error
    except ValidationError as error:
        lines = key_lines(text)
        items = [(line_of(lines, item["loc"]), item) for item in error.errors(include_url=False)]
        raise SettingsError(
            *(f"{path}:{line}: {dotted(item['loc'])}: {expected(item, _PriceFile)}" for line, item in items)
        ) from error
    whose = "list prices" if path == BUILT_IN_PRICES else path.name
    return PriceBook(found.currency, f"{whose} of {found.as_of}", tuple(table.price() for table in found.prices))
