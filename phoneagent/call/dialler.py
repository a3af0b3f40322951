"""Has wanted calls placed: when they are due, at the account's rate, and each at most once.

Carriers have no idempotency key. An order is `dialling` in the store before the carrier is asked; when the answer is
lost, or the process with it, whoever claims the order next asks the carrier whether it has a call of it, until it
either has or surely has not. A callback that carries the order's id settles it sooner.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Self

import structlog

from phoneagent.errors import CarrierError, DialRefused, LeaseLost, OrderRefused, StoreError
from phoneagent.ports import Exchange, OrderBook
from phoneagent.records import Order, OrderClaim, OrderStatus, OrderUrls, Progress

from .calling_rules import REFUSALS, CallingRules
from .verdicts import Verdicts

log = structlog.stdlib.get_logger(__name__)

LEASE = 30.0
"""Seconds for which a process looks after an order it has claimed: longer than the carrier and the store may take."""

LOOK = 0.5  # seconds between two looks for new orders, whoever wrote them down

STORE_AWAY = 2.0  # seconds until a store that did not answer is asked again

NEXT_LOOK = 5.0  # seconds until the carrier is asked again whether it has a call of an order

SURE_AFTER = 30.0
"""Seconds after which the carrier surely has no call of an order that it does not list. Calls are listed as soon as
they are taken; this covers a request that was still on its way."""

CALLBACKS_OVERDUE = 30.0
"""Seconds past the time by which something must have happened to a call; then the carrier is asked instead."""

FIRST_RETRY = 2.0
LONGEST_RETRY = 60.0
"""Seconds until a carrier that has no room is asked again; each time twice as long."""

PATIENCE = 3600.0
"""Seconds after which an order without `not_after` is given up: nobody expects that call any more."""

HANDED_OVER = 1.0  # seconds after the answer; by then the call is one of those that this process carries, or another

FINISHING = 2.0  # seconds that requests under way get when the process ends

MACHINES = ("machine", "fax")  # how the carrier's words for them begin

SIP_MEANINGS = {
    404: "the number does not exist",
    480: "cannot be reached now",
    486: "busy",
    487: "ended before the answer",
    503: "the network has no way there",
    603: "declined",
}


class Dialler:
    """Use as an asynchronous context manager: inside it orders are placed.

    `urls`: where the carrier asks about an order. `rules`: who may be called, and when. `per_second`: calls a second of
    the account. `room`: how many more calls this process can carry. `verdicts` tells the process that holds a call who
    has answered it. `clock`: seconds since the epoch.
    """

    def __init__(
        self,
        book: OrderBook,
        exchange: Exchange,
        *,
        urls: Callable[[Order], OrderUrls],
        rules: CallingRules,
        per_second: float,
        room: Callable[[], int],
        verdicts: Verdicts | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._book = book
        self._exchange = exchange
        self._urls = urls
        self._rules = rules
        self._per_second = per_second
        self._room = room
        self._verdicts = verdicts
        self._news = asyncio.Event()
        self._expected: dict[str, float] = {}  # orders dialled here that may become calls, and until when
        self._tasks: set[asyncio.Task[None]] = set()
        self._service: asyncio.Task[None] | None = None
        # By the loop's clock, as everything that waits; then nobody who lets it jump has to wait either.
        self._clock = clock
        self._epoch = clock() - asyncio.get_running_loop().time()

    async def __aenter__(self) -> Self:
        self._service = asyncio.create_task(self._serve(), name="dialler")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._service is not None:
            self._service.cancel()
            await asyncio.wait([self._service])
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FINISHING)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def now(self) -> float:
        """Seconds since the epoch. The loop's clock stands still while a machine sleeps."""
        return max(self._clock(), self._epoch + asyncio.get_running_loop().time())

    # -- what people want ---------------------------------------------------------------------------

    async def cancel(self, order: str) -> Order | None:
        """Have an order not become a call, as long as nobody has answered; returns it, None when it is unknown.

        One whose call already rings is over when the carrier says so; one that is being placed ends as soon as it is.
        Raises `StoreError` and `CarrierError`.
        """
        known = await self._book.cancel(order, now=self.now)
        if known is None or known.status not in ("dialling", "ringing"):
            return known
        known = await self._book.change(known.id, unwanted=True)
        if known is not None and known.call:
            await self._exchange.cancel(known.call)
        return known

    # -- what the carrier tells ---------------------------------------------------------------------

    async def answered(self, order: str, call: str) -> Order | None:
        """The carrier asks what to do with the call of an order: the order, or None when there must be no such call:
        nobody ordered it, it was cancelled, or the order has another. Raises `StoreError`.
        """
        known = await self._heard(order, Progress(call, "in-progress"))
        if known is None or known.unwanted or known.status != "in-progress":
            return None
        return known

    async def progressed(self, order: str, progress: Progress, *, sip: int | None = None) -> None:
        """The carrier says how far the call of an order is; `sip`: the final answer of the network.

        Harmless when repeated, late or out of order. Raises `StoreError`.
        """
        known = await self._heard(order, progress, problem=_told(progress.status, sip))
        if known is not None and known.unwanted and known.status in ("dialling", "ringing"):
            await self._exchange.cancel(known.call)

    async def detected(self, order: str, call: str, answered_by: str) -> None:
        """The carrier says who has answered: kept with the order, and told to the conversation, which knows what was
        said and decides. Where there is none, a machine is hung up on if that was ordered.

        Raises `StoreError` and `CarrierError`.
        """
        if await self._order_of(order, call) is None:
            return
        known = await self._book.change(order, call=call, answered_by=answered_by)
        log.info("order_answered_by", order=order, answered_by=answered_by)
        if known is None:
            return
        if self._verdicts is None:
            await self._hang_up_on(known, answered_by)
        else:
            self._start(self._tell(self._verdicts, known, answered_by), known.id)

    async def _tell(self, verdicts: Verdicts, order: Order, answered_by: str) -> None:
        if not await verdicts.tell(order.call, answered_by):
            await self._hang_up_on(order, answered_by)

    async def _hang_up_on(self, order: Order, answered_by: str) -> None:
        if order.machine == "hang_up" and answered_by.startswith(MACHINES):
            await self._exchange.hang_up(order.call)

    async def _heard(self, order: str, progress: Progress, *, problem: str = "") -> Order | None:
        if (known := await self._order_of(order, progress.call)) is None:
            return None
        if order in self._expected and progress.status not in ("dialling", "ringing"):
            self._expected[order] = self.now + HANDED_OVER
        return await self._learn(known, progress, problem=problem)

    async def _order_of(self, order: str, call: str) -> Order | None:
        """None, and a line in the log, when nobody ordered this call."""
        known = await self._book.load(order)
        if known is None or known.id != order:
            log.warning("order_unknown", order=order)
            return None
        if known.call not in ("", call):
            log.error("order_has_another_call", order=order)
            return None
        return known

    async def _learn(self, order: Order, progress: Progress, *, problem: str = "", token: int = 0) -> Order | None:
        changes: dict[str, Any] = {"call": progress.call, "status": progress.status, "problem": problem}
        if progress.answered_by:
            changes["answered_by"] = progress.answered_by
        if progress.status not in ("dialling", "ringing", "in-progress"):
            changes["ended"] = self.now
        if progress.status != order.status:
            log.info("order_progressed", order=order.id, call=progress.call, status=progress.status)
        return await self._book.change(order.id, token=token, due=self._next_look(order, progress.status), **changes)

    def _next_look(self, order: Order, status: OrderStatus) -> float:
        longest = order.max_duration if status == "in-progress" else order.ring_for
        return self.now + longest + CALLBACKS_OVERDUE

    # -- the service --------------------------------------------------------------------------------

    async def _serve(self) -> None:
        while True:
            try:
                self._news.clear()
                await self._round()
                due = await self._book.next_due()
                wait = LOOK if due is None else min(LOOK, max(0.0, due - self.now))
                if not self._free():
                    wait = LOOK
            except StoreError as error:
                log.warning("orders_not_read", problem=str(error))
                wait = STORE_AWAY
            except Exception:  # a defect with one order must not stop all others
                log.exception("orders_failed")
                wait = STORE_AWAY
            try:
                async with asyncio.timeout(wait):
                    await self._news.wait()
            except TimeoutError:
                continue

    def _free(self) -> bool:
        """Whether a call that is dialled now will find room when it is answered."""
        self._expected = {order: until for order, until in self._expected.items() if until > self.now}
        return self._room() > len(self._expected)

    async def _round(self) -> None:
        while self._free():
            claims = await self._book.claim(now=self.now, seconds=LEASE, most=1)
            for claim in claims:
                if claim.order.dialled is not None or claim.order.call:
                    self._begin(self._reconcile(claim), claim)
                elif await self._may_dial(claim):
                    self._expected[claim.order.id] = self.now + claim.order.ring_for + CALLBACKS_OVERDUE
                    self._begin(self._dial(claim), claim)
            if not claims:
                return

    async def _may_dial(self, claim: OrderClaim) -> bool:
        """Wait for leave to dial. False when there is nothing to be dialled now, or any more."""
        if await self._too_late(claim) or await self._too_early(claim):
            return False
        renewed = self.now
        try:
            while (wait := await self._book.pace(per_second=self._per_second)) > 0:
                await asyncio.sleep(wait)
                if self.now - renewed > LEASE / 2:
                    renewed = self.now
                    await self._book.change(claim.order.id, token=claim.token, due=self.now + LEASE)
            return not (await self._too_early(claim) or await self._unwelcome(claim))
        except LeaseLost:
            return False

    async def _too_early(self, claim: OrderClaim) -> bool:
        """Outside of the callee's hours it waits until they begin."""
        order, now = claim.order, self.now
        try:
            opens = self._rules.opens(order, now)
        except OrderRefused as error:
            await self._fail(claim, str(error))
            return True
        if opens <= now:
            return False
        log.info("order_waits", order=order.id, seconds=round(opens - now))
        try:
            await self._book.change(order.id, token=claim.token, due=opens, waits_until=opens)
        except LeaseLost:
            log.info("order_taken_over", order=order.id)
        return True

    async def _unwelcome(self, claim: OrderClaim) -> bool:
        """Who asked not to be called since the order was taken is not called."""
        order = claim.order
        if not (reason := await self._rules.refusal(order)):
            return False
        log.warning("order_not_allowed", order=order.id, reason=reason)
        await self._book.change(
            order.id,
            token=claim.token,
            status="canceled",
            ended=self.now,
            refused=reason,
            problem=f"not dialled; {REFUSALS[reason]}",
        )
        return True

    async def _too_late(self, claim: OrderClaim) -> bool:
        order = claim.order
        limit = order.not_after
        if limit is None:
            limit = order.due + PATIENCE if order.attempts else float("inf")
        if self.now <= limit:
            return False
        problem = "not dialled before its time was over" + (f"; {order.problem}" if order.problem else "")
        await self._fail(claim, problem)
        return True

    async def _dial(self, claim: OrderClaim) -> None:
        order = claim.order
        if not await self._book.begin(order.id, token=claim.token, now=self.now):
            self._expected.pop(order.id, None)
            return
        log.info("order_dialled", order=order.id, agent=order.agent)
        try:
            call = await self._exchange.place(order, self._urls(order))
        except DialRefused as refusal:
            self._expected.pop(order.id, None)
            log.warning("order_refused", order=order.id, problem=str(refusal), later=refusal.later)
            if refusal.later:
                wait = max(min(FIRST_RETRY * 2**order.attempts, LONGEST_RETRY), refusal.after)
                problem, due = f"{refusal}; tried again", self.now + wait
                await self._book.change(order.id, token=claim.token, due=due, dialled=None, problem=problem)
            else:
                await self._fail(claim, str(refusal))
        except CarrierError as error:
            log.warning("order_uncertain", order=order.id, problem=str(error))
            await self._book.change(order.id, token=claim.token, due=self.now + NEXT_LOOK)
        else:
            placed = await self._book.change(order.id, call=call, due=self._next_look(order, "dialling"))
            if placed is not None and placed.unwanted:
                await self._exchange.cancel(call)

    async def _reconcile(self, claim: OrderClaim) -> None:
        """Ask the carrier what has become of an order."""
        order = claim.order
        if order.call:
            progress = await self._exchange.progress(order.call)
            if progress is None:
                await self._fail(claim, "the carrier does not know the call any more")
                return
        elif (found := await self._found(order)) is None:
            await self._not_found(claim)
            return
        else:
            progress = found
            log.info("order_found", order=order.id, call=progress.call)
        after = await self._learn(order, progress, token=claim.token)
        if after is not None and after.unwanted and after.status in ("dialling", "ringing"):
            await self._exchange.cancel(after.call)

    async def _found(self, order: Order) -> Progress | None:
        for progress in await self._exchange.find(order):
            if await self._book.load(progress.call) is None:
                return progress
        return None

    async def _not_found(self, claim: OrderClaim) -> None:
        order = claim.order
        assert order.dialled is not None  # noqa: S101  # else there is nothing to look for
        if self.now - order.dialled < SURE_AFTER:
            await self._book.change(order.id, token=claim.token, due=self.now + NEXT_LOOK)
        elif order.unwanted:
            await self._book.change(order.id, token=claim.token, status="canceled", ended=self.now)
        else:
            log.warning("order_not_placed", order=order.id)
            problem = "the carrier did not answer, and has no call of it; dialled again"
            await self._book.change(order.id, token=claim.token, due=self.now, dialled=None, problem=problem)

    async def _fail(self, claim: OrderClaim, problem: str) -> None:
        log.warning("order_failed", order=claim.order.id, problem=problem)
        await self._book.change(claim.order.id, token=claim.token, status="failed", ended=self.now, problem=problem)

    def _begin(self, work: Coroutine[Any, Any, None], claim: OrderClaim) -> None:
        self._start(work, claim.order.id)

    def _start(self, work: Coroutine[Any, Any, None], order: str) -> None:
        task = asyncio.create_task(self._watched(work, order), name=f"order {order}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watched(self, work: Coroutine[Any, Any, None], order: str) -> None:
        """Whatever was not finished is looked at again when the claim is over."""
        try:
            await work
        except LeaseLost:
            log.info("order_taken_over", order=order)
        except (StoreError, CarrierError) as error:
            log.warning("order_left", order=order, problem=str(error))
        self._news.set()


def _told(status: OrderStatus, sip: int | None) -> str:
    """Why a call did not come about, as far as the network says."""
    if sip is None or status not in ("busy", "no-answer", "failed", "canceled"):
        return ""
    meaning = SIP_MEANINGS.get(sip)
    return f"SIP {sip}" + (f": {meaning}" if meaning else "")
