"""Has a report made of every call that is over, by whichever process is alive then."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Self

import structlog

from phoneagent.errors import LeaseLost, ProviderError, StoreError
from phoneagent.ports import Observer, OrderBook, Store
from phoneagent.records import StoredCall
from phoneagent.report import EndOfCallReport, ReportClaim

from .analysis import OURS, WITHIN, Findings, analyse
from .end_of_call import NOTHING, end_of_call_report
from .equipped import EquippedAgent
from .price_book import PriceBook, prices_for

log = structlog.stdlib.get_logger(__name__)

EVERY = 5.0  # seconds between two looks, give or take a quarter; nobody waits for a report
SOONEST = 0.1  # seconds
LOOK = 60.0  # seconds after which a call that goes on is looked at again
AT_ONCE = 4  # reports of one process: of calls that all end together, those that talk shall not notice
CLAIMED = 3 * WITHIN  # seconds: a request that is late, its repair, and the store
AGAIN = (10.0, 60.0, 300.0)  # seconds until a model is asked anew that did not answer; then there is a report without
ENDING = 1.0  # seconds to give claims back when the process ends

Deliver = Callable[[EndOfCallReport], Awaitable[None]]


async def nobody(_: EndOfCallReport) -> None:
    """Who wants a report asks for it."""


class Reporter:
    """Use as an asynchronous context manager: inside it reports are made.

    `agents`: whose calls it can analyse; `prices`: of those that have none of their own; `carrier`: who is paid for the
    line. A report that is kept is given to `deliver`, again if that raises `StoreError` or the process dies over it.
    """

    def __init__(
        self,
        store: Store,
        orders: OrderBook,
        agents: Mapping[str, EquippedAgent],
        observer: Observer,
        *,
        prices: PriceBook,
        carrier: str = "",
        deliver: Deliver = nobody,
    ) -> None:
        self._store = store
        self._orders = orders
        self._agents = agents
        self._observer = observer
        self._prices = prices
        self._carrier = carrier
        self._deliver = deliver
        self._service: asyncio.Task[None] | None = None
        self._tasks: dict[asyncio.Task[None], ReportClaim] = {}
        self._away = False
        # By the loop's clock, as everything that waits; then nobody who lets it jump has to wait either.
        self._epoch = time.time() - asyncio.get_running_loop().time()

    async def __aenter__(self) -> Self:
        self._service = asyncio.create_task(self._serve(), name="reporter")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._service is not None:
            self._service.cancel()
            await asyncio.wait([self._service])
        unfinished = dict(self._tasks)
        for task in unfinished:
            task.cancel()
        if unfinished:
            await asyncio.wait(unfinished)
        try:
            async with asyncio.timeout(ENDING):
                for claim in unfinished.values():
                    await self._give_back(claim)
        except (TimeoutError, StoreError) as error:
            log.warning("reports_not_given_back", problem=str(error) or "no answer")

    @property
    def now(self) -> float:
        """Seconds since the epoch. The loop's clock stands still while a machine sleeps."""
        return max(time.time(), self._epoch + asyncio.get_running_loop().time())

    async def _serve(self) -> None:
        while True:
            pause = EVERY
            try:
                pause = await self._look()
                self._away = False
            except StoreError as error:
                if not self._away:
                    log.warning("reporter_hindered", problem=str(error))
                self._away = True
            except Exception:  # a defect with one call must not stop all others
                log.exception("reporter_failed")
            await asyncio.sleep(pause)

    async def _look(self) -> float:
        """Begin with what is due. How many seconds to wait for more; raises `StoreError`."""
        book = self._store.reports
        due = await book.next_due()
        if due is not None and due <= self.now and (room := AT_ONCE - len(self._tasks)) > 0:
            for claim in await book.claim(now=self.now, seconds=CLAIMED, most=room):
                task = asyncio.create_task(self._work(claim), name=f"report {claim.call}")
                self._tasks[task] = claim
                task.add_done_callback(self._tasks.pop)
            due = await book.next_due()
        usual = EVERY * random.uniform(0.75, 1.25)
        return usual if due is None or len(self._tasks) >= AT_ONCE else min(max(due - self.now, SOONEST), usual)

    async def _work(self, claim: ReportClaim) -> None:
        """What fails here is tried again when the claim runs out."""
        try:
            await self._report_on(claim)
        except LeaseLost:
            log.info("report_made_elsewhere", call=claim.call)
        except StoreError as error:
            log.warning("report_not_made", call=claim.call, problem=str(error))
        except Exception:
            log.exception("report_failed", call=claim.call)
            await self._leave(claim)

    async def _leave(self, claim: ReportClaim) -> None:
        """To somebody else, or, after a few defects, to nobody."""
        try:
            if not await self._again(claim):
                log.error("report_given_up", call=claim.call)
                await self._store.reports.done(claim.call, token=claim.token)
        except StoreError as error:
            log.warning("report_not_put_off", call=claim.call, problem=str(error))

    async def _again(self, claim: ReportClaim) -> bool:
        """Try it later. False: it was tried often enough."""
        if claim.failures >= len(AGAIN):
            return False
        due = self.now + AGAIN[claim.failures]
        await self._store.reports.put_off(claim.call, token=claim.token, due=due, failed=True)
        return True

    async def _give_back(self, claim: ReportClaim) -> None:
        with suppress(LeaseLost):  # it was finished, in the end
            await self._store.reports.put_off(claim.call, token=claim.token, due=self.now)

    async def _report_on(self, claim: ReportClaim) -> None:
        book = self._store.reports
        report = await book.load(claim.call)  # kept by somebody who died before it was delivered
        if report is None:
            stored = await self._store.load_call(claim.call)
            if stored is None:
                log.info("report_on_nothing", call=claim.call)  # it has expired
                await book.done(claim.call, token=claim.token)
                return
            if stored.record.ended is None:
                await book.put_off(claim.call, token=claim.token, due=self.now + LOOK)
                return
            report = await self._make(stored, claim)
            if report is None:
                return
            await book.keep(report, token=claim.token)
        self._tell(report)
        await self._deliver(report)
        await book.done(claim.call, token=claim.token)

    async def _make(self, stored: StoredCall, claim: ReportClaim) -> EndOfCallReport | None:
        """None: it is tried again later."""
        record = stored.record
        order = await self._orders.load(record.order) if record.order else None
        equipped = self._agents.get(record.agent)
        try:
            findings = await self._find(equipped, stored)
        except ProviderError as error:
            if await self._again(claim):
                log.warning("analysis_put_off", call=record.id, problem=str(error))
                return None
            findings = Findings(problems=(str(error) if error.provider == OURS else f"{OURS}: {error}",))
        prices = prices_for(equipped.agent.prices, self._prices) if equipped is not None else self._prices
        return end_of_call_report(stored, order, findings, prices, carrier=self._carrier, made=self.now)

    async def _find(self, equipped: EquippedAgent | None, stored: StoredCall) -> Findings:
        """Raises `ProviderError`, also for an agent that another process may know."""
        if equipped is None:
            raise ProviderError(OURS, f"this server has no agent {stored.record.agent!r}")
        rules = equipped.agent.analysis
        return NOTHING if rules is None else await analyse(rules, equipped.analysts, stored.turns)

    def _tell(self, report: EndOfCallReport) -> None:
        values = {
            "order": report.order,
            "success": report.success.result if report.success else None,
            "problems": list(report.problems),
        }
        self._observer.tell(report.call, report.duration, "analysed", values)
