"""What the things that calls use cost, and what a call has cost by that."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from phoneagent.records import Prices
from phoneagent.report import Cost, Costs
from phoneagent.usage import Part, Unit, Used

SECONDS, MILLION, THOUSAND = 60, 1_000_000, 1_000

DATED = re.compile(r"-\d[\d-]*")
"""What follows the name of a model in that of one of its versions: `gpt-5.4-mini-2026-03-17`."""

MOST_KNOWN = 1_000  # things whose price was looked up; models have names that others choose
ANY = "*"  # whatever the model is called


class PriceList(Protocol):
    """Where prices come from."""

    @property
    def currency(self) -> str: ...

    @property
    def origin(self) -> str:
        """Whose prices they are, and of which day."""

    def price(self, used: Used) -> float | None:
        """Of one unit; None if it is not known."""

    def billed(self, used: Used) -> float:
        """How much of it is billed: carriers count begun minutes."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one provider takes for some of its models. `units`: the price of one of each unit."""

    part: Part
    provider: str
    models: tuple[str, ...]
    units: Mapping[Unit, float]
    whole_minutes: bool = False


@dataclass(frozen=True, slots=True)
class PriceBook:
    """A `PriceList`: the prices of providers, by their public pages. The first that fits is taken."""

    currency: str = "USD"
    origin: str = ""
    prices: tuple[Price, ...] = field(default=(), repr=False)
    _known: dict[tuple[Part, str, str], Price | None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def price(self, used: Used) -> float | None:
        found = self._find(used)
        return found.units.get(used.unit) if found else None

    def billed(self, used: Used) -> float:
        found = self._find(used)
        if found is not None and found.whole_minutes and used.unit == "seconds":
            return math.ceil(used.amount / SECONDS) * float(SECONDS)
        return used.amount

    def _find(self, used: Used) -> Price | None:
        key = (used.part, used.provider, used.model)
        if key not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[key] = self._look_up(*key)
        return self._known[key]

    def _look_up(self, part: Part, provider: str, model: str) -> Price | None:
        there = [price for price in self.prices if (price.part, price.provider) == (part, provider)]
        exact = (price for price in there if model in price.models)
        dated = (price for price in there if any(_is_version(model, each) for each in price.models))
        rest = (price for price in there if ANY in price.models)
        return next((price for kind in (exact, dated, rest) for price in kind), None)


NO_PRICES = PriceBook()


@dataclass(frozen=True, slots=True)
class OwnPrices:
    """A `PriceList`: what an agent's operator pays, as its file says in `[prices]`. The rest costs nothing."""

    prices: Prices
    origin: str = "the agent's [prices]"

    @property
    def currency(self) -> str:
        return self.prices.currency

    def price(self, used: Used) -> float | None:
        prices = self.prices
        match used.unit:
            case "seconds":
                return prices.minute / SECONDS if used.part == "carrier" and used.model in DIRECTIONS else 0.0
            case "tokens_in" | "tokens_cached" | "tokens_cache_write":
                return prices.million_tokens_in / MILLION
            case "tokens_out":
                return prices.million_tokens_out / MILLION
            case "characters":
                return prices.thousand_characters / THOUSAND

    def billed(self, used: Used) -> float:
        return used.amount


DIRECTIONS = ("inbound", "outbound")
"""The `model` of a call itself, beside the media stream and the recording that the carrier charges for too."""


def prices_for(prices: Prices, book: PriceBook) -> PriceList:
    """An agent's own prices, if it has any, in the place of everybody's."""
    return OwnPrices(prices) if prices.some else book


def costs_of(used: Iterable[Used], prices: PriceList) -> Costs:
    """What all of this has cost. What has no price is told, and makes the sum incomplete."""
    items = tuple(_cost(each, prices) for each in used)
    return Costs(
        prices.currency,
        round(sum(item.cost or 0.0 for item in items), 6),
        all(item.cost is not None for item in items),
        prices.origin,
        items,
    )


def total_of(used: Iterable[Used], prices: PriceList) -> float:
    """The sum alone: it is asked for with every event of a call that has a limit."""
    return round(sum((prices.price(each) or 0.0) * prices.billed(each) for each in used), 6)


def _cost(used: Used, prices: PriceList) -> Cost:
    price, amount = prices.price(used), round(used.amount, 3)
    cost = None if price is None else round(price * prices.billed(used), 6)
    return Cost(used.part, used.provider, used.model, used.unit, amount, price, cost, used.reckoned)


def _is_version(model: str, of: str) -> bool:
    return bool(of) and model.startswith(of) and DATED.fullmatch(model, len(of)) is not None
