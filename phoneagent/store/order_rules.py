"""What may become of an order. Pure; the same in every store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from phoneagent.records import Order

from .expiry import Lifetimes

STEPS = {"queued": 0, "dialling": 1, "ringing": 2, "in-progress": 3}
"""How far an order has come; every other status is final."""

LAST = len(STEPS)

OUTCOME = frozenset({"status", "ended", "problem", "refused"})
AFTERWARDS = frozenset({"answered_by", "outcome", "call"})
"""What may still be learned of an order that is over: detection of machines, what they got, and the answer to our own
request may come after the last callback."""

KEY_REUSED = "expected the request that this key was first used for"


def step(status: str) -> int:
    return STEPS.get(status, LAST)


def over(order: Order) -> bool:
    return step(order.status) == LAST


def waits(order: Order) -> bool:
    """Whether it is certain that the carrier has no call of it, and it is still to be dialled."""
    return order.status == "queued" or (order.status == "dialling" and order.dialled is None and not order.call)


def changed(order: Order, changes: Mapping[str, Any]) -> Order:
    """The order after a change, or the same object when it changes nothing; see `ports.OrderBook.change`."""
    applied = dict(changes)
    if step(str(changes.get("status", order.status))) <= step(order.status) and "status" in changes:
        applied = {name: value for name, value in applied.items() if name not in OUTCOME}
    if over(order):
        applied = {name: value for name, value in applied.items() if name in AFTERWARDS}
    if order.call:
        applied.pop("call", None)  # the first is the one that callbacks know
    applied = {name: value for name, value in applied.items() if value != getattr(order, name)}
    return replace(order, **applied) if applied else order


def kept_for(order: Order, lifetimes: Lifetimes) -> float:
    """Seconds from now."""
    planned = max(order.not_before, order.waits_until) if order.not_after is None else order.not_after
    return lifetimes.of_ended if over(order) else max(0.0, planned - order.created) + lifetimes.of_open_orders
