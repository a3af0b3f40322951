"""Orders in Redis: whichever process is alive dials them, and only one."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from urllib.parse import quote

from phoneagent.errors import KeyReused, LeaseLost, StoreError
from phoneagent.records import Order, OrderClaim, OrderPage

from . import order_scripts as scripts
from .cipher import Cipher
from .cursor import checked_cursor
from .expiry import KEY_TTL, Lifetimes
from .order_encoding import checked_changes, decode_order, encode_order
from .order_rules import KEY_REUSED, changed, kept_for, over, waits
from .redis_url import Client

PREFIX = "phoneagent:{orders}:"
ITEM = PREFIX + "order:"
DUE = PREFIX + "due"
RECENT = PREFIX + "recent"
PACE = PREFIX + "pace"

ATTEMPTS = 20
"""At changing an order that others change too: its callbacks are a handful, spread over processes."""


class _Read(NamedTuple):
    order: Order
    rev: str
    token: int
    begun: str


class RedisOrders:
    """`ask` sends a question to Redis and raises `StoreError`; `note` writes down whose an order is."""

    def __init__(
        self,
        ask: Callable[[Callable[[Client], Any]], Awaitable[Any]],
        note: Callable[[Order], Awaitable[None]],
        *,
        lifetimes: Lifetimes,
        cipher: Cipher,
    ) -> None:
        self._cipher = cipher
        self._ask = ask
        self._note = note
        self._lifetimes = lifetimes
        self._scripts: dict[str, Any] = {}

    async def create(self, order: Order, *, key: str = "", fingerprint: str = "") -> Order:
        await self._note(order)
        keys = [_item(order.id), DUE, RECENT, *([_key(key)] if key else [])]
        kept, moment = _ms(kept_for(order, self._lifetimes)), order.due
        arguments = [ITEM, order.id, self._cipher.seal(encode_order(order)), moment, order.place, kept]
        answer = await self._run(scripts.CREATE_ORDER, keys, [*arguments, _digest(fingerprint), _ms(KEY_TTL)])
        if answer[0] == "reused":
            raise KeyReused("Idempotency-Key", KEY_REUSED)
        return self._opened(answer[1])

    async def known(self, key: str, *, fingerprint: str) -> Order | None:
        if not (used := await self._ask(lambda client: client.get(_key(key)))):
            return None
        order, _, first = used.partition(":")
        if (read := await self._read(order)) is None:
            return None
        if first != _digest(fingerprint):
            raise KeyReused("Idempotency-Key", KEY_REUSED)
        return read.order

    async def load(self, order: str) -> Order | None:
        if (read := await self._read(order)) is None:
            known = await self._ask(lambda client: client.get(_call(order)))
            read = await self._read(known) if known else None
        return read.order if read else None

    async def change(self, order: str, *, token: int = 0, due: float | None = None, **changes: object) -> Order | None:
        """See `ports.OrderBook`. Raises `StoreError` too when others have changed it again and again meanwhile."""
        fields = checked_changes(changes)
        for _ in range(ATTEMPTS):
            if (read := await self._read(order)) is None:
                return None
            if token and token != read.token:
                raise LeaseLost("another process looks after the order")
            after = changed(read.order, fields)
            if after is read.order and due is None:
                return after
            if await self._replace(read, after, token=token, due=due):
                return after
        raise StoreError(f"expected to change an order within {ATTEMPTS} attempts")

    async def begin(self, order: str, *, token: int, now: float) -> bool:
        attempt = secrets.token_hex(8)
        while (read := await self._read(order)) is not None and read.token == token:
            if not waits(read.order):
                return read.begun == attempt  # ours, whose answer was lost
            after = changed(read.order, {"status": "dialling", "dialled": now, "attempts": read.order.attempts + 1})
            try:
                if await self._replace(read, after, token=token, begun=attempt):
                    return True
            except LeaseLost:
                return False
        return False

    async def cancel(self, order: str, *, now: float) -> Order | None:
        while (read := await self._read(order)) is not None and waits(read.order):
            after = changed(read.order, {"status": "canceled", "ended": now})
            if await self._replace(read, after):
                return after
        return read.order if read else None

    async def page(self, *, cursor: str = "", limit: int = 50) -> OrderPage:
        bound = "(" + checked_cursor(cursor) if cursor else "+"
        _, following, *stored = await self._run(scripts.PAGE_ORDERS, [RECENT], [ITEM, bound, limit])
        return OrderPage(tuple(self._opened(each) for each in stored), following)

    async def claim(self, *, now: float, seconds: float, most: int) -> tuple[OrderClaim, ...]:
        answer = await self._run(scripts.CLAIM_ORDERS, [DUE], [ITEM, now, now + seconds, most])
        pairs = iter(answer[1:])
        return tuple(OrderClaim(self._opened(stored), int(token)) for stored, token in zip(pairs, pairs, strict=True))

    async def next_due(self) -> float | None:
        first = await self._ask(lambda client: client.zrange(DUE, 0, 0, withscores=True))
        return float(first[0][1]) if first else None

    async def pace(self, *, per_second: float) -> float:
        _, milliseconds = await self._run(scripts.PACE_ORDERS, [PACE], [math.ceil(1000 / per_second)])
        return int(milliseconds) / 1000

    async def erase(self, order: str) -> bool:
        if (read := await self._read(order)) is None:
            return False
        keys = [_item(order), DUE, RECENT, *([_call(read.order.call)] if read.order.call else [])]
        await self._run(scripts.ERASE_ORDER, keys, [order, read.order.place])
        return True

    def _opened(self, stored: str) -> Order:
        return decode_order(self._cipher.open(stored))

    async def _read(self, order: str) -> _Read | None:
        answer = await self._run(scripts.READ_ORDER, [_item(order)], [])
        if answer[0] == "unknown":
            return None
        return _Read(self._opened(answer[1]), answer[2], int(answer[3]), answer[4])

    async def _replace(
        self, read: _Read, after: Order, *, token: int = 0, due: float | None = None, begun: str = ""
    ) -> bool:
        """Whether it was still as it was read. Raises `LeaseLost`."""
        moment: object = "over" if over(after) else "" if due is None else due
        answer = await self._run(
            scripts.REPLACE_ORDER,
            [_item(after.id), DUE, RECENT, *([_call(after.call)] if after.call else [])],
            [
                after.id,
                read.rev,
                token or "",
                self._cipher.seal(encode_order(after)),
                _ms(kept_for(after, self._lifetimes)),
                moment,
                begun,
            ],
        )
        if answer[0] == "lost":
            raise LeaseLost("another process looks after the order")
        return bool(answer[0] == "ok")

    async def _run(self, script: str, keys: list[str], arguments: list[Any]) -> list[Any]:
        async def run(client: Client) -> Any:
            if script not in self._scripts:
                self._scripts[script] = client.register_script(script)
            return await self._scripts[script](keys, arguments, client=client)

        answer: list[Any] = await self._ask(run)
        return answer


def _item(order: str) -> str:
    return ITEM + quote(order, safe="", errors="surrogatepass")


def _call(call: str) -> str:
    return PREFIX + "call:" + quote(call, safe="", errors="surrogatepass")


def _key(key: str) -> str:
    return PREFIX + "key:" + _digest(key)


def _digest(text: str) -> str:
    """Strangers choose the length and the characters of keys."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
